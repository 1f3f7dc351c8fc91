//! What some work came to on one kernel generation.

use pfnlab_model::{Order, Snapshot};
use pfnlab_sim::index;
use serde::Serialize;

/// The order of a huge page on x86-64.
const HUGE: u8 = 9;

/// What some work came to on one kernel generation. Counts are of the whole machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Generation {
    /// Which one.
    pub profile: &'static str,
    /// Operations.
    pub ops: u64,
    /// Operations that the generation does not have.
    pub lacking: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Requests served from blocks of another migratetype (`mm_page_alloc_extfrag`).
    pub fallbacks: u64,
    /// Those after which the pageblock belonged to the type that asked.
    pub claimed: u64,
    /// At the end: pageblocks that hold a frame of another migratetype than their own.
    pub mixed_pageblocks: u64,
    /// At the end: frames on the free lists.
    pub free: u64,
    /// At the end: how many blocks of order 9 these could serve.
    pub free_huge: u64,
    /// At the end: the unusable free space index for order 9, in thousandths: the part of the
    /// free memory that lies in smaller blocks.
    pub unusable: u32,
    /// The first operation, from 0, that came to something else than on the generation before it
    /// in the table; `None`: none did, or it is the first, or operations are not compared.
    pub parts_at: Option<u64>,
    /// 16 hex digits over all outcomes and the final state.
    pub fingerprint: String,
}

/// How the free memory of a machine is cut up.
pub(super) struct FreeMemory {
    pub(super) frames: u64,
    pub(super) huge: u64,
    pub(super) unusable: u32,
}

impl FreeMemory {
    pub(super) fn of(snapshot: &Snapshot) -> FreeMemory {
        let mut blocks = [0; Order::COUNT];
        for zone in &snapshot.zones {
            let free = index::free_blocks(snapshot, zone);
            for (sum, count) in blocks.iter_mut().zip(free) {
                *sum += count;
            }
        }
        let huge = Order::new(HUGE).expect("there is an order 9");
        let from = |least: u8| -> u64 {
            let orders = (least..).zip(&blocks[usize::from(least)..]);
            orders.map(|(order, count)| count << (order - least)).sum()
        };
        FreeMemory {
            frames: from(0),
            huge: from(HUGE),
            unusable: index::unusable(&blocks, huge).0,
        }
    }
}
