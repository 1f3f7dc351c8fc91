//! `buddy-slab-allocator`: the buddy of the Axvisor family, 16-byte records in an array.

use buddy_slab_allocator::BuddyAllocator;

use super::region::Region;
use crate::{Kind, Machine, Peer};

const FRAME: usize = 4096;

/// `buddy-slab-allocator`'s page allocator, without its slabs.
pub struct BuddySlab(BuddyAllocator<FRAME>);

impl Peer for BuddySlab {
    const NAME: &'static str = "buddy-slab";
    const KIND: Kind = Kind::Buddy;
    const STEP: u64 = 4096;
    type Memory = Region;

    fn memory(machine: Machine) -> Region {
        Region::new(machine)
    }

    fn base(region: &mut Region) -> u64 {
        region.base()
    }

    fn boot(region: &mut Region) -> BuddySlab {
        let mut buddy = BuddyAllocator::new();
        // SAFETY: the caller keeps the region until the allocator is gone, and nobody else uses it.
        #[expect(unsafe_code, reason = "the only way to initialise it")]
        unsafe { buddy.init(region.bytes()) }.expect("the region is large enough");
        BuddySlab(buddy)
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        // Blocks are aligned within its memory, not within the address space.
        let start = self.0.alloc_pages(1 << order, FRAME).ok()?;
        Some(start as u64)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        self.0.dealloc_pages(start as usize, 1 << order);
    }
}
