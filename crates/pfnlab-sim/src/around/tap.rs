//! What goes between the allocator and its clients.

use pfnlab_model::{
    AllocError, Block, Capability, CpuId, FreeError, Inspect, Observer, PageAllocator, Pfn, Request,
};

/// A block that went between the allocator and a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The client got it.
    Got(Block),
    /// The client gave it back.
    Gave(Block),
}

/// The allocator as its clients see it; what they get and give back is written down.
pub(super) struct Tap<'a, A>(pub(super) &'a mut A, pub(super) &'a mut Vec<Move>);

impl<A: PageAllocator> PageAllocator for Tap<'_, A> {
    fn alloc(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let anywhere = request.node.is_none() || self.0.offers(Capability::Zones);
        let request = Request {
            node: request.node.filter(|_| anywhere),
            ..*request
        };
        let block = self.0.alloc(&request, observer)?;
        self.1.push(Move::Got(block));
        Ok(block)
    }

    fn free(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.0.free(block, cpu, observer)?;
        self.1.push(Move::Gave(block));
        Ok(())
    }

    fn offers(&self, what: Capability) -> bool {
        matches!(what, Capability::Exact | Capability::Zones) && self.0.offers(what)
    }

    fn exact(
        &mut self,
        request: &Request,
        frames: u32,
        observer: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        let start = self.0.exact(request, frames, observer)?;
        let pages = (0..u64::from(frames)).map(|frame| Block::page(start.offset(frame)));
        self.1.extend(pages.map(Move::Got));
        Ok(start)
    }

    fn set_listed(&mut self, page: Block, listed: bool) {
        self.0.set_listed(page, listed);
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.0.inspect()
    }
}
