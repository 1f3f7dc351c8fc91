//! The slow path: the list of attempts (`__alloc_pages_slowpath`).

use pfnlab_model::{AllocError, Block, Gfp, Observer, Order, Reclaim, Request};

use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::compaction::COSTLY;
use crate::profile::{Policy, Told, told};
use crate::walk::Asked;
use crate::zone::Zone;
use crate::zonelist::Place;

/// How often a request is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlowPath {
    /// Once, and once more by those no watermark holds for (up to 3.8).
    Once,
    /// Once before its entitlements are looked at and once after, and then as long as pageblocks
    /// kept for others can be given up (since 4.6).
    Repeated,
}

impl Policy for SlowPath {
    const DECIDES: &'static str = "how often a request is tried when the first walk fails";

    fn told(self) -> Told {
        match self {
            SlowPath::Once => told(
                "once, and once more by those no watermark holds for",
                "__alloc_pages_slowpath",
            ),
            SlowPath::Repeated => told(
                "before its entitlements are looked at and after, and again while pageblocks kept for others can be given up",
                "__alloc_pages_slowpath, unreserve_highatomic_pageblock",
            ),
        }
    }
}

/// How a request asks again that is entitled to reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReserveWalk {
    /// Within its node mask (4.14).
    Masked,
    /// Anywhere, and it does not care about the background reclaimer any more (5.0).
    Anywhere,
    /// Anywhere (since 6.1).
    AnywhereWaking,
}

impl Policy for ReserveWalk {
    const DECIDES: &'static str = "how a request asks again that is entitled to reserves";

    fn told(self) -> Told {
        match self {
            ReserveWalk::Masked => told("within its node mask", "__alloc_pages_slowpath"),
            ReserveWalk::Anywhere => told(
                "anywhere, and it does not wake kswapd any more",
                "__alloc_pages_slowpath, ~reserve_flags",
            ),
            ReserveWalk::AnywhereWaking => told(
                "anywhere",
                "__alloc_pages_slowpath, ~gfp_to_alloc_flags_cma",
            ),
        }
    }
}

impl Mm {
    /// What is tried when the low watermark stands in the way.
    ///
    /// If there are owners, requests that may wait ask them ([`Mm::slowpath_blocking`]). If not,
    /// they are treated as though there were nothing to reclaim and nothing to compact.
    ///
    /// # Errors
    /// When every attempt fails.
    #[cold]
    pub(crate) fn slowpath(
        &mut self,
        asked: &Asked<'_>,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let waits = owners.is_there() && asked.request.gfp.contains(Gfp::DIRECT_RECLAIM);
        match self.profile.slowpath {
            SlowPath::Once if waits => return self.slowpath_rebalancing(asked, owners, observer),
            SlowPath::Once => return self.slowpath_once(asked, observer),
            SlowPath::Repeated if waits => return self.slowpath_blocking(asked, owners, observer),
            SlowPath::Repeated => {}
        }
        let Request { gfp, order, .. } = *asked.request;
        let flags = AllocFlags::slow(gfp, order > Order::ZERO, self.profile.reserves)
            .with(self.cma_flag(asked.mt));
        self.wake_kswapds(asked, observer);
        self.walk(asked, flags, observer)
            .or_else(|_| self.walk_with_reserves(asked, flags, observer))
            .or_else(|error| match may_retry(gfp, order) {
                true => self.after_unreserve(asked, flags, error, observer),
                false => Err(error),
            })
            .or_else(
                |error| match gfp.contains(Gfp::NOFAIL | Gfp::DIRECT_RECLAIM) {
                    true => self.last_resort(asked, observer),
                    false => Err(error),
                },
            )
    }

    /// With nothing to reclaim, pageblocks kept for high-order atomic requests are given up one
    /// after the other, and asked again each time (`should_reclaim_retry`).
    fn after_unreserve(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        mut error: AllocError,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        while self.unreserve(asked, observer) {
            match self.walk_with_reserves(asked, flags, observer) {
                Err(again) => error = again,
                found => return found,
            }
        }
        Err(error)
    }

    /// Gives up one such pageblock of the first zone that has one.
    pub(crate) fn unreserve(&mut self, asked: &Asked<'_>, observer: &mut impl Observer) -> bool {
        self.unreserve_where(asked, |_| true, observer)
    }

    /// The same, but only zones of which `may` says yes are asked.
    pub(crate) fn unreserve_where(
        &mut self,
        asked: &Asked<'_>,
        may: impl Fn(&Zone) -> bool,
        observer: &mut impl Observer,
    ) -> bool {
        let Mm {
            nodes,
            zones,
            blocks,
            ..
        } = self;
        let list = &nodes[asked.list.0].zonelists[usize::from(asked.list.1)];
        let cpu = asked.request.cpu;
        list.allowed(0, asked.highest, asked.nodes)
            .any(|Place { zone, .. }| {
                let zone = &mut zones[zone.zone.index()];
                may(zone) && zone.unreserve_highatomic(asked.mt, cpu, blocks, observer)
            })
    }

    /// Once more, with the reserves the requester is entitled to; those who are also leave their
    /// node mask behind.
    fn walk_with_reserves(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        self.wake_kswapds(asked, observer);
        let (asked, flags) = self.entitled(asked, flags)?;
        self.walk(&asked, flags, observer)
    }

    /// The request with the reserves it is entitled to.
    ///
    /// # Errors
    /// When no zone may be asked.
    pub(crate) fn entitled<'a>(
        &self,
        asked: &Asked<'a>,
        flags: AllocFlags,
    ) -> Result<(Asked<'a>, AllocFlags), AllocError> {
        let gfp = asked.request.gfp;
        let entitled = gfp.contains(Gfp::MEMALLOC) && !gfp.contains(Gfp::NOMEMALLOC);
        let (flags, free_of_cpuset) = if entitled {
            let kept = match self.profile.reserve_walk {
                ReserveWalk::Masked | ReserveWalk::Anywhere => AllocFlags::MIN,
                ReserveWalk::AnywhereWaking => flags.only(AllocFlags::KSWAPD.with(AllocFlags::CMA)),
            };
            (AllocFlags::NO_WATERMARKS.with(kept), true)
        } else {
            (flags, !flags.any(AllocFlags::CPUSET))
        };
        let mut asked = *asked;
        if free_of_cpuset {
            if self.profile.reserve_walk != ReserveWalk::Masked {
                asked.nodes = None;
            }
            let first = self
                .zonelist(asked.list)
                .next(0, asked.highest, asked.nodes);
            asked.preferred = first.ok_or(AllocError::NoZone)?;
        }
        Ok((asked, flags))
    }

    /// A request that must not fail digs into the min reserve.
    pub(crate) fn last_resort(
        &mut self,
        asked: &Asked<'_>,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let flags = AllocFlags::MIN.with(AllocFlags::MIN_RESERVE);
        self.walk(asked, flags.with(AllocFlags::CPUSET), observer)
            .or_else(|_| self.walk(asked, flags, observer))
    }
}

/// Whether a request that may wait is tried again when nothing could be reclaimed: small orders,
/// and larger ones that asked for it.
fn may_retry(gfp: Gfp, order: Order) -> bool {
    let costly = order.get() > COSTLY;
    gfp.contains(Gfp::DIRECT_RECLAIM)
        && !gfp.contains(Gfp::NORETRY)
        && (!costly || gfp.contains(Gfp::RETRY_MAYFAIL | Gfp::IO))
}
