//! One walk over a zonelist (`get_page_from_freelist`).

use pfnlab_model::{
    AllocError, Block, CpuId, Event, MigrateType, NodeMask, Observer, Order, Refusal, Request,
    ZoneFlags, ZoneId, ZoneKind,
};

use crate::Mm;
use crate::alloc_flags::{AllocFlags, Mark};
use crate::rmqueue::Want;
use crate::watermark::Ask;

/// Which watermark a walk tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkPolicy {
    /// Only the one the request names (up to 6.1).
    MarkOnly,
    /// The high one, until a zone was seen below it (6.12).
    HighFirst,
}

/// A request on its way: what was asked, and what follows from it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) mt: MigrateType,
    /// The index of the highest zone it may come from.
    pub(crate) highest: usize,
    /// The node whose list is walked, and whether only its own zones are.
    pub(crate) list: (usize, bool),
    pub(crate) nodes: Option<NodeMask>,
    /// The position in the list of the first zone allowed.
    pub(crate) preferred: usize,
}

impl Asked<'_> {
    fn order(&self) -> Order {
        self.request.order
    }

    fn cpu(&self) -> CpuId {
        self.request.cpu
    }
}

impl Mm {
    /// Asks the zones of the list in turn, from the preferred one on.
    ///
    /// # Errors
    /// When none can serve. The reason is that of the last zone that refused, except that a lack
    /// of large blocks is told before a lack of memory.
    pub(crate) fn walk(
        &mut self,
        asked: &Asked<'_>,
        mut flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        loop {
            match self.walk_once(asked, flags, observer) {
                Walk::Found(block) => return Ok(block),
                Walk::LeftTheNode => flags = flags.without(AllocFlags::NOFRAGMENT),
                Walk::Failed(_) if flags.any(AllocFlags::NOFRAGMENT) => {
                    flags = flags.without(AllocFlags::NOFRAGMENT);
                }
                Walk::Failed(error) => return Err(error),
            }
        }
    }

    #[inline]
    fn walk_once(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Walk {
        let preferred = self.zone_ref(asked, asked.preferred).id;
        observer.event(Event::WalkStarted {
            preferred,
            alloc_flags: flags.bits(),
        });
        let mut refusal = AllocError::NoZone;
        let mut next = Some(asked.preferred);
        while let Some(at) = next {
            let entry = self.zone_ref(asked, at);
            let remote = entry.id.node != preferred.node && self.nodes_online() > 1;
            if remote && flags.any(AllocFlags::NOFRAGMENT) {
                return Walk::LeftTheNode;
            }
            match self.may_take(entry.zone.index(), asked, flags, observer) {
                Ok(()) => {
                    let found = self.take(entry.zone.index(), asked, flags, observer);
                    if let Some(block) = found {
                        return Walk::Found(block);
                    }
                    let why = Refusal::NothingFound;
                    observer.event(Event::ZoneRefused {
                        zone: entry.id,
                        why,
                    });
                    refusal = AllocError::Exhausted(asked.order());
                }
                Err(why) => {
                    observer.event(Event::ZoneRefused {
                        zone: entry.id,
                        why,
                    });
                    refusal = match why {
                        Refusal::BelowMark { .. } if refusal == AllocError::NoZone => {
                            AllocError::Watermark(asked.order())
                        }
                        Refusal::BelowMark { .. } => refusal,
                        _ => AllocError::Exhausted(asked.order()),
                    };
                }
            }
            next = self
                .zonelist(asked.list)
                .next(at + 1, asked.highest, asked.nodes);
        }
        Walk::Failed(refusal)
    }

    /// Whether a zone's watermarks let the request in.
    #[inline]
    fn may_take(
        &mut self,
        zone: usize,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<(), Refusal> {
        let zone = &mut self.zones[zone];
        let ask = Ask {
            order: asked.order(),
            gfp: asked.request.gfp,
            flags,
            highest: asked.highest,
        };
        if zone.profile.walk == WalkPolicy::HighFirst && !zone.flags.contains(ZoneFlags::BELOW_HIGH)
        {
            if zone.watermark_fast(zone.mark(Mark::High), ask).is_ok() {
                return Ok(());
            }
            zone.set_flags(zone.flags.with(ZoneFlags::BELOW_HIGH), observer);
        }
        match zone.watermark_fast(zone.mark(flags.mark()), ask) {
            Err(_) if flags.any(AllocFlags::NO_WATERMARKS) => Ok(()),
            verdict => verdict,
        }
    }

    #[inline]
    fn take(
        &mut self,
        zone: usize,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let want = Want {
            order: asked.order(),
            mt: asked.mt,
            flags,
            cpu: asked.cpu(),
        };
        let found = self.zones[zone].take(want, &mut self.blocks, observer);
        if self.zones[zone].clear_boosted(flags, observer) {
            let ZoneId { node, kind } = self.zones[zone].id;
            self.ask_kswapd(node.index(), Order::ZERO, kind, observer);
        }
        let block = found?;
        let zone = &mut self.zones[zone];
        zone.lend(block, observer);
        if flags.any(AllocFlags::HIGHATOMIC) && asked.order() > Order::ZERO {
            zone.reserve_highatomic(block, asked.cpu(), &mut self.blocks, observer);
        }
        Some(block)
    }

    /// Avoid mixing types if the preferred zone has a lower one beside it to go to
    /// (`alloc_flags_nofragment`).
    #[inline]
    pub(crate) fn nofragment(&self, asked: &Asked<'_>) -> bool {
        let preferred = self.zone_ref(asked, asked.preferred).id;
        if preferred.kind != ZoneKind::Normal {
            return false;
        }
        let Some(dma32) = self.config.zone_index(ZoneKind::Dma32) else {
            return false;
        };
        self.nodes_online() == 1
            || self
                .zone_of_node(preferred.node.index(), dma32)
                .is_populated()
    }
}

/// How a walk ended.
enum Walk {
    Found(Block),
    /// The next zone is on another node, and types must not be mixed: start again without care.
    LeftTheNode,
    Failed(AllocError),
}
