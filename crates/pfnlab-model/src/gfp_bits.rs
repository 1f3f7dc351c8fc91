//! The bits of raw GFP masks, which mean nothing without their generation.

use crate::Gfp;

/// Which bit each flag has in the raw masks of a generation (`___GFP_*`).
///
/// ```
/// use pfnlab_model::{Gfp, GfpBits};
/// assert_eq!(GfpBits::Linux6_12.raw(Gfp::GFP_KERNEL), (0xcc0, Gfp::GFP_KERNEL));
/// assert_eq!(GfpBits::Linux6_12.bit(Gfp::ATOMIC), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GfpBits {
    /// Those of 2.6.37: without `__GFP_MEMALLOC` and `__GFP_ATOMIC`.
    Linux2_6_37,
    /// Those of 3.8. Its `__GFP_NO_KSWAPD` says the opposite of a later flag and is not here.
    Linux3_8,
    /// Those of 4.14.
    Linux4_14,
    /// Those of 5.0: without `__GFP_COLD`.
    Linux5_0,
    /// Those of 6.1.
    Linux6_1,
    /// Those of 6.12: without `__GFP_ATOMIC`.
    Linux6_12,
}

impl GfpBits {
    /// The mask as the generation's number, and the flags that have a bit in it.
    pub fn raw(self, gfp: Gfp) -> (u32, Gfp) {
        let set = Gfp::FLAGS.iter().filter(|(_, flag)| gfp.contains(*flag));
        let known = set.filter_map(|&(_, flag)| Some((self.bit(flag)?, flag)));
        known.fold((0, Gfp::NONE), |(raw, all), (bit, flag)| {
            (raw | bit, all | flag)
        })
    }

    /// The bit of a single flag; `None`: the generation does not have it.
    pub fn bit(self, flag: Gfp) -> Option<u32> {
        let own = match self {
            GfpBits::Linux2_6_37 => LINUX_2_6_37,
            GfpBits::Linux3_8 => LINUX_3_8,
            GfpBits::Linux4_14 => LINUX_4_14,
            GfpBits::Linux5_0 => LINUX_5_0,
            GfpBits::Linux6_1 => return (flag != Gfp::COLD).then_some(flag.bits()),
            GfpBits::Linux6_12 => {
                let gone = flag == Gfp::COLD || flag == Gfp::ATOMIC;
                return (!gone).then_some(flag.bits());
            }
        };
        let mut all = own.iter().chain(BEFORE_6_1);
        all.find(|(known, _)| *known == flag).map(|&(_, bit)| bit)
    }
}

/// What all before 6.1 have in the same place.
const BEFORE_6_1: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::HIGH, 0x20),
    (Gfp::IO, 0x40),
    (Gfp::FS, 0x80),
    (Gfp::NOWARN, 0x200),
    (Gfp::RETRY_MAYFAIL, 0x400),
    (Gfp::NOFAIL, 0x800),
    (Gfp::NORETRY, 0x1000),
    (Gfp::COMP, 0x4000),
    (Gfp::ZERO, 0x8000),
    (Gfp::NOMEMALLOC, 0x1_0000),
    (Gfp::HARDWALL, 0x2_0000),
    (Gfp::THISNODE, 0x4_0000),
];

/// `__GFP_WAIT` is what became direct reclaim.
const LINUX_2_6_37: &[(Gfp, u32)] = &[
    (Gfp::DIRECT_RECLAIM, 0x10),
    (Gfp::COLD, 0x100),
    (Gfp::RECLAIMABLE, 0x8_0000),
];

const LINUX_3_8: &[(Gfp, u32)] = &[
    (Gfp::DIRECT_RECLAIM, 0x10),
    (Gfp::COLD, 0x100),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::RECLAIMABLE, 0x8_0000),
    (Gfp::WRITE, 0x100_0000),
];

const LINUX_4_14: &[(Gfp, u32)] = &[
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::COLD, 0x100),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::ATOMIC, 0x8_0000),
    (Gfp::ACCOUNT, 0x10_0000),
    (Gfp::DIRECT_RECLAIM, 0x40_0000),
    (Gfp::WRITE, 0x80_0000),
    (Gfp::KSWAPD_RECLAIM, 0x100_0000),
];

const LINUX_5_0: &[(Gfp, u32)] = &[
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::WRITE, 0x100),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::ATOMIC, 0x8_0000),
    (Gfp::ACCOUNT, 0x10_0000),
    (Gfp::DIRECT_RECLAIM, 0x20_0000),
    (Gfp::KSWAPD_RECLAIM, 0x40_0000),
];
