//! Watermark boosts: types had to mix, so the background reclaimer is to make room.

use pfnlab_model::{Observer, ZoneFlags};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// Which zones are boosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoostPolicy {
    /// None: there are no boosts (up to 4.14).
    None,
    /// All, even those too small for one; the flag is set whether or not the boost changed (5.0).
    AllZones,
    /// Those with at least four pageblocks; the flag goes with the boost (since 6.1).
    LargeZones,
}

impl Policy for BoostPolicy {
    const DECIDES: &'static str = "which zones have their watermarks boosted after a theft";

    fn told(self) -> Told {
        match self {
            BoostPolicy::None => told("none", "before 5.0"),
            BoostPolicy::AllZones => told(
                "all, even those too small for one; the flag is set whether or not the boost changed",
                "boost_watermark (5.0)",
            ),
            BoostPolicy::LargeZones => told(
                "those with at least four pageblocks; the flag goes with the boost",
                "boost_watermark (after 5.0)",
            ),
        }
    }
}

impl BoostPolicy {
    /// Whether the kernel knows boosts.
    pub(crate) fn is_known(self) -> bool {
        !matches!(self, BoostPolicy::None)
    }
}

/// Which requests clear a zone's boost flag, and so wake the background reclaimer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoostFlagRule {
    /// Any (6.1).
    AnyRequest,
    /// Those that may wake it (6.12).
    KswapdRequests,
}

impl Policy for BoostFlagRule {
    const DECIDES: &'static str = "which requests clear the flag of a boosted zone";

    fn told(self) -> Told {
        match self {
            BoostFlagRule::AnyRequest => told("any", "rmqueue, ZONE_BOOSTED_WATERMARK"),
            BoostFlagRule::KswapdRequests => {
                told("those that may wake kswapd", "rmqueue, ALLOC_KSWAPD")
            }
        }
    }
}

impl BoostFlagRule {
    #[inline]
    pub(crate) fn applies(self, may_wake: bool) -> bool {
        match self {
            BoostFlagRule::AnyRequest => true,
            BoostFlagRule::KswapdRequests => may_wake,
        }
    }
}

impl Zone {
    /// Types are about to mix: raises the watermarks a while (`boost_watermark`), and notes that
    /// the background reclaimer is to be woken, if it may be.
    pub(crate) fn boost_watermark(
        &mut self,
        flags: AllocFlags,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) {
        let boosted = match self.profile.boost {
            BoostPolicy::None => return,
            BoostPolicy::AllZones => {
                self.raise_boost(blocks, observer);
                true
            }
            BoostPolicy::LargeZones => {
                blocks.order().frames() * 4 <= self.managed && self.raise_boost(blocks, observer)
            }
        };
        if boosted && flags.any(AllocFlags::KSWAPD) {
            self.set_flags(self.flags.with(ZoneFlags::BOOSTED), observer);
        }
    }

    /// One pageblock more, up to a share of the high watermark; `false`: boosts are switched off.
    fn raise_boost(&mut self, blocks: &Pageblocks, observer: &mut impl Observer) -> bool {
        let pageblock = blocks.order().frames();
        let high = self.mark(Mark::High) - self.boost;
        let most = mult_frac(high, self.boost_factor, 10_000);
        if self.boost_factor == 0 || most == 0 {
            return false;
        }
        self.set_boost((self.boost + pageblock).min(most.max(pageblock)), observer);
        true
    }
}

/// `value · numerator / denominator` without a large product (`mult_frac`).
pub(crate) fn mult_frac(value: u64, numerator: u64, denominator: u64) -> u64 {
    let (quotient, remainder) = (value / denominator, value % denominator);
    quotient * numerator + remainder * numerator / denominator
}
