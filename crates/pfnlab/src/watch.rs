//! What only events tell, counted.

use pfnlab_model::{Event, Observer, SlabEvent};

/// Counts what only events tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watch {
    /// Requests served from blocks of another migratetype (`mm_page_alloc_extfrag`).
    pub(crate) fell_back: u64,
    /// Those after which the pageblock belonged to the type that asked.
    pub(crate) claimed: u64,
    /// Slabs made.
    pub(crate) slabs: u64,
    /// Those of the least order, because none of the preferred one was to be had.
    pub(crate) slabs_fell_back: u64,
}

impl Observer for Watch {
    fn event(&mut self, event: Event) {
        match event {
            Event::FellBack { claimed, .. } => {
                self.fell_back += 1;
                self.claimed += u64::from(claimed);
            }
            Event::Slab(SlabEvent::Made { .. }) => self.slabs += 1,
            Event::Slab(SlabEvent::FellToMinimum { .. }) => self.slabs_fell_back += 1,
            _ => {}
        }
    }
}
