//! What no kernel was: a generation with one thing otherwise.

use super::{LINUX_4_14, LINUX_5_0, LINUX_6_12_Y, Profile};
use crate::fallback::FallbackPolicy;
use crate::walk::FragmentRule;

/// Linux 4.14 with what 3.8 did when a type runs out: the rest of a pageblock is taken along for large
/// blocks and by reclaimable requests only. No kernel was like that.
pub(super) const LINUX_4_14_STEALS_AS_3_8: Profile = Profile {
    name: "linux-4.14+steals-as-3.8",
    about: "4.14 with the fallback of 3.8; no kernel was like that",
    news: "what is split off a stolen block joins the wanted type's lists, the rest of the pageblock rarely does",
    fallback: FallbackPolicy::LargestAsWanted,
    ..LINUX_4_14
};

/// Linux 5.0 with what 5.1 mended: it says that fragmentation is to be avoided, and heeds it.
pub(super) const LINUX_5_0_NOFRAGMENT: Profile = Profile {
    name: "linux-5.0+nofragment",
    about: "5.0 with fragmentation avoided, as was meant",
    news: "fragmentation avoided",
    fragment: FragmentRule::Avoided,
    ..LINUX_5_0
};

/// Linux 6.12.y that makes room before it mixes types. A model of `vm.defrag_mode` (6.15), made from its
/// public description; no kernel was like that.
pub(super) const LINUX_6_12_Y_DEFRAG_MODE: Profile = Profile {
    name: "linux-6.12.y+defrag-mode",
    about: "6.12.y that makes room before it mixes types; no kernel was like that",
    news: "only pageblocks free as a whole change hands, until reclaim and compaction have made room in vain",
    fragment: FragmentRule::Resisted,
    ..LINUX_6_12_Y
};
