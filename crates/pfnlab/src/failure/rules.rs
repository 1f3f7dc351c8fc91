//! How a generation tests a watermark: facts, for reading reports.

use pfnlab_linux::kmem::KmemKernel;
use pfnlab_model::{Gfp, GfpBits};

/// The rules of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// The profile whose rules these are.
    pub(super) profile: &'static str,
    /// What its masks mean.
    pub(super) kernel: KmemKernel,
}

/// By release, newest first: the first series that has these rules.
const SINCE: [((u32, u32), &str); 6] = [
    // Reserves by whether the caller can wait, not by `__GFP_ATOMIC`, since 6.2.
    ((6, 2), "linux-6.12.y"),
    ((6, 1), "linux-6.1.y"),
    ((4, 20), "linux-5.0"),
    // Free lists are looked at, not reckoned with, since 4.4.
    ((4, 4), "linux-4.14"),
    ((3, 0), "linux-3.8"),
    ((0, 0), "linux-2.6.37"),
];

impl Rules {
    /// Those of a profile; of one we do not know, the newest.
    pub(super) fn of_profile(name: &str) -> Rules {
        let known = ["linux-6.1.0", "linux-6.12.0"];
        let mut names = known.into_iter().chain(SINCE.map(|(_, name)| name));
        let profile = names.find(|known| *known == name).unwrap_or(SINCE[0].1);
        let kernel = KmemKernel::of(profile).unwrap_or(KmemKernel {
            gfp: GfpBits::Linux6_12,
            cma: false,
        });
        Rules { profile, kernel }
    }

    /// Those of the generation nearest to a release.
    pub(super) fn of_release(release: Option<&str>) -> Rules {
        let series = release.and_then(|release| {
            let mut numbers = release.split(['.', '-', '+']).map(str::parse::<u32>);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        });
        let since = SINCE
            .iter()
            .find(|(first, _)| series.is_none_or(|series| *first <= series));
        Rules::of_profile(since.map_or(SINCE[0].1, |(_, name)| name))
    }

    /// Whether large blocks are reckoned with: without smaller blocks, half as much must be free
    /// for every order.
    pub(super) fn reckons(self) -> bool {
        matches!(self.profile, "linux-2.6.37" | "linux-3.8")
    }

    /// Whether the caller is one that cannot wait, so that it may go lower (`ALLOC_HARDER`,
    /// `ALLOC_NON_BLOCK`).
    pub(super) fn tries_harder(self, gfp: Gfp) -> bool {
        let waits = gfp.contains(Gfp::DIRECT_RECLAIM);
        let kept_out = gfp.contains(Gfp::NOMEMALLOC);
        match self.profile {
            "linux-2.6.37" => !waits,
            "linux-3.8" => !waits && !kept_out,
            "linux-4.14" | "linux-5.0" | "linux-6.1.0" => gfp.contains(Gfp::ATOMIC) && !kept_out,
            _ => !waits && !kept_out,
        }
    }

    /// How low such a request may go where the watermark is `min` (`__zone_watermark_ok`).
    pub(super) fn mark(self, min: u64, gfp: Gfp) -> u64 {
        let mut mark = min;
        let high = gfp.contains(Gfp::HIGH);
        if high {
            mark -= mark / 2;
        }
        // Since 6.2 it is part of the same reserve.
        let alone = !matches!(
            self.profile,
            "linux-6.1.y" | "linux-6.12.0" | "linux-6.12.y"
        );
        if self.tries_harder(gfp) && (high || alone) {
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
