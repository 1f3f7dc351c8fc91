//! Who has what the driver's tickets name, when memory comes, goes, is asked for by its place, or is
//! to be moved together or given up.

use pfnlab_clients::lru::ReclaimModel;
use pfnlab_model::{
    AllocError, Block, CpuId, FreeError, MemoryNotice, Observer, PageAllocator, Reclaim, Request,
    Shrink, Shrunk, Tenants, ZoneId,
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

/// Whoever asked for movable memory has it moved, and so has whoever put it on an LRU list; nobody
/// else. Pages on LRU lists are given up where requests wait. The allocator's clients are told of what
/// happens to memory, and their lists follow.
pub(crate) struct Holders<'a> {
    tickets: &'a mut Tickets,
    around: Option<&'a mut Around>,
    displaced: &'a mut Vec<Displaced>,
    /// How pages are given up; `None`: nobody waits, and nobody is asked.
    model: Option<ReclaimModel>,
    /// What was moved, from where to where and by which CPU, and is on no list there yet.
    unsettled: Vec<(Block, Block, CpuId)>,
    /// What the allocator did not take back when a batch was emptied.
    not_taken: Option<FreeError>,
}

impl<'a> Holders<'a> {
    /// The owners of live tickets.
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
            unsettled: Vec::new(),
            not_taken: None,
        }
    }

    /// What the allocator did not take back; `None`: it took everything.
    pub(crate) fn not_taken(&self) -> Option<FreeError> {
        self.not_taken
    }

    fn note(&mut self, taken: Result<(), FreeError>) {
        self.not_taken = self.not_taken.or(taken.err());
    }

    /// The owners of these pages lost them.
    fn lost(&mut self, pages: Vec<Block>) -> u64 {
        let mut frames = 0;
        for block in pages {
            if let Some((ticket, _)) = self.tickets.naming(block) {
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
        let Some((_, movable)) = self.tickets.naming(block) else {
            return false;
        };
        match &self.around {
            Some(around) if around.is_shared(block) => false,
            Some(around) if around.has_page(block) => around.lru().can_move(block),
            _ => movable,
        }
    }

    fn moved(&mut self, from: Block, to: Block, cpu: CpuId, _observer: &mut impl Observer) {
        if let Some((ticket, movable)) = self.tickets.naming(from) {
            let held = match self.tickets.take(ticket) {
                Some(Held::Compound(_)) => Held::Compound(to),
                _ => Held::Block(to),
            };
            match movable {
                true => self.tickets.put_movable(ticket, held),
                false => self.tickets.put(ticket, held),
            }
        }
        self.displaced.push(Displaced::Moved(from, to));
        self.unsettled.push((from, to, cpu));
    }

    fn settle(&mut self, memory: &mut impl PageAllocator, observer: &mut impl Observer) {
        for (from, to, cpu) in std::mem::take(&mut self.unsettled) {
            if let Some(around) = &mut self.around {
                let taken = around.page_moved((from, to), cpu, memory, observer);
                self.note(taken);
            }
        }
    }

    fn drain_batches(&mut self, memory: &mut impl PageAllocator, observer: &mut impl Observer) {
        if let Some(around) = &mut self.around {
            let taken = around.drain_batches(false, memory, observer);
            self.note(taken);
        }
    }

    fn disable_batches(&mut self, memory: &mut impl PageAllocator, observer: &mut impl Observer) {
        if let Some(around) = &mut self.around {
            let taken = around.drain_batches(true, memory, observer);
            self.note(taken);
        }
    }

    fn enable_batches(&mut self) {
        if let Some(around) = &mut self.around {
            around.enable_batches();
        }
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
    ) -> Shrunk {
        let (Some(model), Some(around)) = (self.model, &mut self.around) else {
            return Shrunk::default();
        };
        let owned = |block| self.tickets.naming(block).is_some();
        let (given_up, looked_at) = around.shrink(model, ask, owned, memory, observer);
        let frames = self.lost(given_up);
        Shrunk { looked_at, frames }
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
        let owned = |block| self.tickets.naming(block).is_some();
        let lost = around.kill(request.cpu, owned, memory, observer);
        self.lost(lost) > 0
    }
}
