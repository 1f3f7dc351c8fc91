//! What a story or a picture must know about a kernel generation.

use pfnlab_model::{Snapshot, generation_of};

/// How a generation does what no event says. Each is written as its difference from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    /// The profile.
    name: &'static str,
    /// Whether frames of like kind speak for claiming a pageblock, and not only free ones.
    pub(crate) counts_alike: bool,
    /// Whether a pageblock can only be claimed if it lies in the zone from its first frame on. Else
    /// it is enough that it ends there.
    pub(crate) claims_whole: bool,
    /// Whether pageblocks are claimed first, and single blocks stolen when that came to nothing.
    pub(crate) claims_first: bool,
    /// Whether a walk tests the high mark first, whatever it names, in zones not known to be below
    /// it.
    pub(crate) high_first: bool,
    /// Whether 0x200 among the flags of a walk is `ALLOC_KSWAPD` rather than `ALLOC_HIGHATOMIC`.
    pub(crate) kswapd_at_200: bool,
    /// Whether the huge pages of all types share one per-CPU list.
    pub(crate) one_huge_list: bool,
}

const LINUX_2_6_37: Generation = Generation {
    name: "linux-2.6.37",
    counts_alike: false,
    claims_whole: false,
    claims_first: false,
    high_first: false,
    kswapd_at_200: false,
    one_huge_list: false,
};

const LINUX_3_8: Generation = Generation {
    name: "linux-3.8",
    ..LINUX_2_6_37
};

const LINUX_4_14: Generation = Generation {
    name: "linux-4.14",
    counts_alike: true,
    ..LINUX_3_8
};

const LINUX_5_0: Generation = Generation {
    name: "linux-5.0",
    kswapd_at_200: true,
    ..LINUX_4_14
};

const LINUX_6_1_0: Generation = Generation {
    name: "linux-6.1.0",
    kswapd_at_200: false,
    one_huge_list: true,
    ..LINUX_5_0
};

const LINUX_6_1_Y: Generation = Generation {
    name: "linux-6.1.y",
    one_huge_list: false,
    ..LINUX_6_1_0
};

const LINUX_6_12_0: Generation = Generation {
    name: "linux-6.12.0",
    claims_whole: true,
    high_first: true,
    ..LINUX_6_1_Y
};

const LINUX_6_12_Y: Generation = Generation {
    name: "linux-6.12.y",
    claims_first: true,
    ..LINUX_6_12_0
};

const ALL: [&Generation; 8] = [
    &LINUX_2_6_37,
    &LINUX_3_8,
    &LINUX_4_14,
    &LINUX_5_0,
    &LINUX_6_1_0,
    &LINUX_6_1_Y,
    &LINUX_6_12_0,
    &LINUX_6_12_Y,
];

impl Generation {
    /// The one a state is of. Nothing special is said of one that is not known.
    pub(crate) fn of(state: Option<&Snapshot>) -> &'static Generation {
        let known = |state: &Snapshot| {
            let name = generation_of(&state.profile);
            ALL.into_iter().find(|one| one.name == name)
        };
        state.and_then(known).unwrap_or(&LINUX_6_1_Y)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use pfnlab_mm::Profile;

    /// What is known here follows from the profile: where a switch is set alike, it is the same.
    #[test]
    fn generations_are_those_of_the_profiles() {
        let names = ALL.map(|one| one.name);
        let profiles = Profile::ALL.iter().map(|profile| profile.name());
        assert_eq!(profiles.collect::<Vec<_>>(), names);
        let check = |switch: &str, knows: fn(&Generation) -> bool| {
            let mut known = BTreeMap::new();
            for (profile, one) in Profile::ALL.iter().zip(ALL) {
                let mut switches = profile.switches().into_iter();
                let set = switches.find(|one| one.name == switch).unwrap().does;
                let before = *known.entry(set).or_insert(knows(one));
                assert_eq!(before, knows(one), "{switch}, {}", one.name);
            }
        };
        check("fallback", |one| one.counts_alike);
        check("fallback", |one| one.claims_whole);
        check("fallback", |one| one.claims_first);
        check("walk", |one| one.high_first);
        check("flag_bits", |one| one.kswapd_at_200);
        check("pcp", |one| one.one_huge_list);
    }
}
