//! Contiguous memory areas: reserved at first, then lent out as movable memory.

use pfnlab_model::{Block, CpuId, End, MigrateType, PfnRange};

use crate::Mm;
use crate::area::Area;

impl Mm {
    /// Gives the pageblocks of an area to the buddy, each of its own type
    /// (`cma_init_reserved_areas`, `init_cma_reserved_pageblock`). What of the area lies in no zone
    /// is left out.
    pub(super) fn release_contiguous(&mut self, area: PfnRange) {
        self.areas.push(Area::new(area));
        let boot_cpu = CpuId(0);
        let order = self.config.pageblock_order;
        let first = area.start().align_up(order).min(area.end());
        for at in 0..area.end().since(first) >> order.get() {
            let start = first.offset(at << order.get());
            let block = Block::containing(start, order);
            let Some(zone) = self.zone_map.zone_of(start) else {
                continue;
            };
            let zone = &mut self.zones[zone.index()];
            self.blocks.retype(block, MigrateType::Cma, &mut ());
            zone.free(block, End::Head, boot_cpu, &mut self.blocks, &mut ());
            zone.managed += block.frames();
            self.totalram += block.frames();
        }
    }
}
