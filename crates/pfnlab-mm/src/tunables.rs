//! What can be written to `/proc/sys/vm`.

use alloc::vec::Vec;

use pfnlab_model::{Event, GlobalState, Observer, Sysctl, ZoneKind};

use crate::pagesets::is_fraction;
use crate::profile::{Policy, Told, told};
use crate::{Mm, Profile};

/// The largest `watermark_scale_factor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScaleLimit {
    /// There is no such tunable (up to 4.5).
    Unknown,
    /// A tenth of a zone (up to 5.0).
    Tenth,
    /// Three tenths (since 6.1).
    ThreeTenths,
}

impl Policy for ScaleLimit {
    const DECIDES: &'static str = "the largest watermark_scale_factor";

    fn told(self) -> Told {
        match self {
            ScaleLimit::Unknown => told("there is no such tunable", "none up to 3.8"),
            ScaleLimit::Tenth => told("1000: a tenth of a zone", "watermark_scale_factor"),
            ScaleLimit::ThreeTenths => {
                told("3000: three tenths of a zone", "watermark_scale_factor")
            }
        }
    }
}

/// What a `percpu_pagelist_fraction` of 0 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FractionZero {
    /// Nothing: it cannot be written, so there is no way back (up to 3.8).
    Refused,
    /// That lists are sized by batches again (since 3.16).
    Batches,
}

impl Policy for FractionZero {
    const DECIDES: &'static str = "what writing 0 to percpu_pagelist_fraction means";

    fn told(self) -> Told {
        match self {
            FractionZero::Refused => {
                told("nothing: it cannot be written", "percpu_pagelist_fraction")
            }
            FractionZero::Batches => told(
                "lists are sized by batches again",
                "percpu_pagelist_fraction",
            ),
        }
    }
}

/// What a `lowmem_reserve_ratio` of 0 means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RatioZero {
    /// The same as 1: everything is withheld (up to 4.14).
    One,
    /// Nothing is withheld (since 4.16).
    Off,
}

impl Policy for RatioZero {
    const DECIDES: &'static str = "what a lowmem_reserve_ratio of 0 means";

    fn told(self) -> Told {
        match self {
            RatioZero::One => told(
                "the same as 1: everything is withheld",
                "setup_per_zone_lowmem_reserve",
            ),
            RatioZero::Off => told(
                "nothing is withheld",
                "setup_per_zone_lowmem_reserve (4.16)",
            ),
        }
    }
}

/// What can be written to `/proc/sys/vm`.
#[derive(Clone, Debug)]
pub(crate) struct Tunables {
    pub(crate) min_free_kbytes: u64,
    pub(crate) user_min_free_kbytes: Option<u64>,
    pub(crate) watermark_scale_factor: u64,
    pub(crate) watermark_boost_factor: u64,
    pub(crate) percpu_pagelist_high_fraction: u64,
    pub(crate) percpu_pagelist_fraction: u64,
    /// By zone index.
    pub(crate) lowmem_reserve_ratio: Vec<u64>,
    /// If somebody wrote it.
    pub(crate) compaction_proactiveness: Option<u64>,
}

impl Tunables {
    /// What they are before anybody writes.
    pub(crate) fn defaults(profile: &Profile, zones: &[ZoneKind]) -> Tunables {
        let top = zones.last();
        let ratio = |kind: &ZoneKind| match (kind, profile.ratio_zero) {
            (ZoneKind::Dma | ZoneKind::Dma32, _) => 256,
            (ZoneKind::Normal, _) => 32,
            // Nothing is above the highest zone, so it has no ratio.
            (kind, RatioZero::One) if Some(kind) != top => 32,
            _ => 0,
        };
        let boost_factor = if profile.boost.is_known() { 15_000 } else { 0 };
        Tunables {
            min_free_kbytes: 0,
            user_min_free_kbytes: None,
            watermark_scale_factor: 10,
            watermark_boost_factor: boost_factor,
            percpu_pagelist_high_fraction: 0,
            percpu_pagelist_fraction: 0,
            lowmem_reserve_ratio: zones.iter().map(ratio).collect(),
            compaction_proactiveness: None,
        }
    }

    /// Those a snapshot speaks of.
    pub(crate) fn resumed(global: &GlobalState) -> Tunables {
        Tunables {
            min_free_kbytes: global.min_free_kbytes,
            user_min_free_kbytes: global.user_min_free_kbytes,
            watermark_scale_factor: global.watermark_scale_factor,
            watermark_boost_factor: global.watermark_boost_factor,
            percpu_pagelist_high_fraction: global.percpu_pagelist_high_fraction,
            percpu_pagelist_fraction: global.percpu_pagelist_fraction,
            lowmem_reserve_ratio: global.lowmem_reserve_ratio.clone(),
            compaction_proactiveness: global.compaction_proactiveness,
        }
    }
}

impl Profile {
    /// Whether there is such a tunable, if the kernel was built with the zone it is about.
    ///
    /// ```
    /// use pfnlab_mm::Profile;
    /// use pfnlab_model::Sysctl;
    /// let has = |name| Profile::by_name(name).unwrap().has_tunable(Sysctl::CompactionProactiveness);
    /// assert!(!has("linux-5.0") && has("linux-6.1.0"));
    /// ```
    pub fn has_tunable(&self, sysctl: Sysctl) -> bool {
        match sysctl {
            Sysctl::WatermarkScaleFactor => self.scale_limit != ScaleLimit::Unknown,
            Sysctl::WatermarkBoostFactor => self.boost.is_known(),
            Sysctl::PercpuPagelistHighFraction => !self.pcp.is_single(),
            Sysctl::PercpuPagelistFraction => self.pcp.is_single(),
            Sysctl::CompactionProactiveness => self.compaction.is_proactive(),
            _ => true,
        }
    }

    /// Whether a tunable exists and may be this.
    fn takes(&self, sysctl: Sysctl, value: u64) -> bool {
        let largest_scale = match self.scale_limit {
            ScaleLimit::Unknown => 0,
            ScaleLimit::Tenth => 1000,
            ScaleLimit::ThreeTenths => 3000,
        };
        let allowed = match sysctl {
            Sysctl::WatermarkScaleFactor => (1..=largest_scale).contains(&value),
            Sysctl::PercpuPagelistHighFraction => is_fraction(value),
            Sysctl::PercpuPagelistFraction => {
                let back = value == 0;
                is_fraction(value) && !(back && self.fraction_zero == FractionZero::Refused)
            }
            Sysctl::CompactionProactiveness => value <= 100,
            _ => true,
        };
        self.has_tunable(sysctl) && allowed && value <= u64::from(u32::MAX >> 1)
    }
}

impl Mm {
    /// Writes a tunable; everything that follows from it is computed anew.
    ///
    /// # Errors
    /// When the kernel would refuse the value.
    pub(crate) fn write_tunable(
        &mut self,
        sysctl: Sysctl,
        value: u64,
        observer: &mut impl Observer,
    ) -> Result<(), (Sysctl, u64)> {
        let ratio = match sysctl.reserve_ratio_of() {
            Some(kind) => Some(self.config.zone_index(kind).ok_or((sysctl, value))?),
            None => None,
        };
        if !self.profile.takes(sysctl, value) {
            return Err((sysctl, value));
        }
        let value = match (ratio, self.profile.ratio_zero) {
            (Some(_), RatioZero::One) => value.max(1),
            _ => value,
        };
        observer.event(Event::SysctlSet { sysctl, value });
        let tunables = &mut self.tunables;
        match (sysctl, ratio) {
            (_, Some(zone)) => {
                tunables.lowmem_reserve_ratio[zone] = value;
                self.set_lowmem_reserves(observer);
            }
            (Sysctl::MinFreeKbytes, None) => {
                tunables.min_free_kbytes = value;
                tunables.user_min_free_kbytes = Some(value);
                self.set_watermarks(observer);
            }
            (Sysctl::WatermarkScaleFactor, None) => {
                tunables.watermark_scale_factor = value;
                self.set_watermarks(observer);
            }
            (Sysctl::PercpuPagelistHighFraction, None) => {
                tunables.percpu_pagelist_high_fraction = value;
                self.set_populated_pagesets(0, observer);
            }
            (Sysctl::PercpuPagelistFraction, None) => {
                tunables.percpu_pagelist_fraction = value;
                self.set_populated_pagesets(0, observer);
            }
            (Sysctl::CompactionProactiveness, None) => {
                tunables.compaction_proactiveness = Some(value);
            }
            (_, None) => {
                tunables.watermark_boost_factor = value;
                for zone in &mut self.zones {
                    zone.boost_factor = value;
                }
            }
        }
        Ok(())
    }
}
