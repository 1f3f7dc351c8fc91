//! Entering events: out of one place, into hand, into another.

use pfnlab_model::{Block, CpuId, End, Event, MigrateType, PfnRange, ZoneId, ZoneState};

use super::{Entry, Ledger, Place, Why, impossible};

impl Ledger {
    /// Enters an event, unless it does not follow from the books.
    pub(super) fn enter(&mut self, event: Event) -> Result<(), Why> {
        match event {
            Event::Linked {
                zone,
                block,
                mt,
                end,
            } => self.link(zone, block, mt, end),
            Event::Unlinked { zone, block, mt } => self.unlink(zone, block, mt),
            Event::Guarded { zone, block } => self.guard(zone, block),
            Event::Unguarded { zone, block } => self.unguard(zone, block),
            Event::PcpLinked {
                zone,
                cpu,
                list,
                block,
                noted,
                end,
            } => self.pcp_link(zone, cpu, list, block, noted, end),
            Event::PcpUnlinked {
                zone,
                cpu,
                list,
                block,
                end,
            } => self.pcp_unlink(zone, cpu, list, block, end),
            Event::Lent { zone, block } => {
                self.settle(block);
                self.lend(zone, block)
            }
            Event::Returned { zone, block } => {
                self.settle(block);
                self.take_back(zone, block)
            }
            Event::LentSplit { zone, block } => {
                self.take_back(zone, block)?;
                let frames = (0..block.frames()).map(|frame| block.start().offset(frame));
                frames
                    .map(Block::page)
                    .try_for_each(|page| self.lend(zone, page))
            }
            Event::Retyped { block, mt } => self.retype(block, mt),
            Event::Memory(event) => {
                self.moved(event)?;
                self.memory(event)
            }
            Event::Compaction(event) => self.compaction(event),
            number => {
                impossible::check_names(&self.base, number)?;
                self.base.apply(number);
                if let Event::ThresholdSet {
                    zone, threshold, ..
                } = number
                {
                    let at = self.at(zone)?;
                    let widest = &mut self.zones[at].widest_threshold;
                    *widest = threshold.max(*widest);
                }
                Ok(())
            }
        }
    }

    pub(super) fn link(
        &mut self,
        zone: ZoneId,
        block: Block,
        mt: MigrateType,
        end: End,
    ) -> Result<(), Why> {
        let at = self.at(zone)?;
        self.put(block, Place::Free { zone, mt })?;
        let rank = self.zones[at].link(block, mt, end);
        if let Some(entry) = self.places.get_mut(&block.start()) {
            entry.rank = rank;
        }
        Ok(())
    }

    fn unlink(&mut self, zone: ZoneId, block: Block, mt: MigrateType) -> Result<(), Why> {
        let at = self.at(zone)?;
        let entry = self.take(block, Place::Free { zone, mt })?;
        self.zones[at].unlink(block, mt, entry.rank);
        Ok(())
    }

    pub(super) fn pcp_link(
        &mut self,
        zone: ZoneId,
        cpu: CpuId,
        list: u8,
        block: Block,
        noted: Option<MigrateType>,
        end: End,
    ) -> Result<(), Why> {
        let at = self.at(zone)?;
        if self.zones[at].pcp(cpu).is_none() {
            return Err(Why::NoCpu(zone, cpu));
        }
        self.put(block, Place::Pcp { zone, cpu, list })?;
        let pcp = self.zones[at].pcp_mut(cpu).ok_or(Why::NoCpu(zone, cpu))?;
        pcp.link(list, block, noted, end);
        Ok(())
    }

    fn pcp_unlink(
        &mut self,
        zone: ZoneId,
        cpu: CpuId,
        list: u8,
        block: Block,
        end: End,
    ) -> Result<(), Why> {
        let at = self.at(zone)?;
        self.take(block, Place::Pcp { zone, cpu, list })?;
        let pcp = self.zones[at].pcp_mut(cpu).ok_or(Why::NoCpu(zone, cpu))?;
        if pcp.unlink(list, block, end) {
            Ok(())
        } else {
            Err(Why::NotAtEnd(block, end))
        }
    }

    pub(super) fn guard(&mut self, zone: ZoneId, block: Block) -> Result<(), Why> {
        let at = self.at(zone)?;
        self.put(block, Place::Guard { zone })?;
        self.zones[at].guard_frames += block.frames();
        Ok(())
    }

    fn unguard(&mut self, zone: ZoneId, block: Block) -> Result<(), Why> {
        let at = self.at(zone)?;
        self.take(block, Place::Guard { zone })?;
        self.zones[at].guard_frames -= block.frames();
        Ok(())
    }

    pub(super) fn lend(&mut self, zone: ZoneId, block: Block) -> Result<(), Why> {
        let at = self.at(zone)?;
        self.put(block, Place::Lent { zone })?;
        self.zones[at].lent_frames += block.frames();
        Ok(())
    }

    fn take_back(&mut self, zone: ZoneId, block: Block) -> Result<(), Why> {
        let at = self.at(zone)?;
        self.take(block, Place::Lent { zone })?;
        self.zones[at].lent_frames -= block.frames();
        Ok(())
    }

    /// Out of hand, into a place.
    fn put(&mut self, block: Block, place: Place) -> Result<(), Why> {
        if block.order() > self.base.global.top_order {
            return Err(Why::AboveTop(block));
        }
        if !self
            .base
            .zone(place.zone())
            .is_some_and(|zone| contains(zone, block.range()))
        {
            return Err(Why::OutsideZone(block, place.zone()));
        }
        if !self.hand.take(block.range()) {
            return Err(match self.overlapping(block) {
                Some((other, place)) => Why::Overlaps(block, other, place),
                None => Why::NotInHand(block),
            });
        }
        let order = block.order();
        self.places.insert(
            block.start(),
            Entry {
                order,
                place,
                rank: 0,
            },
        );
        Ok(())
    }

    /// Out of a place, into hand.
    fn take(&mut self, block: Block, place: Place) -> Result<Entry, Why> {
        match self.places.get(&block.start()) {
            Some(entry) if entry.order == block.order() && entry.place == place => {}
            _ => return Err(Why::NotThere(block, place, self.overlapping(block))),
        }
        let entry = self.places.remove(&block.start());
        self.hand.put(block.range()).map_err(Why::Twice)?;
        entry.ok_or(Why::NotThere(block, place, None))
    }

    /// A block that is somewhere and has a frame of this one.
    pub(super) fn overlapping(&self, block: Block) -> Option<(Block, Place)> {
        let inside = self.places.range(block.start()..block.range().end()).next();
        let inside = inside.map(|(&start, _)| start).unwrap_or(block.start());
        self.place(inside)
    }

    /// Something was lent from this block's pageblocks, or returned to them.
    fn settle(&mut self, block: Block) {
        if self.unsettled.is_empty() {
            return;
        }
        let first = block.start().align_down(self.base.global.pageblock_order);
        let touched: Vec<_> = self
            .unsettled
            .range(first..block.range().end())
            .copied()
            .collect();
        for start in touched {
            self.unsettled.remove(&start);
        }
    }

    fn retype(&mut self, block: Block, mt: MigrateType) -> Result<(), Why> {
        if block.order() != self.base.global.pageblock_order {
            return Err(Why::NoPageblock(block));
        }
        let Some(before) = self.pageblock_type(block.start()) else {
            return Err(Why::NoPageblock(block));
        };
        if before != mt && !(before.is_ordinary() && mt.is_ordinary()) {
            self.unsettled.insert(block.start());
        }
        self.base.apply(Event::Retyped { block, mt });
        Ok(())
    }
}

/// Whether all of these frames lie where the zone has memory, or in its span if that is not known.
fn contains(zone: &ZoneState, range: PfnRange) -> bool {
    let inside = |memory: &PfnRange| memory.intersection(range).frames();
    match zone.memory.as_slice() {
        [] => PfnRange::sized(zone.start, zone.spanned).covers(range),
        memory => {
            let first = memory.partition_point(|memory| memory.end() <= range.start());
            let near = memory[first..]
                .iter()
                .take_while(|memory| memory.start() < range.end());
            near.map(inside).sum::<u64>() == range.frames()
        }
    }
}
