//! One walk over a zonelist (`get_page_from_freelist`).

use pfnlab_model::{
    AllocError, Block, Event, Gfp, MigrateType, NodeMask, Observer, Order, Refusal, Request,
    ZoneFlags, ZoneId, ZoneKind,
};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::rmqueue::Want;
use crate::watermark::Ask;
use crate::zone::Zone;
use crate::zonelist::{Place, ZoneRef};
use crate::{Config, Mm, Profile};

/// Which watermark a walk tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkPolicy {
    /// Only the one the request names (up to 6.1).
    MarkOnly,
    /// The high one, until a zone was seen below it (6.12).
    HighFirst,
}

impl Policy for WalkPolicy {
    const DECIDES: &'static str = "which watermark a walk tries first";

    fn told(self) -> Told {
        match self {
            WalkPolicy::MarkOnly => {
                told("only the one the request names", "get_page_from_freelist")
            }
            WalkPolicy::HighFirst => told(
                "the high one, until the zone was seen below it",
                "get_page_from_freelist, ZONE_BELOW_HIGH",
            ),
        }
    }
}

impl WalkPolicy {
    /// The watermark a request is tested with first that may go down to `mark`.
    #[inline]
    pub(crate) fn first_mark(self, mark: Mark) -> Mark {
        match self {
            WalkPolicy::MarkOnly => mark,
            WalkPolicy::HighFirst => Mark::High,
        }
    }
}

/// Whether one zone is passed over rather than types mixed in its pageblocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FragmentRule {
    /// Never: 4.14 does not know of it, and 5.0 works it out but forgets to say so.
    Ignored,
    /// If there is a lower zone beside it to go to (since 6.1).
    Avoided,
    /// Any, until room was made in vain: no kernel, but after `vm.defrag_mode` (6.15).
    Resisted,
}

impl Policy for FragmentRule {
    const DECIDES: &'static str = "which zone is passed over rather than types mixed in it";

    fn told(self) -> Told {
        match self {
            FragmentRule::Ignored => told(
                "none",
                "~alloc_flags_nofragment; 5.0 has it without effect (fixed in 5.1)",
            ),
            FragmentRule::Avoided => told(
                "a Normal zone with DMA32 beside it, as long as others may do",
                "~alloc_flags_nofragment, ALLOC_NOFRAGMENT",
            ),
            FragmentRule::Resisted => told(
                "any, until reclaim and compaction have made room in vain; only pageblocks free as a whole change hands",
                "~vm.defrag_mode (6.15), from its description",
            ),
        }
    }
}

impl FragmentRule {
    /// The index of the lower zone that must be there.
    pub(crate) fn lower_zone(self, config: &Config) -> Option<usize> {
        match self {
            FragmentRule::Ignored | FragmentRule::Resisted => None,
            FragmentRule::Avoided => config.zone_index(ZoneKind::Dma32),
        }
    }

    /// Whether room is made before types are mixed.
    pub(crate) fn resists(self) -> bool {
        matches!(self, FragmentRule::Resisted)
    }
}

/// What of the lower zones is withheld from a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReserveIndex {
    /// As from one that could go as high as the zone it prefers, which has memory (up to 5.0).
    Preferred,
    /// As from one that could go as high as its flags allow (since 6.1).
    Highest,
}

impl Policy for ReserveIndex {
    const DECIDES: &'static str =
        "what a walk takes for the highest zone a request could come from";

    fn told(self) -> Told {
        match self {
            ReserveIndex::Preferred => {
                told("the zone it prefers, which has memory", "classzone_idx")
            }
            ReserveIndex::Highest => told("the highest its flags allow", "highest_zoneidx"),
        }
    }
}

impl Profile {
    /// Whether a request can be served at once: nothing of what kernels up to 5.0, and kernels
    /// with contiguous areas, must ask besides.
    pub(crate) fn is_brief(&self, config: &Config) -> bool {
        self.reserve_index == ReserveIndex::Highest
            && self.short_cut.is_usable()
            && !self.numa.matter()
            && self.pcp.is_direct(config.cma)
            && !config.cma
    }
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
    /// The first zone of the list that is allowed.
    pub(crate) preferred: Place,
}

impl Mm {
    /// Asks the zones of the list in turn, from the preferred one on.
    ///
    /// # Errors
    /// When none can serve: for want of a block if any zone had memory enough, else of memory.
    pub(crate) fn walk(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        self.ask_first(asked, flags, observer)
            .or_else(|why| self.ask_others(asked, flags, why, observer))
    }

    /// Begins a walk: asks the preferred zone.
    ///
    /// # Errors
    /// Why it is passed over.
    #[inline(always)]
    pub(crate) fn ask_first(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<Block, Refusal> {
        observer.event(Event::WalkStarted {
            preferred: asked.preferred.zone.id,
            alloc_flags: self.profile.flag_bits.of(flags),
        });
        self.ask_zone(asked, asked.preferred.zone, flags, observer)
    }

    /// Goes on with a walk: the preferred zone was passed over. If no other serves, or the next
    /// one is on another node, and types were not to be mixed, all are asked again without that
    /// care, unless room is to be made first.
    ///
    /// # Errors
    /// As for the whole walk.
    #[cold]
    pub(crate) fn ask_others(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        mut why: Refusal,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        if self.profile.zonelist_cache.is_there() {
            return self.ask_others_but_full(asked, flags, why, observer);
        }
        let order = asked.request.order;
        let careful = flags.any(AllocFlags::NOFRAGMENT) && !self.profile.fragment.resists();
        let mut failure = AllocError::Watermark(order);
        let Place { mut at, mut zone } = asked.preferred;
        loop {
            observer.event(Event::ZoneRefused { zone: zone.id, why });
            if !matches!(why, Refusal::BelowMark { .. }) {
                failure = AllocError::Exhausted(order);
            }
            let list = self.zonelist(asked.list);
            match list.next(at + 1, asked.highest, asked.nodes) {
                Some(next) => Place { at, zone } = next,
                None => break,
            }
            if careful && zone.id.node != asked.preferred.zone.id.node {
                break;
            }
            match self.ask_zone(asked, zone, flags, observer) {
                Ok(block) => return Ok(block),
                Err(refusal) => why = refusal,
            }
        }
        if careful {
            return self.walk(asked, flags.without(AllocFlags::NOFRAGMENT), observer);
        }
        Err(failure)
    }

    /// Asks one zone of the list: lends a block if the watermarks let the request in and there is
    /// one.
    ///
    /// # Errors
    /// Why the zone is passed over.
    #[inline(always)]
    pub(crate) fn ask_zone(
        &mut self,
        asked: &Asked<'_>,
        place: ZoneRef,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Result<Block, Refusal> {
        let id = place.id;
        let zone = &mut self.zones[place.zone.index()];
        let Request {
            order, gfp, cpu, ..
        } = *asked.request;
        let ask = Ask {
            order,
            gfp,
            flags,
            highest: match self.profile.reserve_index {
                ReserveIndex::Preferred => usize::from(asked.preferred.zone.kind),
                ReserveIndex::Highest => asked.highest,
            },
        };
        zone.admit(ask, observer)?;
        let want = Want {
            order,
            mt: asked.mt,
            flags,
            cpu,
            cold: gfp.contains(Gfp::COLD),
        };
        // To the silent observer nothing is told, and so nothing is tested.
        if gfp.contains(Gfp::NOFAIL) && order.get() > 1 {
            observer.event(Event::NofailWarned { zone: id, order });
        }
        let found = zone.take(want, &mut self.blocks, observer);
        if zone.clear_boosted(flags, observer) {
            self.kswapds[id.node.index()].ask(Order::ZERO, id.kind, observer);
        }
        let block = found.ok_or(Refusal::NothingFound)?;
        zone.hand_out(block, want, &mut self.blocks, observer);
        if self.profile.numa.matter() {
            self.count_numa(asked, place, observer);
        }
        Ok(block)
    }

    /// Avoid mixing types if the preferred zone has a lower one beside it to go to
    /// (`alloc_flags_nofragment`).
    #[inline]
    pub(crate) fn nofragment(&self, preferred: ZoneId) -> bool {
        if preferred.kind != ZoneKind::Normal {
            return false;
        }
        let Some(lower) = self.lower_zone else {
            return false;
        };
        self.nodes_online() == 1
            || self
                .zone_of_node(preferred.node.index(), lower)
                .is_some_and(Zone::is_populated)
    }
}

impl Zone {
    /// Whether the watermarks let a request in.
    ///
    /// # Errors
    /// Why they do not.
    #[inline(always)]
    fn admit(&mut self, ask: Ask, observer: &mut impl Observer) -> Result<(), Refusal> {
        if self.profile.walk == WalkPolicy::HighFirst && !self.flags.contains(ZoneFlags::BELOW_HIGH)
        {
            let mark = self.mark(Mark::High);
            if self.watermark_fast(mark, ask).is_ok() {
                return Ok(());
            }
            self.set_flags(self.flags.with(ZoneFlags::BELOW_HIGH), observer);
        }
        match self.watermark_fast(self.mark(ask.flags.mark()), ask) {
            Err(_) if ask.flags.any(AllocFlags::NO_WATERMARKS) => Ok(()),
            verdict => verdict,
        }
    }

    /// Tells of what was lent, and keeps its pageblock for requests like this one if it may.
    #[inline]
    fn hand_out(
        &mut self,
        block: Block,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        self.lent(block, observer);
        if want.flags.any(AllocFlags::HIGHATOMIC) {
            self.reserve_highatomic(block, want.cpu, blocks, observer);
        }
    }
}
