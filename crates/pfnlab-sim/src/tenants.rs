//! Who has what the driver's tickets name, when memory comes, goes, or is asked for by its place.

use std::collections::BTreeMap;

use pfnlab_model::{
    AllocError, Block, CpuId, FreeError, MemoryNotice, Observer, PageAllocator, Pfn, Tenants,
    Ticket,
};

use crate::tickets::Tickets;
use crate::{Around, Held};

/// Whoever asked for movable memory has it moved, and so has whoever put it on an LRU list; nobody
/// else. The allocator's clients are told of what happens to memory, and their lists follow.
pub(crate) struct Holders<'a> {
    tickets: &'a mut Tickets,
    by_frame: BTreeMap<Pfn, (Ticket, Mobility)>,
    around: Option<&'a mut Around>,
    moved: &'a mut Vec<(Block, Block)>,
    /// What the allocator did not take back when a batch was emptied.
    not_taken: Option<FreeError>,
}

/// Why something can be moved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mobility {
    /// It was asked for as movable memory.
    Asked,
    /// It is on an LRU list.
    Listed,
}

impl<'a> Holders<'a> {
    /// Those of these tickets. What is moved is noted.
    pub(crate) fn new(
        tickets: &'a mut Tickets,
        around: Option<&'a mut Around>,
        moved: &'a mut Vec<(Block, Block)>,
    ) -> Holders<'a> {
        let mut by_frame = BTreeMap::new();
        if let Some(around) = &around {
            let listed = tickets.iter().filter(|(_, held)| match held {
                Held::Block(block) | Held::Compound(block) => around.has_page(*block),
                Held::Run(_) => false,
            });
            let listed =
                listed.map(|(ticket, held)| (held.range().start(), (ticket, Mobility::Listed)));
            by_frame.extend(listed);
        }
        let asked = tickets.movable();
        let asked = asked.map(|(ticket, held)| (held.range().start(), (ticket, Mobility::Asked)));
        by_frame.extend(asked);
        Holders {
            tickets,
            by_frame,
            around,
            moved,
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
        let Some(&(ticket, _)) = self.by_frame.get(&block.start()) else {
            return false;
        };
        let held = self.tickets.get(ticket);
        let whole = held.is_some_and(|held| held.range() == block.range());
        let around = self.around.as_ref();
        if around.is_some_and(|around| around.is_shared(block)) {
            return false;
        }
        let page = around.filter(|around| around.has_page(block));
        whole && page.is_none_or(|around| around.lru().can_move(block))
    }

    fn moved(
        &mut self,
        from: Block,
        to: Block,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        if let Some((ticket, mobility)) = self.by_frame.remove(&from.start()) {
            let held = match self.tickets.take(ticket) {
                Some(Held::Compound(_)) => Held::Compound(to),
                _ => Held::Block(to),
            };
            match mobility {
                Mobility::Asked => self.tickets.put_movable(ticket, held),
                Mobility::Listed => self.tickets.put(ticket, held),
            }
            self.by_frame.insert(to.start(), (ticket, mobility));
        }
        self.moved.push((from, to));
        if let Some(around) = &mut self.around {
            let taken = around.page_moved((from, to), cpu, memory, observer);
            self.note(taken);
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
