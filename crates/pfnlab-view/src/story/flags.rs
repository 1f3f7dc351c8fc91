//! A walk's internal flags in words.

use crate::generation::Generation;

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
    (KSWAPD, "it may wake kswapd"),
];

const NOFRAGMENT: u32 = 0x100;
const HIGHATOMIC: u32 = 0x200;
const KSWAPD: u32 = 0x800;

/// Which of the watermarks is tested.
pub(super) fn mark(flags: u32) -> &'static str {
    match flags & 3 {
        0 => "min",
        1 => "low",
        _ => "high",
    }
}

/// Whether types must not be mixed in a pageblock.
pub(super) fn unmixed(flags: u32) -> bool {
    flags & NOFRAGMENT != 0
}

/// What the flags allow and forbid, a few words each.
pub(super) fn words(flags: u32, generation: &Generation) -> Vec<&'static str> {
    let today = match flags & HIGHATOMIC {
        0 => flags,
        _ if generation.kswapd_at_200 => flags & !HIGHATOMIC | KSWAPD,
        _ => flags,
    };
    let set = WORDS.iter().filter(|(bit, _)| today & bit != 0);
    set.map(|&(_, words)| words).collect()
}
