//! The bits of the raw GFP masks of each kernel.
//!
//! A flag that is missing does not exist in the kernel, or is none of those a recording may name.

use pfnlab_model::Gfp;

/// 2.6.37, without `__GFP_MEMALLOC` and `__GFP_ATOMIC`.
pub(super) const GFP_2_6_37: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::HIGH, 0x20),
    (Gfp::COLD, 0x100),
    (Gfp::NOWARN, 0x200),
    (Gfp::NORETRY, 0x1000),
    (Gfp::COMP, 0x4000),
    (Gfp::ZERO, 0x8000),
    (Gfp::NOMEMALLOC, 0x1_0000),
    (Gfp::HARDWALL, 0x2_0000),
    (Gfp::THISNODE, 0x4_0000),
    (Gfp::RECLAIMABLE, 0x8_0000),
];

/// 3.8.
pub(super) const GFP_3_8: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::HIGH, 0x20),
    (Gfp::COLD, 0x100),
    (Gfp::NOWARN, 0x200),
    (Gfp::NORETRY, 0x1000),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::COMP, 0x4000),
    (Gfp::ZERO, 0x8000),
    (Gfp::NOMEMALLOC, 0x1_0000),
    (Gfp::HARDWALL, 0x2_0000),
    (Gfp::THISNODE, 0x4_0000),
    (Gfp::RECLAIMABLE, 0x8_0000),
    (Gfp::WRITE, 0x100_0000),
];

/// `__GFP_NO_KSWAPD` of 3.8 says the opposite of a later flag: it is set where that is not.
pub(super) const GFP_3_8_NEGATED: &[(Gfp, u32)] = &[(Gfp::KSWAPD_RECLAIM, 0x40_0000)];

/// 4.14.
pub(super) const GFP_4_14: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::COLD, 0x100),
    (Gfp::NOWARN, 0x200),
    (Gfp::NORETRY, 0x1000),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::COMP, 0x4000),
    (Gfp::ZERO, 0x8000),
    (Gfp::NOMEMALLOC, 0x1_0000),
    (Gfp::HARDWALL, 0x2_0000),
    (Gfp::THISNODE, 0x4_0000),
    (Gfp::ATOMIC, 0x8_0000),
    (Gfp::WRITE, 0x80_0000),
    (Gfp::KSWAPD_RECLAIM, 0x100_0000),
];

/// 5.0, without `__GFP_COLD`.
pub(super) const GFP_5_0: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::WRITE, 0x100),
    (Gfp::NOWARN, 0x200),
    (Gfp::NORETRY, 0x1000),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::COMP, 0x4000),
    (Gfp::ZERO, 0x8000),
    (Gfp::NOMEMALLOC, 0x1_0000),
    (Gfp::HARDWALL, 0x2_0000),
    (Gfp::THISNODE, 0x4_0000),
    (Gfp::ATOMIC, 0x8_0000),
    (Gfp::KSWAPD_RECLAIM, 0x40_0000),
];

/// 6.1.
pub(super) const GFP_6_1: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::ZERO, 0x100),
    (Gfp::ATOMIC, 0x200),
    (Gfp::KSWAPD_RECLAIM, 0x800),
    (Gfp::WRITE, 0x1000),
    (Gfp::NOWARN, 0x2000),
    (Gfp::NORETRY, 0x1_0000),
    (Gfp::MEMALLOC, 0x2_0000),
    (Gfp::COMP, 0x4_0000),
    (Gfp::NOMEMALLOC, 0x8_0000),
    (Gfp::HARDWALL, 0x10_0000),
    (Gfp::THISNODE, 0x20_0000),
];

/// 6.12, without `__GFP_ATOMIC`.
pub(super) const GFP_6_12: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::ZERO, 0x100),
    (Gfp::KSWAPD_RECLAIM, 0x800),
    (Gfp::WRITE, 0x1000),
    (Gfp::NOWARN, 0x2000),
    (Gfp::NORETRY, 0x1_0000),
    (Gfp::MEMALLOC, 0x2_0000),
    (Gfp::COMP, 0x4_0000),
    (Gfp::NOMEMALLOC, 0x8_0000),
    (Gfp::HARDWALL, 0x10_0000),
    (Gfp::THISNODE, 0x20_0000),
];
