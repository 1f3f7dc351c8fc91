//! Runs of frames of any length (`alloc_pages_exact`).

use pfnlab_model::{AllocError, Block, End, Observer, Order, PageAllocator, Pfn, Request};

use crate::Mm;
use crate::freeing::Placement;
use crate::profile::{Policy, Told, told};

/// Where the frames go that a run is shorter than the block it is cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surplus {
    /// To the CPU's lists, like any other frame (up to 5.0).
    Freed,
    /// To the tails of the buddy's lists (since 6.1).
    Tail,
}

impl Policy for Surplus {
    const DECIDES: &'static str = "where the frames go that a run does not need";

    fn told(self) -> Told {
        match self {
            Surplus::Freed => told(
                "to the CPU's lists, like any other frame",
                "~make_alloc_exact",
            ),
            Surplus::Tail => told(
                "to the tails of the buddy's lists",
                "~make_alloc_exact, FPI_TO_TAIL",
            ),
        }
    }
}

impl Mm {
    /// Takes the block that is large enough, and gives back what is too much frame by frame.
    ///
    /// # Errors
    /// When there is no such block.
    pub(crate) fn alloc_exact(
        &mut self,
        request: &Request,
        frames: u32,
        observer: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        let order = Order::covering(u64::from(frames)).ok_or(AllocError::TooLarge(Order::MAX))?;
        let request = Request { order, ..*request };
        let block = self.alloc(&request, observer)?;
        let zone = self
            .zone_of_block(block)
            .expect("what was lent is in a zone");
        let zone = &mut self.zones[zone];
        zone.split_lent(block, observer)
            .expect("it was lent just now");
        for surplus in u64::from(frames)..block.frames() {
            let page = Block::page(block.start().offset(surplus));
            zone.take_back(page, observer)
                .expect("it was lent just now");
            let (cpu, blocks) = (request.cpu, &mut self.blocks);
            match self.profile.surplus {
                Surplus::Freed => zone.free(page, End::Head, cpu, blocks, observer),
                Surplus::Tail => {
                    zone.free_to_buddy(page, Placement::Tail, cpu, blocks, observer);
                }
            }
        }
        Ok(block.start())
    }
}
