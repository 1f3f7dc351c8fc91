//! What compaction may do: it keeps to its zone, moves upward, and hands out what was wanted.

use pfnlab_model::{Block, CompactionEvent, Event, MemoryEvent, Pfn};

use super::impossible::{self, Why};
use super::{Ledger, Place};

impl Ledger {
    /// Enters what compaction says of itself.
    pub(super) fn compaction(&mut self, event: CompactionEvent) -> Result<(), Why> {
        impossible::check_names(&self.base, Event::Compaction(event))?;
        match event {
            CompactionEvent::Started { zone, order, .. } => self.compacting = Some((zone, order)),
            CompactionEvent::Ended { .. } => self.compacting = None,
            CompactionEvent::Captured { zone, block } => {
                let wanted = self.compacting == Some((zone, Some(block.order())));
                if !wanted || !self.holds_in_hand(block) {
                    return Err(Why::NotWanted(block));
                }
            }
            _ => {}
        }
        self.base.apply(Event::Compaction(event));
        Ok(())
    }

    /// What is moved while a zone is compacted stays in it, and goes up.
    pub(super) fn moved(&self, event: MemoryEvent) -> Result<(), Why> {
        let (Some((zone, _)), MemoryEvent::Migrated { from, to }) = (self.compacting, event) else {
            return Ok(());
        };
        let lies_in = |pfn: Pfn| self.place(pfn).map(|(_, place)| place.zone());
        let leaves = |block: Block| lies_in(block.start()).is_some_and(|there| there != zone);
        if leaves(from) || leaves(to) {
            return Err(Why::LeavesTheZone(from, to));
        }
        if to.start() <= from.start() {
            return Err(Why::MovesDown(from, to));
        }
        Ok(())
    }

    fn holds_in_hand(&self, block: Block) -> bool {
        let range = block.range();
        let inside = self.hand.ranges().iter();
        inside
            .map(|hand| hand.intersection(range).frames())
            .sum::<u64>()
            == range.frames()
            && !matches!(self.place(block.start()), Some((_, Place::Free { .. })))
    }
}
