//! A range is isolated, all of it or nothing (`start_isolate_page_range`).

use alloc::vec::Vec;

use pfnlab_model::{
    Block, CpuId, Event, MemoryError, MemoryEvent, MigrateType, Observer, Pfn, PfnRange, Tenants,
    ZoneKind, runs,
};

use crate::Mm;
use crate::frames::State;

/// What a range is isolated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It goes offline.
    Offline,
    /// Somebody wants exactly it, and its pageblocks are of this type otherwise.
    Contiguous(MigrateType),
}

impl Purpose {
    /// What its pageblocks become when it is isolated no more, whatever they were before.
    pub(crate) fn type_after(self) -> MigrateType {
        match self {
            Purpose::Offline => MigrateType::Movable,
            Purpose::Contiguous(mt) => mt,
        }
    }
}

impl Mm {
    /// The pageblocks a range touches.
    pub(crate) fn hull(&self, range: PfnRange) -> PfnRange {
        let order = self.config.pageblock_order;
        let (start, end) = (range.start().align_down(order), range.end().align_up(order));
        PfnRange::new(start, end).expect("a range does not run backward")
    }

    /// The pageblocks of a range of whole ones, ascending.
    pub(crate) fn pageblocks_in(&self, range: PfnRange) -> impl Iterator<Item = Block> + use<> {
        let order = self.config.pageblock_order;
        let count = range.frames() >> order.get();
        (0..count).map(move |at| Block::containing(range.start().offset(at << order.get()), order))
    }

    /// Isolates the pageblocks a range of one zone touches.
    ///
    /// # Errors
    /// When something there cannot be moved, or somebody else has isolated some of it. None is
    /// isolated then, but blocks may be on other lists than before.
    pub(crate) fn isolate_range(
        &mut self,
        zone: usize,
        range: PfnRange,
        purpose: Purpose,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let rule = self.profile.isolation;
        let hull = self.hull(range);
        let mut order: Vec<Block> = self.pageblocks_in(hull).collect();
        if rule.takes_ends_first() && order.len() > 1 {
            let last = order.pop().expect("there are several");
            order.insert(1, last);
        }
        let mut done = Vec::new();
        for (at, &pageblock) in order.iter().enumerate() {
            let looked_at = match rule.takes_ends_first() {
                true => pageblock.range().intersection(range),
                false => pageblock.range(),
            };
            let busy = self
                .unmovable(zone, looked_at, purpose, tenants)
                .or_else(|| {
                    let (zone, blocks) = (&mut self.zones[zone], &mut self.blocks);
                    let isolated = zone.isolate_pageblock(pageblock, cpu, blocks, observer);
                    (!isolated).then_some(pageblock.start())
                });
            if let Some(at) = busy {
                self.undo(zone, &done, purpose.type_after(), cpu, observer);
                let refused = MemoryEvent::IsolationRefused { range, at };
                observer.event(Event::Memory(refused));
                return Err(MemoryError::Busy(at));
            }
            done.push(pageblock);
            if rule.drains_after_each() {
                self.drain_zone(zone, cpu, observer);
            }
            let ends = [(0, hull.start()), (order.len().min(2) - 1, hull.end())];
            for (_, boundary) in ends.into_iter().filter(|(end, _)| *end == at) {
                if let Err(at) = self.cut_at(zone, boundary, cpu, observer) {
                    self.undo(zone, &done, purpose.type_after(), cpu, observer);
                    let refused = MemoryEvent::IsolationRefused { range, at };
                    observer.event(Event::Memory(refused));
                    return Err(MemoryError::Busy(at));
                }
            }
        }
        observer.event(Event::Memory(MemoryEvent::RangeIsolated { range: hull }));
        if rule.drains() {
            self.drain_zone(zone, cpu, observer);
        }
        Ok(())
    }

    /// The pageblocks of a range are isolated no more (`undo_isolate_page_range`).
    pub(crate) fn unisolate_range(
        &mut self,
        zone: usize,
        range: PfnRange,
        purpose: Purpose,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        let hull = self.hull(range);
        let pageblocks: Vec<Block> = self.pageblocks_in(hull).collect();
        self.undo(zone, &pageblocks, purpose.type_after(), cpu, observer);
        observer.event(Event::Memory(MemoryEvent::IsolationUndone { range: hull }));
    }

    /// Makes sure that nothing is in use in an isolated range (`test_pages_isolated`).
    ///
    /// # Errors
    /// When something is: the first such frame.
    pub(crate) fn test_isolated(
        &mut self,
        zone: usize,
        range: PfnRange,
        observer: &mut impl Observer,
    ) -> Result<(), Pfn> {
        let gathers = self.profile.isolation.gathers_strays();
        let place = &mut self.zones[zone];
        let mut at = range.start();
        while at < range.end() {
            let Some((block, State::Free(list))) = place.buddy.frames.block_around(at) else {
                return Err(at);
            };
            if gathers && list != MigrateType::Isolate {
                // Its frames did not count as free either when they came there.
                let end = place.profile.moved_to.end();
                place.buddy.unlink(block, list, observer);
                place.buddy.link(block, MigrateType::Isolate, end, observer);
            }
            at = block.range().end();
        }
        Ok(())
    }

    fn undo(
        &mut self,
        zone: usize,
        pageblocks: &[Block],
        mt: MigrateType,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        let mut pageblocks = pageblocks.to_vec();
        pageblocks.sort_unstable();
        let zone = &mut self.zones[zone];
        for pageblock in pageblocks {
            zone.unisolate_pageblock(pageblock, mt, cpu, &mut self.blocks, observer);
        }
    }

    /// Cuts the free block that reaches across an end of the range; `Err`: what does is in use.
    fn cut_at(
        &mut self,
        zone: usize,
        boundary: Pfn,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), Pfn> {
        let zone = &mut self.zones[zone];
        let around = zone.buddy.frames.block_around(boundary);
        let across = around.filter(|(block, _)| block.start() < boundary);
        match across {
            None => Ok(()),
            Some((block, State::Free(_))) => {
                if self.profile.isolation.cuts_at_ends() {
                    zone.cut_free(block, boundary, cpu, &mut self.blocks, observer);
                }
                Ok(())
            }
            Some((block, _)) if self.profile.isolation.takes_ends_first() => Err(block.start()),
            Some(_) => Ok(()),
        }
    }

    /// The first frame of a part of a pageblock that cannot be moved (`has_unmovable_pages`).
    fn unmovable(
        &self,
        zone: usize,
        range: PfnRange,
        purpose: Purpose,
        tenants: &mut impl Tenants,
    ) -> Option<Pfn> {
        let (zone, rule) = (&self.zones[zone], self.profile.isolation);
        let mt = self.blocks.type_of(range.start());
        let for_area = purpose == Purpose::Contiguous(MigrateType::Cma);
        if rule.trusts(mt) || (mt == MigrateType::Cma && for_area) {
            return None;
        }
        if mt == MigrateType::Cma && rule.takes_ends_first() {
            return Some(range.start());
        }
        let any = rule.trusts_movable_zones() && zone.id.kind == ZoneKind::Movable;
        let mut at = range.start();
        while at < range.end() {
            match zone.buddy.frames.block_around(at) {
                Some((block, State::Lent)) => {
                    if !any && !tenants.can_move(block) {
                        return Some(at);
                    }
                    at = block.range().end();
                }
                Some((block, _)) => at = block.range().end(),
                None => {
                    if !self.can_move_page(zone.memory.as_slice(), at, tenants) {
                        return Some(at);
                    }
                    at = at.offset(1);
                }
            }
        }
        None
    }

    /// Whether a frame that was in use from the start can be moved: all such frames of its
    /// pageblock can be, or its tenant says so.
    pub(crate) fn can_move_page(
        &self,
        memory: &[PfnRange],
        pfn: Pfn,
        tenants: &mut impl Tenants,
    ) -> bool {
        let page = PfnRange::sized(pfn, 1);
        if runs::shared(memory, page) == 0 {
            return false;
        }
        let movable = self.blocks.movable(pfn);
        let all = movable > 0 && movable >= self.in_use(self.blocks.block_of(pfn));
        all || tenants.can_move(Block::page(pfn))
    }

    /// Frames of a pageblock that were in use from the start.
    fn in_use(&self, pageblock: Block) -> u64 {
        let Some(zone) = self.zone_map.zone_of(pageblock.start()) else {
            return pageblock.frames();
        };
        let frames = &self.zones[zone.index()].buddy.frames;
        let range = pageblock.range();
        let (mut at, mut used) = (range.start(), 0);
        while at < range.end() {
            match frames.block_around(at) {
                Some((block, _)) => at = block.range().end(),
                None => {
                    used += 1;
                    at = at.offset(1);
                }
            }
        }
        used
    }

    /// Empties the lists of every CPU in front of a zone (`drain_all_pages`).
    pub(crate) fn drain_zone(&mut self, zone: usize, cpu: CpuId, observer: &mut impl Observer) {
        let on_each = self.profile.isolation.drains();
        let zone = &mut self.zones[zone];
        for at in 0..zone.pcps.len() {
            let owner = CpuId(at as u16);
            if self.cpus[at].online {
                // Up to 5.0 each CPU does it itself.
                let by = if on_each { owner } else { cpu };
                zone.drain(owner, by, &mut self.blocks, observer);
            }
        }
    }
}
