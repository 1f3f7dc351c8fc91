//! Watermarks: may this request go so low? Looks, never touches.

use pfnlab_model::{Gfp, MigrateType, Order, Refusal, ZoneStat};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::zone::Zone;

/// Which frames kept for high-order atomic requests are not there for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HighAtomicShare {
    /// All that are reserved, free or not (up to 6.1).
    Reserved,
    /// Those that are free (6.12).
    Free,
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
    /// Free frames, those kept for high-order atomic requests among them (4.14, 5.0).
    All,
    /// Those that are there for the request (since 6.1).
    Usable,
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

/// A request, as far as a watermark test looks at it.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) order: Order,
    pub(crate) gfp: Gfp,
    pub(crate) flags: AllocFlags,
    /// The index of the highest zone the request could come from.
    pub(crate) highest: usize,
}

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

    /// Frames that count as free but are not there for this request
    /// (`__zone_watermark_unusable_free`).
    #[inline]
    fn unusable(&self, ask: Ask) -> i64 {
        let unaligned = ask.order.frames() as i64 - 1 + self.closed_cma(ask);
        let rule = self.profile.reserves;
        let open = if rule.hurry_counts_alone() {
            AllocFlags::NON_BLOCK.with(AllocFlags::OOM)
        } else {
            AllocFlags::RESERVES
        };
        if ask.flags.any(open) {
            return unaligned;
        }
        unaligned
            + match self.profile.highatomic_share {
                HighAtomicShare::Reserved => self.highatomic_reserved,
                HighAtomicShare::Free => self.highatomic_free,
            } as i64
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
                ShortCut::All => free - self.closed_cma(ask),
                ShortCut::Usable => free - free.min(self.unusable(ask)),
            };
            if usable > mark as i64 + self.lowmem_reserve[ask.highest] as i64 {
                return Ok(());
            }
        }
        self.watermark_forgiving(mark, ask)
    }

    fn watermark_forgiving(&self, mark: u64, ask: Ask) -> Result<(), Refusal> {
        self.watermark(mark, ask).or_else(|refusal| {
            let exempt = ask.order == Order::ZERO
                && self.boost != 0
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
    pub(crate) fn watermark(&self, mark: u64, ask: Ask) -> Result<(), Refusal> {
        let free = self.free_folded() - self.unusable(ask);
        let mut min = mark as i64;
        let (high, hurry) = (
            ask.flags.any(AllocFlags::MIN_RESERVE),
            ask.flags.any(AllocFlags::NON_BLOCK),
        );
        if high {
            min -= min / 2;
        }
        if ask.flags.any(AllocFlags::OOM) {
            min -= min / 2;
        } else if hurry && (high || self.profile.reserves.hurry_counts_alone()) {
            min -= min / 4;
        }
        let mark = min + self.lowmem_reserve[ask.highest] as i64;
        if free <= mark {
            return Err(Refusal::BelowMark { free, mark });
        }
        if ask.order == Order::ZERO || self.has_block(ask) {
            Ok(())
        } else {
            Err(Refusal::NoLargeBlock)
        }
    }

    /// Whether a block of the order or above is free on a list that is open to the request.
    fn has_block(&self, ask: Ask) -> bool {
        let highatomic = ask.flags.any(AllocFlags::HIGHATOMIC.with(AllocFlags::OOM));
        let cma = ask.flags.any(AllocFlags::CMA);
        let open = |mt: &MigrateType| match mt {
            MigrateType::HighAtomic => highatomic,
            MigrateType::Cma => cma,
            mt => mt.is_ordinary(),
        };
        MigrateType::ALL.into_iter().filter(open).any(|mt| {
            let mut orders = ask.order.through(self.buddy.top_order());
            orders.any(|order| !self.buddy.list(order, mt).is_empty())
        })
    }
}
