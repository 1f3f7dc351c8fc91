//! Memory comes and goes: the books of what an allocator has grow and shrink.

use pfnlab_model::{Event, MemoryEvent, PfnRange, ZoneId};

use super::zone::ZoneBooks;
use super::{Ledger, Why, impossible};

impl Ledger {
    pub(super) fn memory(&mut self, event: MemoryEvent) -> Result<(), Why> {
        impossible::check_memory(&self.base, event)?;
        match event {
            MemoryEvent::Released { zone, range } => self.come(zone, range)?,
            MemoryEvent::Yielded { zone, block } => self.come(zone, block.range())?,
            MemoryEvent::Kept { zone, block } => self.go(zone, block.range())?,
            // Memory that nobody ever released goes as it came.
            MemoryEvent::Left { zone, range } if !self.hand.ranges().is_empty() => {
                self.go(zone, range)?;
            }
            MemoryEvent::Left { range, .. } => {
                if let Some((block, place)) = self.blocks_in(range).next() {
                    return Err(Why::Overlaps(block, block, place));
                }
            }
            _ => {}
        }
        self.base.apply(Event::Memory(event));
        match event {
            MemoryEvent::ListsMade { zone } | MemoryEvent::ListsGone { zone } => {
                let at = self.at(zone)?;
                let mut state = self.base.zones[at].clone();
                let ZoneBooks { pcps, .. } = ZoneBooks::take_over(&mut state);
                self.zones[at].pcps = pcps;
            }
            _ => {}
        }
        Ok(())
    }

    /// Frames that were nobody's come in hand, and belong to a zone's balance.
    fn come(&mut self, zone: ZoneId, range: PfnRange) -> Result<(), Why> {
        let at = self.at(zone)?;
        if let Some((block, place)) = self.blocks_in(range).next() {
            return Err(Why::Overlaps(block, block, place));
        }
        self.hand.put(range).map_err(Why::Twice)?;
        self.zones[at].start_frames += range.frames();
        Ok(())
    }

    /// Frames in hand are nobody's from now on.
    fn go(&mut self, zone: ZoneId, range: PfnRange) -> Result<(), Why> {
        let at = self.at(zone)?;
        if !self.hand.take(range) {
            return Err(Why::Dropped(range));
        }
        self.zones[at].start_frames -= range.frames();
        Ok(())
    }
}
