//! The order of a free list is changed from outside, for those who want to see every order.

use pfnlab_model::{Block, End, Observer};

use crate::Mm;

impl Mm {
    /// Brings a free block to the head of its list, where the next request of its order and
    /// migratetype finds it. `false`: it is not free as a whole; nothing happened.
    ///
    /// Kernels do this only where they shuffle their lists (`CONFIG_SHUFFLE_PAGE_ALLOCATOR`), and
    /// then at random.
    pub fn bring_to_head(&mut self, block: Block, observer: &mut impl Observer) -> bool {
        let Ok(zone) = self.zone_of_block(block) else {
            return false;
        };
        let buddy = &mut self.zones[zone].buddy;
        let Some(mt) = buddy.frames.free_type(block) else {
            return false;
        };
        buddy.unlink(block, mt, observer);
        buddy.link(block, mt, End::Head, observer);
        true
    }
}
