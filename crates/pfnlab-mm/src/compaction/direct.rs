//! Compaction for a request that waits for it (`try_to_compact_pages`).

use pfnlab_model::{Block, CompactResult, Event, Gfp, MemoryEvent, Observer, Order, Tenants};

use super::Capture;
use super::run::{Mode, Run};
use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::walk::Asked;
use crate::zonelist::Place;

/// How much is done for it, the most first (`enum compact_priority`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Every pageblock is looked through.
    SyncFull,
    /// Pageblocks with nothing to be had are passed over.
    SyncLight,
    /// And nothing waits for anything.
    Async,
}

impl Mm {
    /// Compacts the zones the request may come from, until a block can be had in one. Where one is handed
    /// over at once, it is his.
    pub(crate) fn compact_zones(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        priority: Priority,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> (Option<Block>, CompactResult) {
        let (gfp, order) = (asked.request.gfp, asked.request.order);
        let rule = self.profile.compaction;
        let may = match rule.tests_low_mark() {
            true => gfp.contains(Gfp::IO | Gfp::FS),
            false => gfp.contains(Gfp::IO),
        };
        let mut best = CompactResult::Skipped;
        let mut captured = None;
        if !may {
            return (captured, best);
        }
        let pageblock = self.config.pageblock_order;
        let mut from = 0;
        while let Some(place) = self
            .zonelist(asked.list)
            .next(from, asked.highest, asked.nodes)
        {
            from = place.at + 1;
            let at = place.zone.zone.index();
            let zone = &mut self.zones[at];
            let by_zone = rule.has_async_position();
            if by_zone
                && priority > Priority::SyncFull
                && zone.is_put_off(order, pageblock, observer)
            {
                best = best.max(CompactResult::Deferred);
                continue;
            }
            let mode = match priority {
                Priority::Async => Mode::Async,
                _ => Mode::Sync,
            };
            let everything = by_zone && priority == Priority::SyncFull;
            let mut run = Run {
                mt: asked.mt,
                flags,
                highest: asked.highest,
                direct: true,
                whole: everything,
                heedless: everything,
                anywhere: everything,
                ..Run::new(Some(order), mode, asked.request.cpu)
            };
            self.zones[at].capture = rule.captures().then_some(Capture {
                order,
                mt: asked.mt,
                got: None,
            });
            let result = self.compact_zone(at, &mut run, tenants, observer);
            let zone = &mut self.zones[at];
            captured = zone.capture.take().and_then(|capture| capture.got);
            best = best.max(result);
            match result {
                CompactResult::Success if by_zone => {
                    zone.compaction_succeeded(order, false, pageblock, observer);
                    break;
                }
                CompactResult::Success => break,
                CompactResult::Complete | CompactResult::PartialSkipped
                    if by_zone && mode == Mode::Sync =>
                {
                    zone.compaction_failed(order, pageblock, observer);
                }
                _ => {}
            }
        }
        (captured, best)
    }

    /// Compacts, then asks the zones again (`__alloc_pages_direct_compact`).
    pub(crate) fn after_compaction(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        priority: Priority,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> (Option<Block>, CompactResult) {
        let order = asked.request.order;
        if order == Order::ZERO {
            return (None, CompactResult::Skipped);
        }
        let (captured, result) = self.compact_zones(asked, flags, priority, tenants, observer);
        let least = match self.profile.compaction.counts_deferred() {
            true => CompactResult::Deferred,
            false => CompactResult::Continue,
        };
        if result < least {
            return (None, result);
        }
        let found = captured.or_else(|| self.walk(asked, flags, observer).ok());
        if let Some(block) = found {
            self.served_after_compaction(block, order, observer);
        }
        let served = found.is_some();
        observer.event(Event::Memory(MemoryEvent::CompactedFor { order, served }));
        (found, result)
    }

    /// A block was handed out after all: the zone it came from is not put off any more.
    fn served_after_compaction(
        &mut self,
        block: Block,
        order: Order,
        observer: &mut impl Observer,
    ) {
        let pageblock = self.config.pageblock_order;
        let zone = self
            .zone_of_block(block)
            .expect("it was handed out just now");
        self.zones[zone].compaction_succeeded(order, true, pageblock, observer);
    }

    /// Whether any zone the request may come from could be compacted if all that can be given up
    /// were (`compaction_zonelist_suitable`).
    pub(crate) fn could_be_compacted(
        &self,
        asked: &Asked<'_>,
        reclaimable: &impl Fn(pfnlab_model::ZoneId) -> u64,
    ) -> bool {
        let order = asked.request.order;
        let list = self.zonelist(asked.list);
        list.allowed(0, asked.highest, asked.nodes)
            .any(|Place { zone, .. }| {
                let at = &self.zones[zone.zone.index()];
                let given_up = reclaimable(zone.id) >> order.get();
                at.has_room_with(order, given_up as i64)
            })
    }
}

/// Its deferral, for the shorter slow path of old: of the preferred zone alone.
impl Mm {
    pub(crate) fn is_compaction_put_off(
        &mut self,
        asked: &Asked<'_>,
        observer: &mut impl Observer,
    ) -> bool {
        let order = asked.request.order;
        let pageblock = self.config.pageblock_order;
        let zone = asked.preferred.zone.zone.index();
        self.zones[zone].is_put_off(order, pageblock, observer)
    }

    /// What came of it, for the preferred zone.
    pub(crate) fn note_compaction(
        &mut self,
        asked: &Asked<'_>,
        served: bool,
        observer: &mut impl Observer,
    ) {
        let order = asked.request.order;
        let pageblock = self.config.pageblock_order;
        let zone = &mut self.zones[asked.preferred.zone.zone.index()];
        match served {
            true => zone.compaction_succeeded(order, true, pageblock, observer),
            false => zone.compaction_failed(order, pageblock, observer),
        }
    }
}
