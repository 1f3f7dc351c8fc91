//! Mixed pageblocks: those that hold what belongs elsewhere.

use std::collections::BTreeSet;

use pfnlab_mm::Mm;
use pfnlab_model::{Gfp, Inspect, MigrateType, Pfn, Ticket};
use pfnlab_sim::Driver;

/// How many pageblocks hold a frame that was asked for with another migratetype than the block's
/// own: what `/proc/pagetypeinfo` calls the number of mixed blocks. `asked` are the tickets, live or
/// not, each with the mask it was asked for with.
pub(crate) fn count(driver: &Driver<Mm>, asked: impl Iterator<Item = (Ticket, Gfp)>) -> u64 {
    let mm = driver.allocator();
    let order = mm.config().pageblock_order;
    let mut mixed: BTreeSet<Pfn> = BTreeSet::new();
    for (ticket, gfp) in asked {
        let Some(held) = driver.held(ticket) else {
            continue;
        };
        let (mut block, end) = (held.range().start().align_down(order), held.range().end());
        while block < end {
            if mm.pageblock_type(block) != mobility(gfp) {
                mixed.insert(block);
            }
            block = block.offset(order.frames());
        }
    }
    mixed.len() as u64
}

/// The migratetype a mask asks for (`gfp_migratetype`).
fn mobility(gfp: Gfp) -> MigrateType {
    if gfp.contains(Gfp::MOVABLE) {
        MigrateType::Movable
    } else if gfp.contains(Gfp::RECLAIMABLE) {
        MigrateType::Reclaimable
    } else {
        MigrateType::Unmovable
    }
}
