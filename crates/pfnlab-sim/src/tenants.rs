//! Who has what the driver's tickets name, when memory comes, goes, is asked for by its place, or is
//! to be moved together or given up.

use pfnlab_clients::lru::ReclaimModel;
use pfnlab_model::{
    AllocError, Block, CpuId, MemoryNotice, Observer, PageAllocator, Reclaim, Request, Shrink,
    Tenants, ZoneId,
};

use crate::tickets::Tickets;
use crate::{Around, Held};

/// What an operation did to a block it did not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Displaced {
    /// What was in the first is in the second now.
    Moved(Block, Block),
    /// Its owner lost it: it was reclaimed.
    GivenUp(Block),
}

/// Whoever asked for movable memory has it moved; nobody else. Pages on LRU lists are given up where
/// requests wait. The allocator's clients are told of what happens to memory; what else they have is
/// not moved.
pub(crate) struct Holders<'a> {
    tickets: &'a mut Tickets,
    around: Option<&'a mut Around>,
    displaced: &'a mut Vec<Displaced>,
    /// How pages are given up; `None`: nobody waits, and nobody is asked.
    model: Option<ReclaimModel>,
}

impl<'a> Holders<'a> {
    /// Those of these tickets. What is moved and what is given up is noted.
    pub(crate) fn new(
        tickets: &'a mut Tickets,
        around: Option<&'a mut Around>,
        displaced: &'a mut Vec<Displaced>,
        model: Option<ReclaimModel>,
    ) -> Holders<'a> {
        tickets.index();
        Holders {
            tickets,
            around,
            displaced,
            model,
        }
    }

    /// The owners of these pages lost them.
    fn lost(&mut self, pages: Vec<Block>) -> u64 {
        let mut frames = 0;
        for block in pages {
            if let Some(ticket) = self.tickets.movable_at(block) {
                self.tickets.take(ticket);
            }
            frames += block.frames();
            self.displaced.push(Displaced::GivenUp(block));
        }
        frames
    }
}

impl Tenants for Holders<'_> {
    fn notify(
        &mut self,
        notice: MemoryNotice,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), AllocError> {
        match &mut self.around {
            Some(around) => around.memory_comes_or_goes(notice, cpu, memory, observer),
            None => Ok(()),
        }
    }

    fn can_move(&self, block: Block) -> bool {
        let at_rest = match &self.around {
            Some(around) if around.has_page(block) => around.lru().can_move(block),
            _ => true,
        };
        at_rest && self.tickets.movable_at(block).is_some()
    }

    fn moved(&mut self, from: Block, to: Block, observer: &mut impl Observer) {
        if let Some(ticket) = self.tickets.movable_at(from) {
            let held = match self.tickets.take(ticket) {
                Some(Held::Compound(_)) => Held::Compound(to),
                _ => Held::Block(to),
            };
            self.tickets.put_movable(ticket, held);
        }
        if let Some(around) = &mut self.around {
            around.page_moved(from, to, observer);
        }
        self.displaced.push(Displaced::Moved(from, to));
    }
}

impl Reclaim for Holders<'_> {
    fn is_there(&self) -> bool {
        self.model.is_some()
    }

    fn shrink(
        &mut self,
        ask: Shrink,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> u64 {
        let (Some(model), Some(around)) = (self.model, &mut self.around) else {
            return 0;
        };
        let tickets = &*self.tickets;
        let may = |block| tickets.movable_at(block).is_some();
        let given_up = around.lru_mut().shrink(model, ask, may, memory, observer);
        self.lost(given_up)
    }

    fn reclaimable(&self, zone: ZoneId) -> u64 {
        match (self.model, &self.around) {
            (Some(model), Some(around)) => around.lru().reclaimable(model, zone),
            _ => 0,
        }
    }

    fn kill(
        &mut self,
        request: &Request,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> bool {
        let Some(around) = self.around.as_mut().filter(|_| self.model.is_some()) else {
            return false;
        };
        let tickets = &*self.tickets;
        let may = |block| tickets.movable_at(block).is_some();
        let lost = around.lru_mut().kill(request.cpu, may, memory, observer);
        self.lost(lost) > 0
    }
}
