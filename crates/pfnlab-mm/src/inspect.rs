//! A look inside.

use alloc::vec::Vec;

use pfnlab_model::{
    CpuId, Inspect, MigrateType, Order, Pfn, Snapshot, ZoneFlags, ZoneId, ZoneStat,
};

use crate::Mm;
use crate::pcp::Pcp;

impl Inspect for Mm {
    fn zones(&self) -> Vec<ZoneId> {
        self.zones
            .iter()
            .filter(|zone| zone.is_populated())
            .map(|zone| zone.id)
            .collect()
    }

    fn zone_of(&self, pfn: Pfn) -> Option<ZoneId> {
        self.zone_map
            .zone_of(pfn)
            .map(|at| self.zones[at.index()].id)
    }

    fn pageblock_type(&self, pfn: Pfn) -> MigrateType {
        self.blocks.type_of(pfn)
    }

    fn free_pages(&self, zone: ZoneId) -> i64 {
        let stat = ZoneStat::FreePages.index();
        self.zone_by_id(zone).map_or(0, |zone| zone.vm_stat[stat])
    }

    fn pcp_count(&self, zone: ZoneId, cpu: CpuId) -> u32 {
        let pcps = self.zone_by_id(zone).map_or(&[][..], |zone| &zone.pcps);
        pcps.get(cpu.index()).map_or(0, Pcp::count)
    }

    fn zone_flags(&self, zone: ZoneId) -> ZoneFlags {
        self.zone_by_id(zone)
            .map_or(ZoneFlags::NONE, |zone| zone.flags)
    }

    fn boost(&self, zone: ZoneId) -> u64 {
        self.zone_by_id(zone).map_or(0, |zone| zone.boost)
    }

    fn free_blocks(&self, zone: ZoneId, order: Order) -> u64 {
        self.zone_by_id(zone)
            .map_or(0, |zone| zone.buddy.blocks_of(order))
    }

    fn each_free(&self, zone: ZoneId, tell: &mut dyn FnMut(Order, MigrateType, Pfn)) {
        let Some(zone) = self.zone_by_id(zone) else {
            return;
        };
        for order in Order::ZERO.through(self.config.top_order) {
            for mt in MigrateType::ALL {
                let blocks = zone.buddy.list(order, mt).iter(&zone.buddy.frames, order);
                blocks.for_each(|(block, _)| tell(order, mt, block.start()));
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        self.to_snapshot()
    }
}
