//! A look inside the allocator.

use pfnlab_model::*;

use crate::{Bug, FirstFit};

impl Inspect for FirstFit {
    fn zones(&self) -> Vec<ZoneId> {
        self.state.zones.iter().map(|zone| zone.id).collect()
    }

    fn zone_of(&self, pfn: Pfn) -> Option<ZoneId> {
        let z = self.zone_index(pfn)?;
        Some(self.state.zones[z].id)
    }

    fn pageblock_type(&self, pfn: Pfn) -> MigrateType {
        self.type_of(pfn)
    }

    fn free_pages(&self, zone: ZoneId) -> i64 {
        self.zone(zone).vm_stat[0]
    }

    fn pcp_count(&self, zone: ZoneId, cpu: CpuId) -> u32 {
        let count = self.zone(zone).pcp[cpu.index()].count;
        if self.is(Bug::MiscountsTheCache) {
            count * 2
        } else {
            count
        }
    }

    fn zone_flags(&self, zone: ZoneId) -> ZoneFlags {
        self.zone(zone).flags
    }

    fn boost(&self, zone: ZoneId) -> u64 {
        self.zone(zone).boost
    }

    fn free_blocks(&self, zone: ZoneId, order: Order) -> u64 {
        let lie = u64::from(self.is(Bug::MiscountsBlocks) && order == Order::new(2).unwrap());
        self.zone(zone).free_blocks(order) + lie
    }

    fn snapshot(&self) -> Snapshot {
        self.state.clone()
    }
}

impl FirstFit {
    /// A zone the allocator said it has.
    fn zone(&self, id: ZoneId) -> &ZoneState {
        self.state.zone(id).expect("one of its zones")
    }
}
