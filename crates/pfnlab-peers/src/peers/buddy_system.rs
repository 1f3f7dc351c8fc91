//! `buddy_system_allocator`: free blocks in a `BTreeSet` per order.

use buddy_system_allocator::FrameAllocator;

use crate::{Kind, Machine, Peer};

/// `buddy_system_allocator`'s `FrameAllocator`, with Linux's eleven orders.
pub struct BuddySystem(FrameAllocator<11>);

impl Peer for BuddySystem {
    const NAME: &'static str = "buddy_system";
    const KIND: Kind = Kind::Buddy;
    type Memory = Machine;

    fn memory(machine: Machine) -> Machine {
        machine
    }

    fn boot(machine: &mut Machine) -> BuddySystem {
        let mut buddy = FrameAllocator::new();
        buddy.add_frame(0, machine.frames() as usize);
        BuddySystem(buddy)
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        self.0.alloc(1 << order).map(|start| start as u64)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        self.0.dealloc(start as usize, 1 << order);
    }
}
