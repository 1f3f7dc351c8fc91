//! What the text says beside the record.

use alloc::string::String;

use pfnlab_model::{MigrateType, Order, Pfn, Snapshot};

/// What is known of a page beside its record.
pub trait PageFacts {
    /// The order of the free block a frame begins, if it does (`PageBuddy`).
    fn free_block(&self, pfn: Pfn) -> Option<Order>;
    /// The type of the pageblock a frame is in.
    fn block_type(&self, pfn: Pfn) -> MigrateType;
    /// The order of pageblocks.
    fn pageblock_order(&self) -> Order;
    /// Whether pages are grouped by type; if not, every page counts as unmovable.
    fn grouped(&self) -> bool;
    /// The page's flags as the kernel prints them: up to 5.0 `0x…(names)`, later `%pGp`.
    fn flags(&self, pfn: Pfn) -> String;
}

/// These as a snapshot has them. It knows no flags of pages but their node and zone.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotFacts<'a>(pub &'a Snapshot);

impl PageFacts for SnapshotFacts<'_> {
    fn free_block(&self, pfn: Pfn) -> Option<Order> {
        let lists = self.0.zones.iter().flat_map(|zone| &zone.free_lists);
        let mut lists = lists.filter(|list| list.pfns.contains(&pfn));
        lists.next().map(|list| list.order)
    }

    fn block_type(&self, pfn: Pfn) -> MigrateType {
        let order = self.0.global.pageblock_order;
        let found = self.0.zones.iter().find_map(|zone| {
            let blocks = zone.pageblocks.as_ref()?;
            let offset = pfn.get().checked_sub(blocks.first.get())?;
            *blocks
                .types
                .get(usize::try_from(offset / order.frames()).ok()?)?
        });
        found.unwrap_or(MigrateType::Movable)
    }

    fn pageblock_order(&self) -> Order {
        self.0.global.pageblock_order
    }

    fn grouped(&self) -> bool {
        !self.0.global.mobility_disabled
    }

    fn flags(&self, _: Pfn) -> String {
        String::from("0x0()")
    }
}
