//! Watermarks: may this request go so low? Looks, never touches.

use pfnlab_model::{Gfp, MigrateType, Order, Refusal, ZoneStat};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// Which frames kept for high-order atomic requests are not there for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HighAtomicShare {
    /// All that are reserved, free or not (up to 6.1).
    Reserved,
    /// Those that are free (6.12).
    Free,
}

impl Policy for HighAtomicShare {
    const DECIDES: &'static str = "which frames kept for high orders a watermark test leaves out";

    fn told(self) -> Told {
        match self {
            HighAtomicShare::Reserved => told(
                "all that are kept, free or not",
                "__zone_watermark_unusable_free: nr_reserved_highatomic",
            ),
            HighAtomicShare::Free => told(
                "those that are free",
                "__zone_watermark_unusable_free: nr_free_highatomic",
            ),
        }
    }
}

impl HighAtomicShare {
    /// Whether free frames kept back are counted on their own.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, HighAtomicShare::Free)
    }
}

/// What the short cut for single frames looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShortCut {
    /// Free frames, counted exactly where that is due (up to 3.8).
    Careful,
    /// Free frames, those kept for high-order atomic requests among them (4.14, 5.0).
    All,
    /// Those that are there for the request (since 6.1).
    Usable,
}

impl Policy for ShortCut {
    const DECIDES: &'static str =
        "what the short cut of a watermark test for single frames looks at";

    fn told(self) -> Told {
        match self {
            ShortCut::Careful => told("there is none", "zone_watermark_ok"),
            ShortCut::All => told("all free frames", "zone_watermark_fast"),
            ShortCut::Usable => told(
                "the free frames that are there for the request",
                "zone_watermark_fast, __zone_watermark_unusable_free",
            ),
        }
    }
}

impl ShortCut {
    /// Whether only frames that are there for the request are looked at.
    pub(crate) fn is_usable(self) -> bool {
        matches!(self, ShortCut::Usable)
    }
}

/// Who may ignore the boost of a min watermark when an order-0 request would fail of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoostExemption {
    /// Nobody (up to 5.0).
    Nobody,
    /// Requests with `__GFP_ATOMIC` (6.1).
    Atomic,
    /// Requests that may use the min reserve (6.12).
    MinReserve,
}

impl Policy for BoostExemption {
    const DECIDES: &'static str = "who may ignore a watermark boost";

    fn told(self) -> Told {
        match self {
            BoostExemption::Nobody => told("nobody", "zone_watermark_fast"),
            BoostExemption::Atomic => {
                told("single frames with __GFP_ATOMIC", "zone_watermark_fast")
            }
            BoostExemption::MinReserve => told(
                "single frames for those who may use the min reserve",
                "zone_watermark_fast, ALLOC_MIN_RESERVE",
            ),
        }
    }
}

/// How a watermark test sees whether a block is large enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LargeBlock {
    /// It reckons: without the frames of smaller blocks, half as much must still be free for
    /// every order (up to 3.8).
    Reckoned,
    /// It looks for one on the lists (since 4.4).
    OnList,
}

impl Policy for LargeBlock {
    const DECIDES: &'static str = "how a watermark test sees whether a block is large enough";

    fn told(self) -> Told {
        match self {
            LargeBlock::Reckoned => told(
                "it reckons: without smaller blocks, half as much must be free for every order",
                "__zone_watermark_ok",
            ),
            LargeBlock::OnList => told("it looks for one on the lists", "__zone_watermark_ok"),
        }
    }
}

/// When a zone's free frames are counted exactly, with the differences of all CPUs: below its
/// drift mark the folded count may deceive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExactCount {
    /// In every test, while the background reclaimer is awake (2.6.37).
    WhileReclaiming,
    /// Only in the tests of the background reclaimer and for it (since 2.6.38).
    ForReclaim,
}

impl Policy for ExactCount {
    const DECIDES: &'static str = "when free frames are counted exactly";

    fn told(self) -> Told {
        match self {
            ExactCount::WhileReclaiming => {
                told("in every test while kswapd is awake", "~zone_nr_free_pages")
            }
            ExactCount::ForReclaim => told(
                "only in the tests of kswapd and for it",
                "zone_watermark_ok_safe",
            ),
        }
    }
}

impl ExactCount {
    /// Whether the tests of requests count exactly while the background reclaimer is awake.
    pub(crate) fn while_reclaiming(self) -> bool {
        matches!(self, ExactCount::WhileReclaiming)
    }
}

/// A request, as far as a watermark test looks at it.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) order: Order,
    pub(crate) gfp: Gfp,
    pub(crate) flags: AllocFlags,
    /// The index of the highest zone the request could come from.
    pub(crate) highest: usize,
}

/// The types whose free blocks are open to every request.
const ORDINARY: [MigrateType; 3] = [
    MigrateType::Unmovable,
    MigrateType::Movable,
    MigrateType::Reclaimable,
];

impl Zone {
    /// A watermark with its boost.
    #[inline]
    pub(crate) fn mark(&self, mark: Mark) -> u64 {
        self.base_mark(mark) + self.boost
    }

    #[inline]
    fn base_mark(&self, mark: Mark) -> u64 {
        match mark {
            Mark::Min => self.watermarks.min,
            Mark::Low => self.watermarks.low,
            Mark::High => self.watermarks.high,
        }
    }

    /// Free frames as tests see them: what has been folded.
    #[inline]
    pub(crate) fn free_folded(&self) -> i64 {
        self.vm_stat[ZoneStat::FreePages.index()].max(0)
    }

    /// Free frames, with all differences where the folded count is below the drift mark and may
    /// deceive (`zone_nr_free_pages`, `zone_page_state_snapshot`).
    #[inline]
    pub(crate) fn free_careful(&self, exact: bool) -> i64 {
        let folded = self.free_folded();
        if exact && folded < self.percpu_drift_mark as i64 {
            return self.free_exact();
        }
        folded
    }

    #[inline(never)]
    fn free_exact(&self) -> i64 {
        let stat = ZoneStat::FreePages.index();
        let differences = self.pcps.iter().map(|pcp| i64::from(pcp.diff[stat]));
        (self.vm_stat[stat] + differences.sum::<i64>()).max(0)
    }

    /// Frames that count as free but are not there for this request
    /// (`__zone_watermark_unusable_free`).
    #[inline]
    fn unusable(&self, ask: Ask) -> i64 {
        let unaligned = ask.order.frames() as i64 - 1 + self.closed_cma(ask);
        let rule = self.profile.reserves;
        let open = if rule.hurry_counts_alone() {
            AllocFlags::NON_BLOCK
        } else {
            AllocFlags::RESERVES
        };
        if ask.flags.any(open) {
            return unaligned;
        }
        unaligned + self.kept_for_highatomic()
    }

    /// Frames that are kept for high-order atomic requests.
    #[inline]
    fn kept_for_highatomic(&self) -> i64 {
        let frames = match self.profile.highatomic_share {
            HighAtomicShare::Reserved => self.highatomic_reserved,
            HighAtomicShare::Free => self.highatomic_free,
        };
        frames as i64
    }

    /// Whether one frame above the mark is there for an ordinary request: the short cut of
    /// [`Zone::watermark_fast`] for who has no reserve open to him.
    #[inline]
    pub(crate) fn has_plenty(&self, mark: Mark, highest: usize) -> bool {
        let free = self.free_folded();
        let usable = free - free.min(self.kept_for_highatomic());
        usable > self.mark(mark) as i64 + self.lowmem_reserve[highest] as i64
    }

    /// Free frames of contiguous areas that are closed to the request.
    #[inline]
    fn closed_cma(&self, ask: Ask) -> i64 {
        if self.has_cma && !ask.flags.any(AllocFlags::CMA) {
            self.free_cma()
        } else {
            0
        }
    }

    /// The test of a walk (`zone_watermark_fast`): order 0 by a short cut, the boost forgiven to
    /// those who may.
    ///
    /// # Errors
    /// Why the zone is passed over.
    #[inline(always)]
    pub(crate) fn watermark_fast(&self, mark: u64, ask: Ask) -> Result<(), Refusal> {
        if ask.order == Order::ZERO {
            let free = self.free_folded();
            let usable = match self.profile.short_cut {
                ShortCut::Careful => self.free_careful(self.counts_exactly) - self.closed_cma(ask),
                ShortCut::All => free - self.closed_cma(ask),
                ShortCut::Usable => free - free.min(self.unusable(ask)),
            };
            if usable > mark as i64 + self.lowmem_reserve[ask.highest] as i64 {
                return Ok(());
            }
            return self.watermark_forgiving(mark, ask);
        }
        self.watermark(mark, ask)
    }

    fn watermark_forgiving(&self, mark: u64, ask: Ask) -> Result<(), Refusal> {
        self.watermark(mark, ask).or_else(|refusal| {
            let exempt = self.boost != 0
                && ask.flags.mark() == Mark::Min
                && match self.profile.boost_exemption {
                    BoostExemption::Nobody => false,
                    BoostExemption::Atomic => ask.gfp.contains(Gfp::ATOMIC),
                    BoostExemption::MinReserve => ask.flags.any(AllocFlags::MIN_RESERVE),
                };
            if exempt {
                self.watermark(self.base_mark(Mark::Min), ask)
            } else {
                Err(refusal)
            }
        })
    }

    /// The exact test (`__zone_watermark_ok`): enough frames above mark and reserve, and for a
    /// higher order a block that is large enough.
    ///
    /// ```text
    ///   min reserve: half of the mark is open; one who cannot wait gets a quarter of the rest:
    ///   1000 → 500 → 375
    /// ```
    ///
    /// # Errors
    /// Why the zone is passed over.
    #[inline]
    pub(crate) fn watermark(&self, mark: u64, ask: Ask) -> Result<(), Refusal> {
        self.watermark_of(self.free_careful(self.counts_exactly), mark, ask)
    }

    /// The exact test of a zone with so many frames `free`.
    ///
    /// # Errors
    /// Why the zone is passed over.
    #[inline(always)]
    pub(crate) fn watermark_of(&self, free: i64, mark: u64, ask: Ask) -> Result<(), Refusal> {
        let free = free - self.unusable(ask);
        let mut min = mark as i64;
        let (high, hurry) = (
            ask.flags.any(AllocFlags::MIN_RESERVE),
            ask.flags.any(AllocFlags::NON_BLOCK),
        );
        if high {
            min -= min / 2;
        }
        if hurry && (high || self.profile.reserves.hurry_counts_alone()) {
            min -= min / 4;
        }
        let mark = min + self.lowmem_reserve[ask.highest] as i64;
        if free <= mark {
            return Err(Refusal::BelowMark { free, mark });
        }
        match self.profile.large_block {
            _ if ask.order == Order::ZERO => Ok(()),
            LargeBlock::Reckoned => self.reckon_with_block(free, min, ask.order),
            LargeBlock::OnList if self.has_block(ask) => Ok(()),
            LargeBlock::OnList => Err(Refusal::NoLargeBlock),
        }
    }

    /// Whether enough is free without the blocks below the order, half as much with every order.
    fn reckon_with_block(&self, mut free: i64, mut mark: i64, order: Order) -> Result<(), Refusal> {
        for (smaller, next) in Order::ZERO.through(order).zip(Order::all().skip(1)) {
            if next > order {
                break;
            }
            free -= (self.buddy.blocks_of(smaller) << smaller.get()) as i64;
            mark >>= 1;
            if free <= mark {
                let order = next;
                return Err(Refusal::FewLarge { order, free, mark });
            }
        }
        Ok(())
    }

    /// Whether a block of the order or above is free on a list that is open to the request.
    #[inline]
    fn has_block(&self, ask: Ask) -> bool {
        let highatomic = ask.flags.any(AllocFlags::HIGHATOMIC);
        let cma = ask.flags.any(AllocFlags::CMA);
        let has = |order, mt| !self.buddy.list(order, mt).is_empty();
        let mut orders = ask.order.through(self.buddy.top_order());
        orders.any(|order| {
            ORDINARY.into_iter().any(|mt| has(order, mt))
                || highatomic && has(order, MigrateType::HighAtomic)
                || cma && has(order, MigrateType::Cma)
        })
    }
}
