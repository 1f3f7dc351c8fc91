//! A walk's internal flags in words, and what else a story must know about a kernel generation.

/// What the bits beyond the mark say (`ALLOC_*`). Bits 0x10 and 0x20 were called `ALLOC_HARDER` and
/// `ALLOC_HIGH` before 6.1.y, and meant much the same.
const WORDS: &[(u32, &str)] = &[
    (0x4, "no watermark holds for it"),
    (0x8, "it was chosen to die and may have more"),
    (0x10, "it cannot wait"),
    (0x20, "half of the min reserve is open to it"),
    (0x40, "its cpuset holds"),
    (0x80, "it may use CMA pageblocks"),
    (NOFRAGMENT, "it must not mix types in a pageblock"),
    (
        HIGHATOMIC,
        "pageblocks kept for high-order atomic requests are open to it",
    ),
    (0x800, "it may wake kswapd"),
];

const NOFRAGMENT: u32 = 0x100;
const HIGHATOMIC: u32 = 0x200;

/// Where the bits say something else than today: in 5.0, 0x200 was `ALLOC_KSWAPD`.
const ONCE: &[(&str, u32, &str)] = &[("linux-5.0", HIGHATOMIC, "it may wake kswapd")];

/// Which of the watermarks is tested.
pub(super) fn mark(flags: u32) -> &'static str {
    match flags & 3 {
        0 => "min",
        1 => "low",
        _ => "high",
    }
}

/// Whether a walk tests the high mark first, whatever it names, in zones not known to be below it.
pub(super) fn high_first(profile: &str) -> bool {
    matches!(profile, "linux-6.12.0" | "linux-6.12.y")
}

/// Whether pageblocks are claimed first, and single blocks stolen when that came to nothing.
pub(super) fn claims_first(profile: Option<&str>) -> bool {
    profile == Some("linux-6.12.y")
}

/// Whether a pageblock can only be claimed if it lies in the zone from its first frame on. Up to
/// 6.1 it is enough that it ends there.
pub(super) fn needs_all(profile: Option<&str>) -> bool {
    profile.is_some_and(high_first)
}

/// Whether frames of like kind speak for claiming a pageblock, and not only free ones.
pub(super) fn counts_alike(profile: Option<&str>) -> bool {
    !matches!(profile, Some("linux-2.6.37" | "linux-3.8"))
}

/// Whether types must not be mixed in a pageblock.
pub(super) fn unmixed(flags: u32) -> bool {
    flags & NOFRAGMENT != 0
}

/// What the flags allow and forbid, a few words each.
pub(super) fn words(flags: u32, profile: Option<&str>) -> Vec<&'static str> {
    let set = WORDS.iter().filter(|(bit, _)| flags & bit != 0);
    set.map(|&(bit, words)| {
        let once = ONCE
            .iter()
            .find(|(name, once, _)| Some(*name) == profile && *once == bit);
        once.map_or(words, |&(_, _, words)| words)
    })
    .collect()
}
