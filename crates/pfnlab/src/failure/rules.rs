//! How a generation tests a watermark: facts, for reading reports.

use pfnlab_linux::kmem::KmemKernel;
use pfnlab_model::{Gfp, GfpBits, generation_of};

use crate::kernel;

/// The rules of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// The profile whose rules these are.
    pub(super) profile: &'static str,
    /// The first series that has them; `None`: a single release in the middle of one.
    since: Option<(u32, u32)>,
    /// What its masks mean.
    gfp: GfpBits,
    /// Large blocks are reckoned with: without smaller blocks, half as much must be free for every
    /// order. Since 4.4 the free lists are looked at.
    pub(super) reckons: bool,
    /// Who may go lower for not being able to wait.
    harder: Harder,
    /// They may so without `__GFP_HIGH`. Since 6.2 it is one reserve.
    alone: bool,
    /// A single frame is let in past the pageblocks kept for high-order atomic requests, where the
    /// watermark as it is allows it.
    pub(super) shortcut: bool,
    /// Who cannot wait gets single frames of these pageblocks, when there are no others.
    pub(super) last_resort: bool,
    /// For whom a boost of the watermarks does not count, if it is about a single frame.
    unboosted: Unboosted,
}

/// For whom a boost does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unboosted {
    Nobody,
    /// Who says so with a flag (`__GFP_ATOMIC`).
    Atomic,
    /// Who may use reserves (`ALLOC_MIN_RESERVE`).
    High,
}

/// Who may go lower for not being able to wait (`ALLOC_HARDER`, `ALLOC_NON_BLOCK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harder {
    /// Who cannot.
    CannotWait,
    /// Who cannot, and may use reserves.
    CannotWaitAndMay,
    /// Who says so with a flag, and may use reserves.
    Atomic,
}

/// Newest first.
const GENERATIONS: [Rules; 8] = [
    LINUX_6_12_Y,
    Rules {
        profile: "linux-6.12.0",
        since: None,
        ..LINUX_6_12_Y
    },
    Rules {
        profile: "linux-6.1.y",
        since: Some((6, 1)),
        gfp: GfpBits::Linux6_1,
        unboosted: Unboosted::Atomic,
        ..LINUX_6_12_Y
    },
    Rules {
        profile: "linux-6.1.0",
        since: None,
        gfp: GfpBits::Linux6_1,
        shortcut: false,
        unboosted: Unboosted::Atomic,
        ..LINUX_5_0
    },
    LINUX_5_0,
    Rules {
        profile: "linux-4.14",
        since: Some((4, 4)),
        gfp: GfpBits::Linux4_14,
        ..LINUX_5_0
    },
    LINUX_3_8,
    Rules {
        profile: "linux-2.6.37",
        since: Some((0, 0)),
        gfp: GfpBits::Linux2_6_37,
        harder: Harder::CannotWait,
        ..LINUX_3_8
    },
];

const LINUX_6_12_Y: Rules = Rules {
    profile: "linux-6.12.y",
    since: Some((6, 2)),
    gfp: GfpBits::Linux6_12,
    reckons: false,
    harder: Harder::CannotWaitAndMay,
    alone: false,
    shortcut: false,
    last_resort: true,
    unboosted: Unboosted::High,
};

const LINUX_5_0: Rules = Rules {
    profile: "linux-5.0",
    since: Some((4, 20)),
    gfp: GfpBits::Linux5_0,
    reckons: false,
    harder: Harder::Atomic,
    alone: true,
    shortcut: true,
    last_resort: false,
    unboosted: Unboosted::Nobody,
};

const LINUX_3_8: Rules = Rules {
    profile: "linux-3.8",
    since: Some((3, 0)),
    gfp: GfpBits::Linux3_8,
    reckons: true,
    harder: Harder::CannotWaitAndMay,
    alone: true,
    shortcut: false,
    last_resort: false,
    unboosted: Unboosted::Nobody,
};

impl Rules {
    /// Those of a profile; of one we do not know, the newest.
    pub(super) fn of_profile(profile: &'static str) -> Rules {
        let generation = generation_of(profile);
        let mut generations = GENERATIONS.into_iter();
        let known = generations.find(|rules| rules.profile == generation);
        Rules {
            profile,
            ..known.unwrap_or(LINUX_6_12_Y)
        }
    }

    /// Those of the generation nearest to a release; of none, the newest.
    pub(super) fn of_release(release: Option<&str>) -> Rules {
        let series = release.and_then(kernel::series);
        let begun = |rules: &Rules| Some(rules.since? <= series?);
        let mut generations = GENERATIONS.into_iter();
        let nearest = generations.find(|rules| begun(rules) == Some(true));
        nearest.unwrap_or(LINUX_6_12_Y)
    }

    /// What its masks mean.
    pub(super) fn kernel(self) -> KmemKernel {
        KmemKernel {
            gfp: self.gfp,
            cma: false,
        }
    }

    /// Whether the caller is one that may go lower for not being able to wait.
    pub(super) fn tries_harder(self, gfp: Gfp) -> bool {
        let waits = gfp.contains(Gfp::DIRECT_RECLAIM);
        let may = !gfp.contains(Gfp::NOMEMALLOC);
        match self.harder {
            Harder::CannotWait => !waits,
            Harder::CannotWaitAndMay => !waits && may,
            Harder::Atomic => gfp.contains(Gfp::ATOMIC) && may,
        }
    }

    /// Whether a boost of the watermarks does not count for such a request.
    pub(super) fn forgets_boost(self, order: u8, gfp: Gfp) -> bool {
        let may = match self.unboosted {
            Unboosted::Nobody => false,
            Unboosted::Atomic => gfp.contains(Gfp::ATOMIC),
            Unboosted::High => gfp.contains(Gfp::HIGH),
        };
        order == 0 && may
    }

    /// How low such a request may go where the watermark is `min` (`__zone_watermark_ok`).
    pub(super) fn mark(self, min: u64, gfp: Gfp) -> u64 {
        let mut mark = min;
        let high = gfp.contains(Gfp::HIGH);
        if high {
            mark -= mark / 2;
        }
        if self.tries_harder(gfp) && (high || self.alone) {
            mark -= mark / 4;
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked marks: 1000 → 500 → 375.
    #[test]
    fn how_low_an_atomic_request_may_go() {
        for (profile, gfp, mark) in [
            ("linux-6.12.y", Gfp::GFP_ATOMIC, 375),
            ("linux-6.12.y", Gfp::GFP_NOWAIT, 1000),
            ("linux-5.0", Gfp::GFP_ATOMIC, 375),
            ("linux-5.0", Gfp::KSWAPD_RECLAIM, 1000),
            ("linux-3.8", Gfp::NONE, 750),
            ("linux-3.8", Gfp::GFP_KERNEL, 1000),
        ] {
            assert_eq!(
                Rules::of_profile(profile).mark(1000, gfp),
                mark,
                "{profile} {gfp}"
            );
        }
    }

    #[test]
    fn a_release_has_the_rules_of_the_series_before_it() {
        for (release, profile) in [
            ("2.6.38-10-server", "linux-2.6.37"),
            ("3.2.12-gentoo", "linux-3.8"),
            ("4.9.24-coreos", "linux-4.14"),
            ("5.9.10-arch1-1", "linux-5.0"),
            ("6.1.66-2-rpi-ARCH", "linux-6.1.y"),
            ("7.1.5-273-linux-tkg", "linux-6.12.y"),
            ("unknown", "linux-6.12.y"),
        ] {
            assert_eq!(
                Rules::of_release(Some(release)).profile,
                profile,
                "{release}"
            );
        }
    }
}
