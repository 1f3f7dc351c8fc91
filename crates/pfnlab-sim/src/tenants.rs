//! Who has what the driver's tickets name, when memory comes, goes, or is asked for by its place.

use std::collections::BTreeMap;

use pfnlab_model::{
    AllocError, Block, CpuId, MemoryNotice, Observer, PageAllocator, Pfn, Tenants, Ticket,
};

use crate::tickets::Tickets;
use crate::{Around, Held};

/// Whoever asked for movable memory has it moved; nobody else. The allocator's clients are told of
/// what happens to memory, and what they have is not moved.
pub(crate) struct Holders<'a> {
    tickets: &'a mut Tickets,
    by_frame: BTreeMap<Pfn, Ticket>,
    around: Option<&'a mut Around>,
    moved: &'a mut Vec<(Block, Block)>,
}

impl<'a> Holders<'a> {
    /// Those of these tickets. What is moved is noted.
    pub(crate) fn new(
        tickets: &'a mut Tickets,
        around: Option<&'a mut Around>,
        moved: &'a mut Vec<(Block, Block)>,
    ) -> Holders<'a> {
        let movable = tickets.movable();
        let by_frame = movable.map(|(ticket, held)| (held.range().start(), ticket));
        let by_frame = by_frame.collect();
        Holders {
            tickets,
            by_frame,
            around,
            moved,
        }
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
        let known = self.around.as_ref();
        let with_client = known.is_some_and(|around| around.has_page(block));
        let held = self.by_frame.get(&block.start());
        let held = held.and_then(|&ticket| self.tickets.get(ticket));
        held.is_some_and(|held| held.range() == block.range()) && !with_client
    }

    fn moved(&mut self, from: Block, to: Block) {
        if let Some(ticket) = self.by_frame.remove(&from.start()) {
            let held = match self.tickets.take(ticket) {
                Some(Held::Compound(_)) => Held::Compound(to),
                _ => Held::Block(to),
            };
            self.tickets.put_movable(ticket, held);
            self.by_frame.insert(to.start(), ticket);
        }
        self.moved.push((from, to));
    }
}
