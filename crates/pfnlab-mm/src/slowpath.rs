//! The slow path: the list of attempts (`__alloc_pages_slowpath`).

use pfnlab_model::{AllocError, Block, Event, Gfp, NodeId, Observer, Order, ZoneKind};

use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::walk::Asked;

impl Mm {
    /// What is tried when the low watermark stands in the way.
    ///
    /// Requests that may wait are treated as though there were nothing to reclaim and nothing to
    /// compact: who owns the pages is not known here.
    ///
    /// # Errors
    /// When every attempt fails.
    pub(crate) fn slowpath(
        &mut self,
        asked: &Asked<'_>,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let gfp = asked.request.gfp;
        let flags = AllocFlags::slow(gfp, asked.request.order > Order::ZERO);
        self.wake_kswapds(asked, flags, observer);
        self.walk(asked, flags, observer)
            .or_else(|_| self.walk_with_reserves(asked, flags, observer))
            .or_else(|error| {
                let nofail = Gfp::NOFAIL | Gfp::DIRECT_RECLAIM;
                if gfp.contains(nofail) {
                    self.last_resort(asked, observer)
                } else {
                    Err(error)
                }
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
        self.wake_kswapds(asked, flags, observer);
        let gfp = asked.request.gfp;
        let entitled = gfp.contains(Gfp::MEMALLOC) && !gfp.contains(Gfp::NOMEMALLOC);
        let (flags, free_of_cpuset) = if entitled {
            let kswapd = flags.any(AllocFlags::KSWAPD);
            let kswapd = if kswapd {
                AllocFlags::KSWAPD
            } else {
                AllocFlags::MIN
            };
            (AllocFlags::NO_WATERMARKS.with(kswapd), true)
        } else {
            (flags, !flags.any(AllocFlags::CPUSET))
        };
        let mut asked = *asked;
        if free_of_cpuset {
            asked.nodes = None;
            let first = self.zonelist(asked.list).next(0, asked.highest, None);
            asked.preferred = first.ok_or(AllocError::NoZone)?;
        }
        self.walk(&asked, flags, observer)
    }

    /// A request that must not fail digs into the min reserve.
    fn last_resort(
        &mut self,
        asked: &Asked<'_>,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let flags = AllocFlags::MIN.with(AllocFlags::MIN_RESERVE);
        self.walk(asked, flags.with(AllocFlags::CPUSET), observer)
            .or_else(|_| self.walk(asked, flags, observer))
    }

    /// Asks the background reclaimers of all nodes on the list (`wake_all_kswapds`).
    fn wake_kswapds(&mut self, asked: &Asked<'_>, flags: AllocFlags, observer: &mut impl Observer) {
        if !flags.any(AllocFlags::KSWAPD) {
            return;
        }
        let highest = self.config.zones[asked.highest];
        let mut last = None;
        let mut next = self
            .zonelist(asked.list)
            .next(0, asked.highest, asked.nodes);
        while let Some(at) = next {
            let entry = self.zone_ref(asked, at);
            if self.zones[entry.zone.index()].managed > 0 && last != Some(entry.id.node) {
                last = Some(entry.id.node);
                self.ask_kswapd(
                    entry.id.node.index(),
                    asked.request.order,
                    highest,
                    observer,
                );
            }
            next = self
                .zonelist(asked.list)
                .next(at + 1, asked.highest, asked.nodes);
        }
    }

    /// Notes the largest order and the highest zone a node's reclaimer was asked for
    /// (`wakeup_kswapd`).
    pub(crate) fn ask_kswapd(
        &mut self,
        node: usize,
        order: Order,
        highest: ZoneKind,
        observer: &mut impl Observer,
    ) {
        let kswapd = &mut self.nodes[node].kswapd;
        let order = kswapd.order.max(order);
        let highest = kswapd.highest.map_or(highest, |known| known.max(highest));
        if (kswapd.order, kswapd.highest) != (order, Some(highest)) {
            kswapd.order = order;
            kswapd.highest = Some(highest);
            let node = NodeId(node as u16);
            observer.event(Event::KswapdAsked {
                node,
                order,
                highest,
            });
        }
    }
}
