//! The slow path of a request that waits, where there are owners to ask (`__alloc_pages_slowpath`,
//! since 4.7): memory is moved together and given up, and at last somebody loses all it has.

use alloc::vec::Vec;

use pfnlab_model::{
    AllocError, Block, CompactResult, Event, Gfp, MemoryEvent, MigrateType, Observer, Order,
    Reclaim, Reclaimer, Request, Shrink, Shrunk, ZoneKind,
};

use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::compaction::{COSTLY, Priority};
use crate::profile::{Policy, Told, told};
use crate::walk::Asked;
use crate::zonelist::Place;

/// When a request that waits gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryRule {
    /// One that asks for a large block and not to be retried, when compaction is put off (4.14, 5.0).
    PutOff,
    /// And when it is not worth while (6.1.0).
    NotWorthWhile,
    /// And a large one that may not compact; before that, pageblocks kept for others are given up
    /// (6.12.0).
    MayNotCompact,
    /// And a large one that is not to be retried and wants memory of its node (6.1.y, 6.12.y).
    NodeOnly,
}

impl Policy for RetryRule {
    const DECIDES: &'static str = "when a request that waits for a large block gives up early";

    fn told(self) -> Told {
        match self {
            RetryRule::PutOff => told(
                "when it is not to be retried and compaction is put off",
                "__alloc_pages_slowpath: COMPACT_DEFERRED",
            ),
            RetryRule::NotWorthWhile => told(
                "when it is not to be retried and compaction is put off or not worth while",
                "__alloc_pages_slowpath: COMPACT_SKIPPED",
            ),
            RetryRule::MayNotCompact => told(
                "the same, and when it may not compact",
                "~gfp_compaction_allowed (6.7)",
            ),
            RetryRule::NodeOnly => told(
                "the same, and when it is not to be retried and wants memory of its node",
                "~__alloc_pages_slowpath: __GFP_THISNODE",
            ),
        }
    }
}

impl RetryRule {
    /// Whether a request must be allowed I/O for its sake to be compacted.
    fn asks_for_io(self) -> bool {
        matches!(self, RetryRule::MayNotCompact | RetryRule::NodeOnly)
    }

    /// Whether one that is not to be retried gives up after this.
    fn gives_up(self, result: CompactResult, gfp: Gfp) -> bool {
        let put_off = result == CompactResult::Deferred;
        let skipped = result == CompactResult::Skipped;
        match self {
            RetryRule::PutOff => put_off,
            RetryRule::NotWorthWhile | RetryRule::MayNotCompact => put_off || skipped,
            RetryRule::NodeOnly => put_off || skipped || gfp.contains(Gfp::THISNODE),
        }
    }
}

/// How often it is tried without anything being given up (`MAX_RECLAIM_RETRIES`).
const MOST_RETRIES: u32 = 16;

/// How urgent reclaim is at first (`DEF_PRIORITY`).
pub(crate) const FIRST_PRIORITY: u8 = 12;

/// So many frames are asked for at once (`SWAP_CLUSTER_MAX`).
pub(crate) const CLUSTER: u64 = 32;

/// What was tried so far.
struct Tried {
    no_progress: u32,
    compactions: u32,
    priority: Priority,
    result: CompactResult,
}

impl Mm {
    /// What is tried when the low watermark stands in the way of a request that may wait.
    ///
    /// # Errors
    /// When every attempt fails; [`AllocError::OutOfMemory`] if that is because nobody has anything
    /// left to give up.
    pub(crate) fn slowpath_blocking(
        &mut self,
        asked: &Asked<'_>,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let Request { gfp, order, .. } = *asked.request;
        let rule = self.profile.retry;
        let costly = order.get() > COSTLY;
        let may_compact = gfp.contains(Gfp::IO) || !rule.asks_for_io();
        let resists = self.profile.fragment.resists() && order < self.config.pageblock_order;
        let mut slow = AllocFlags::slow(gfp, order > Order::ZERO, self.profile.reserves)
            .with(self.cma_flag(asked.mt))
            .with_if(resists, AllocFlags::NOFRAGMENT);
        let mut tried = Tried {
            no_progress: 0,
            compactions: 0,
            priority: Priority::SyncLight,
            result: CompactResult::Skipped,
        };
        self.wake_kswapds(asked, observer);
        let mut failure = match self.walk(asked, slow, observer) {
            Ok(block) => return Ok(block),
            Err(error) => error,
        };
        let movable = asked.mt == MigrateType::Movable;
        let reserves = gfp.contains(Gfp::MEMALLOC) && !gfp.contains(Gfp::NOMEMALLOC);
        if may_compact && (costly || order > Order::ZERO && !movable) && !reserves {
            let (found, result) =
                self.after_compaction(asked, slow, Priority::Async, owners, observer);
            if let Some(block) = found {
                return Ok(block);
            }
            if costly && gfp.contains(Gfp::NORETRY) {
                if rule.gives_up(result, gfp) {
                    return self.at_last(asked, failure, observer);
                }
                tried.priority = Priority::Async;
            }
        }
        loop {
            self.wake_kswapds(asked, observer);
            let (asked, flags) = self.entitled(asked, slow)?;
            match self.walk(&asked, flags, observer) {
                Ok(block) => return Ok(block),
                Err(error) => failure = error,
            }
            let (found, progress) = self.after_reclaim(&asked, flags, owners, observer);
            if let Some(block) = found {
                return Ok(block);
            }
            let (found, result) =
                self.after_compaction(&asked, flags, tried.priority, owners, observer);
            if let Some(block) = found {
                return Ok(block);
            }
            let resists = slow.any(AllocFlags::NOFRAGMENT);
            if resists && let Some(block) = self.after_room_made(&asked, flags, owners, observer) {
                return Ok(block);
            }
            tried.result = result;
            let insists = gfp.contains(Gfp::RETRY_MAYFAIL) && may_compact;
            if !gfp.contains(Gfp::NORETRY) && (!costly || insists) {
                if self.reclaims_again(&asked, flags, progress, &mut tried, owners, observer) {
                    continue;
                }
                let again = progress > 0 && may_compact;
                if again && self.compacts_again(&asked, &mut tried, owners) {
                    continue;
                }
                if resists {
                    slow = slow.without(AllocFlags::NOFRAGMENT);
                    continue;
                }
                match self.out_of_memory(&asked, failure, owners, observer) {
                    Ok(Some(block)) => return Ok(block),
                    Ok(None) => {
                        tried.no_progress = 0;
                        continue;
                    }
                    Err(error) => failure = error,
                }
            }
            if resists {
                slow = slow.without(AllocFlags::NOFRAGMENT);
                continue;
            }
            match self.at_last(&asked, failure, observer) {
                // It must not fail: as long as anything is given up, it tries on.
                Err(_) if gfp.contains(Gfp::NOFAIL) && progress > 0 => {}
                over => return over,
            }
        }
    }

    /// One that must not fail digs into the min reserve; others fail.
    fn at_last(
        &mut self,
        asked: &Asked<'_>,
        failure: AllocError,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        if asked.request.gfp.contains(Gfp::NOFAIL) {
            return self.last_resort(asked, observer).map_err(|_| failure);
        }
        Err(failure)
    }

    /// Some memory is given up, then the zones are asked again
    /// (`__alloc_pages_direct_reclaim`). How many frames were given up.
    pub(crate) fn after_reclaim(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> (Option<Block>, u64) {
        let progress = self.reclaim_for(asked, owners, observer);
        if progress == 0 {
            return (None, 0);
        }
        if let Ok(block) = self.walk(asked, flags, observer) {
            return (Some(block), progress);
        }
        self.unreserve_spare(asked, observer);
        for zone in 0..self.zones.len() {
            self.drain_zone(zone, asked.request.cpu, observer);
        }
        (self.walk(asked, flags, observer).ok(), progress)
    }

    /// Memory is moved together for a whole pageblock, which the request may make its own, then the zones are
    /// asked again.
    fn after_room_made(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let node = asked.preferred.zone.id.node;
        let pageblock = self.config.pageblock_order;
        self.compact_for(node, pageblock, asked.request.cpu, owners, observer);
        self.walk(asked, flags, observer).ok()
    }

    /// Asks the owners, ever more urgently, until enough is given up (`try_to_free_pages`). Where
    /// enough is free to compact for a large block, nothing is given up, and that is progress.
    fn reclaim_for(
        &mut self,
        asked: &Asked<'_>,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> u64 {
        let order = asked.request.order;
        let list = self.zonelist(asked.list);
        let places = list.allowed(0, asked.highest, asked.nodes);
        let ready = |zone: usize| {
            order.get() > COSTLY && self.zones[zone].is_ready_to_compact(order, asked.highest)
        };
        let mut nodes = Vec::new();
        let mut spared = false;
        for Place { zone, .. } in places {
            if ready(zone.zone.index()) {
                spared = true;
            } else if !nodes.contains(&zone.id.node) {
                nodes.push(zone.id.node);
            }
        }
        let highest = self.config.zones[asked.highest];
        observer.event(Event::Memory(MemoryEvent::WaitedForReclaim { highest }));
        let mut given_up = 0;
        for priority in (0..=FIRST_PRIORITY).rev() {
            for &node in &nodes {
                let ask = Shrink {
                    node,
                    highest,
                    target: CLUSTER,
                    priority,
                    cpu: asked.request.cpu,
                };
                given_up += self.shrink_node(ask, Reclaimer::Direct, owners, observer);
            }
            if given_up >= CLUSTER || spared {
                break;
            }
        }
        given_up.max(u64::from(spared))
    }

    /// The owners give some memory of a node up.
    pub(crate) fn shrink_node(
        &mut self,
        ask: Shrink,
        by: Reclaimer,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> u64 {
        let Shrunk { looked_at, frames } = owners.shrink(ask, self, observer);
        if looked_at > 0 {
            let node = ask.node;
            observer.event(Event::Memory(MemoryEvent::Reclaimed {
                node,
                by,
                looked_at,
                frames,
            }));
        }
        frames
    }

    /// Pageblocks kept for others are given up by the first zone that has more than one.
    fn unreserve_spare(&mut self, asked: &Asked<'_>, observer: &mut impl Observer) {
        let one = self.blocks.order().frames();
        self.unreserve_where(asked, |zone| zone.highatomic_reserved > one, observer);
    }

    /// Whether to reclaim again: the request could be served if all were given up that can be
    /// (`should_reclaim_retry`).
    fn reclaims_again(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        progress: u64,
        tried: &mut Tried,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> bool {
        let order = asked.request.order;
        tried.no_progress = match progress > 0 && order.get() <= COSTLY {
            true => 0,
            false => tried.no_progress + 1,
        };
        if tried.no_progress > MOST_RETRIES {
            return self.unreserve(asked, observer);
        }
        let list = self.zonelist(asked.list);
        let enough = list
            .allowed(0, asked.highest, asked.nodes)
            .any(|Place { zone, .. }| {
                let more = owners.reclaimable(zone.id);
                self.zones[zone.zone.index()].would_serve(asked, flags, more as i64)
            });
        enough || self.profile.retry.asks_for_io() && self.unreserve(asked, observer)
    }

    /// Whether to compact again, and how thoroughly (`should_compact_retry`).
    fn compacts_again(&self, asked: &Asked<'_>, tried: &mut Tried, owners: &impl Reclaim) -> bool {
        let order = asked.request.order;
        let costly = order.get() > COSTLY;
        if order == Order::ZERO {
            return false;
        }
        match tried.result {
            CompactResult::Skipped => {
                return self.could_be_compacted(asked, &|zone| owners.reclaimable(zone));
            }
            CompactResult::Success => {
                tried.compactions += 1;
                let most = if costly {
                    MOST_RETRIES / 4
                } else {
                    MOST_RETRIES
                };
                if tried.compactions <= most {
                    return true;
                }
            }
            _ => {}
        }
        let least = match costly {
            true => Priority::SyncLight,
            false => Priority::SyncFull,
        };
        tried.priority = match tried.priority {
            priority if priority <= least => return false,
            Priority::Async => Priority::SyncLight,
            _ => Priority::SyncFull,
        };
        tried.compactions = 0;
        true
    }

    /// Nothing helped: the zones are asked down to their high marks only, then somebody loses all it
    /// has (`__alloc_pages_may_oom`). `None`: somebody did, and the request is to be tried again.
    ///
    /// # Errors
    /// When nobody has anything to lose, or nobody is to lose it for such a request.
    pub(crate) fn out_of_memory(
        &mut self,
        asked: &Asked<'_>,
        failure: AllocError,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Option<Block>, AllocError> {
        let Request { gfp, order, .. } = *asked.request;
        let flags = AllocFlags::HIGH_MARK.with(AllocFlags::CPUSET);
        if let Ok(block) = self.walk(asked, flags, observer) {
            return Ok(Some(block));
        }
        let low = self.config.zones[asked.highest] < ZoneKind::Normal;
        let spared = gfp.contains(Gfp::RETRY_MAYFAIL) || gfp.contains(Gfp::THISNODE);
        if order.get() > COSTLY || spared || low {
            return Err(failure);
        }
        if owners.kill(asked.request, self, observer) {
            observer.event(Event::Memory(MemoryEvent::OomKilled { order }));
            return Ok(None);
        }
        Err(AllocError::OutOfMemory(order))
    }
}
