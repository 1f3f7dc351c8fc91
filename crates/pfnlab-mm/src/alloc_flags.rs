//! The allocator's internal flags: how far a walk may go (`ALLOC_*`).

use crate::profile::{Policy, Told, told};
use pfnlab_model::Gfp;

/// Which requests may use what is kept back for those who cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReserveRule {
    /// All that cannot wait, `__GFP_NOMEMALLOC` or not (2.6.37).
    NoWait,
    /// All that cannot wait, unless they have `__GFP_NOMEMALLOC`; everything to those with
    /// `__GFP_MEMALLOC` (3.8).
    NoWaitOrMemalloc,
    /// Those with `__GFP_ATOMIC`: a flag of their own, `ALLOC_HARDER` (4.4 to 6.1.0).
    Atomic,
    /// All that cannot wait; of high orders too (6.12.0).
    NonBlocking,
    /// All that cannot wait; high orders only with `__GFP_HIGH` (6.1.y, 6.12.y).
    NonBlockingHigh,
}

impl Policy for ReserveRule {
    const DECIDES: &'static str =
        "which requests may use what is kept back for those who cannot wait";

    fn told(self) -> Told {
        match self {
            ReserveRule::NoWait => told("all that cannot wait", "gfp_to_alloc_flags: ALLOC_HARDER"),
            ReserveRule::NoWaitOrMemalloc => told(
                "all that cannot wait, unless they have __GFP_NOMEMALLOC; everything for __GFP_MEMALLOC",
                "gfp_to_alloc_flags, __GFP_MEMALLOC",
            ),
            ReserveRule::Atomic => told("those that say so", "__GFP_ATOMIC, ALLOC_HARDER"),
            ReserveRule::NonBlocking => told(
                "all that cannot wait; those of high orders get the pageblocks kept for them",
                "ALLOC_NON_BLOCK, ALLOC_HIGHATOMIC (6.3)",
            ),
            ReserveRule::NonBlockingHigh => told(
                "all that cannot wait; those of high orders get the pageblocks kept for them only with __GFP_HIGH",
                "ALLOC_MIN_RESERVE, ALLOC_NON_BLOCK (6.3)",
            ),
        }
    }
}

impl ReserveRule {
    /// Whether one who cannot wait gets pageblocks kept for high orders when all else fails.
    pub(crate) fn has_last_resort(self) -> bool {
        matches!(
            self,
            ReserveRule::NonBlocking | ReserveRule::NonBlockingHigh
        )
    }

    /// Whether being in a hurry opens a quarter of the mark by itself, and not only together with
    /// the min reserve.
    pub(crate) fn hurry_counts_alone(self) -> bool {
        matches!(
            self,
            ReserveRule::NoWait | ReserveRule::NoWaitOrMemalloc | ReserveRule::Atomic
        )
    }
}

/// Which bits the flags have in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlagBits {
    /// Neither waking nor pageblocks kept for high orders have a flag: the latter are open to all
    /// who cannot wait (up to 4.14; before 4.4 there are none).
    NoKswapd,
    /// `ALLOC_KSWAPD` is 0x200 (5.0).
    KswapdAt200,
    /// `ALLOC_KSWAPD` is 0x800 (6.1.0).
    KswapdAt800,
    /// 0x200 is `ALLOC_HIGHATOMIC` (since 6.3, so 6.1.y).
    HighAtomic,
}

impl Policy for FlagBits {
    const DECIDES: &'static str = "which bits of the internal flags a walk shows";

    fn told(self) -> Told {
        match self {
            FlagBits::NoKswapd => told(
                "none for waking kswapd, and none for pageblocks kept for high orders",
                "ALLOC_HARDER",
            ),
            FlagBits::KswapdAt200 => told("0x200 wakes kswapd", "ALLOC_KSWAPD 0x200"),
            FlagBits::KswapdAt800 => told("0x800 wakes kswapd", "ALLOC_KSWAPD 0x800"),
            FlagBits::HighAtomic => told(
                "0x800 wakes kswapd, 0x200 opens pageblocks kept for high orders",
                "ALLOC_HIGHATOMIC 0x200 (6.3)",
            ),
        }
    }
}

impl FlagBits {
    /// The kernel's bits.
    pub(crate) fn of(self, flags: AllocFlags) -> u32 {
        let common = flags.without(AllocFlags::KSWAPD.with(AllocFlags::HIGHATOMIC));
        match self {
            FlagBits::NoKswapd => common.0,
            FlagBits::KswapdAt200 if flags.any(AllocFlags::KSWAPD) => common.0 | 0x200,
            FlagBits::KswapdAt200 => common.0,
            FlagBits::KswapdAt800 => flags.without(AllocFlags::HIGHATOMIC).0,
            FlagBits::HighAtomic => flags.0,
        }
    }
}

/// How far a walk may go. Bits as in Linux 6.1.y and 6.12.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AllocFlags(u32);

/// Which of a zone's watermarks a test uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    Min,
    Low,
    High,
}

impl AllocFlags {
    pub(crate) const MIN: AllocFlags = AllocFlags(0);
    pub(crate) const LOW: AllocFlags = AllocFlags(1);
    /// Down to the high mark only.
    pub(crate) const HIGH_MARK: AllocFlags = AllocFlags(2);
    /// No watermark holds.
    pub(crate) const NO_WATERMARKS: AllocFlags = AllocFlags(4);
    /// The requester cannot wait (up to 6.1.0: `ALLOC_HARDER`, it said so).
    pub(crate) const NON_BLOCK: AllocFlags = AllocFlags(0x10);
    /// Half of the min watermark is open to it (`__GFP_HIGH`).
    pub(crate) const MIN_RESERVE: AllocFlags = AllocFlags(0x20);
    /// The cpuset holds.
    pub(crate) const CPUSET: AllocFlags = AllocFlags(0x40);
    /// Contiguous memory areas are open to it.
    pub(crate) const CMA: AllocFlags = AllocFlags(0x80);
    /// Rather fail in this zone than mix types in a pageblock.
    pub(crate) const NOFRAGMENT: AllocFlags = AllocFlags(0x100);
    /// Pageblocks kept for high-order atomic requests are open to it.
    pub(crate) const HIGHATOMIC: AllocFlags = AllocFlags(0x200);
    /// The background reclaimer may be woken.
    pub(crate) const KSWAPD: AllocFlags = AllocFlags(0x800);
    /// Any of the flags that open a reserve (`ALLOC_RESERVES`). `ALLOC_OOM` is not among them: nobody
    /// is chosen to die here.
    pub(crate) const RESERVES: AllocFlags = AllocFlags(0x10 | 0x20 | 0x200);

    #[inline]
    pub(crate) const fn with(self, other: AllocFlags) -> AllocFlags {
        AllocFlags(self.0 | other.0)
    }

    #[inline]
    pub(crate) const fn without(self, other: AllocFlags) -> AllocFlags {
        AllocFlags(self.0 & !other.0)
    }

    /// Those that are in `other`.
    #[inline]
    pub(crate) const fn only(self, other: AllocFlags) -> AllocFlags {
        AllocFlags(self.0 & other.0)
    }

    /// Whether any of `other` is set.
    #[inline]
    pub(crate) const fn any(self, other: AllocFlags) -> bool {
        self.0 & other.0 != 0
    }

    #[inline]
    pub(crate) fn with_if(self, condition: bool, other: AllocFlags) -> AllocFlags {
        if condition { self.with(other) } else { self }
    }

    /// Which watermark the low bits name.
    #[inline]
    pub(crate) fn mark(self) -> Mark {
        match self.0 & 3 {
            0 => Mark::Min,
            1 => Mark::Low,
            _ => Mark::High,
        }
    }

    /// The slow path's flags for a mask (`gfp_to_alloc_flags`).
    ///
    /// ```text
    ///   GFP_ATOMIC, order 0: MIN_RESERVE | KSWAPD | NON_BLOCK = 0x830; order 2: 0xa30
    /// ```
    pub(crate) fn slow(gfp: Gfp, high_order: bool, rule: ReserveRule) -> AllocFlags {
        let high = gfp.contains(Gfp::HIGH);
        let flags = AllocFlags::MIN
            .with(AllocFlags::CPUSET)
            .with_if(high, AllocFlags::MIN_RESERVE)
            .with_if(gfp.contains(Gfp::KSWAPD_RECLAIM), AllocFlags::KSWAPD);
        let may_wait = gfp.contains(Gfp::DIRECT_RECLAIM);
        let may_reserve = !gfp.contains(Gfp::NOMEMALLOC) || rule == ReserveRule::NoWait;
        let everything =
            rule == ReserveRule::NoWaitOrMemalloc && gfp.contains(Gfp::MEMALLOC) && may_reserve;
        let flags = flags.with_if(everything, AllocFlags::NO_WATERMARKS);
        let (hurry, kept, free_of_cpuset) = match rule {
            ReserveRule::NoWait | ReserveRule::NoWaitOrMemalloc => (!may_wait, false, true),
            ReserveRule::Atomic => (gfp.contains(Gfp::ATOMIC), true, true),
            ReserveRule::NonBlocking => (!may_wait, true, high),
            ReserveRule::NonBlockingHigh => (!may_wait, high, high),
        };
        if !hurry {
            return flags;
        }
        let flags = flags
            .with_if(may_reserve, AllocFlags::NON_BLOCK)
            .with_if(may_reserve && high_order && kept, AllocFlags::HIGHATOMIC);
        if free_of_cpuset {
            flags.without(AllocFlags::CPUSET)
        } else {
            flags
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked examples of the specification (GFP flags, 1.5).
    #[test]
    fn slow_flags_of_atomic_and_nowait() {
        let bits = |gfp, high_order, rule| AllocFlags::slow(gfp, high_order, rule).0;
        assert_eq!(
            bits(Gfp::GFP_ATOMIC, false, ReserveRule::NonBlockingHigh),
            0x830
        );
        assert_eq!(
            bits(Gfp::GFP_ATOMIC, true, ReserveRule::NonBlockingHigh),
            0xa30
        );
        assert_eq!(
            bits(Gfp::GFP_NOWAIT, true, ReserveRule::NonBlockingHigh),
            0x850
        );
        assert_eq!(bits(Gfp::GFP_NOWAIT, true, ReserveRule::NonBlocking), 0xa50);
        let atomic = AllocFlags::slow(Gfp::GFP_ATOMIC, true, ReserveRule::Atomic);
        assert_eq!(FlagBits::KswapdAt200.of(atomic), 0x230);
        assert_eq!(FlagBits::NoKswapd.of(atomic), 0x30);
    }
}
