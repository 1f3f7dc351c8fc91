//! What differs between generations: which frames get a record, what is kept, how it is told.

use pfnlab_model::Gfp;

/// How one generation keeps records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerPolicy {
    /// Which frames of a block get a record.
    pub(crate) coverage: Coverage,
    /// What becomes of the record of a page that is freed.
    pub(crate) on_free: OnFree,
    /// What becomes of the record of a block that is split.
    pub(crate) on_split: OnSplit,
    /// What a record says as text.
    pub(crate) text: OwnerText,
    /// Which bits a mask has.
    pub(crate) bits: MaskBits,
}

/// Which frames of a block get a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Up to 5.0: the first.
    Head,
    /// All of them.
    Every,
}

/// What becomes of the record of a page that is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFree {
    /// Up to 5.0: it is gone.
    Forget,
    /// It stays, and says who freed the page and when.
    Keep,
}

/// What becomes of the records of a block that is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSplit {
    /// Up to 5.0: the first one's is copied to the others; all say order 0.
    CopyHead,
    /// Each says order 0.
    OrderZero,
    /// In 6.12: each says the order of the parts.
    NewOrder,
}

/// What a record says as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerText {
    /// Up to 5.0: order and mask; the frame's number in decimal, its flags as number and names.
    Mask,
    /// In 6.1: the process, and when the page was allocated and last freed, besides.
    Times,
    /// In 6.12: the frame's number in hexadecimal, and not when it was freed.
    HexPfn,
}

/// Which bits a mask has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskBits {
    /// Those of 4.14.
    Bits414,
    /// Those of 5.0.
    Bits50,
    /// Those of 6.1.
    Bits61,
    /// Those of 6.12: without `__GFP_ATOMIC`.
    Bits612,
}

impl OwnerPolicy {
    pub(crate) const LINUX_4_14: OwnerPolicy = OwnerPolicy {
        coverage: Coverage::Head,
        on_free: OnFree::Forget,
        on_split: OnSplit::CopyHead,
        text: OwnerText::Mask,
        bits: MaskBits::Bits414,
    };

    pub(crate) const LINUX_5_0: OwnerPolicy = OwnerPolicy {
        bits: MaskBits::Bits50,
        ..OwnerPolicy::LINUX_4_14
    };

    pub(crate) const LINUX_6_1: OwnerPolicy = OwnerPolicy {
        coverage: Coverage::Every,
        on_free: OnFree::Keep,
        on_split: OnSplit::OrderZero,
        text: OwnerText::Times,
        bits: MaskBits::Bits61,
    };

    pub(crate) const LINUX_6_12: OwnerPolicy = OwnerPolicy {
        on_split: OnSplit::NewOrder,
        text: OwnerText::HexPfn,
        bits: MaskBits::Bits612,
        ..OwnerPolicy::LINUX_6_1
    };
}

impl MaskBits {
    /// The mask as the generation's number, and the flags that have a bit in it.
    pub fn raw(self, gfp: Gfp) -> (u32, Gfp) {
        let mut known = Gfp::NONE;
        let mut raw = 0;
        for &(_, flag) in Gfp::FLAGS {
            if !gfp.contains(flag) {
                continue;
            }
            if let Some(bit) = self.bit(flag) {
                raw |= bit;
                known = known | flag;
            }
        }
        (raw, known)
    }

    fn bit(self, flag: Gfp) -> Option<u32> {
        match self {
            MaskBits::Bits414 | MaskBits::Bits50 => {
                let own = match self {
                    MaskBits::Bits414 => BITS_4_14,
                    _ => BITS_5_0,
                };
                let mut all = own.iter().chain(BITS_BEFORE_6);
                all.find(|(known, _)| *known == flag).map(|&(_, bit)| bit)
            }
            MaskBits::Bits61 => (flag != Gfp::COLD).then_some(flag.bits()),
            MaskBits::Bits612 => (flag != Gfp::COLD && flag != Gfp::ATOMIC).then_some(flag.bits()),
        }
    }
}

/// Where 4.14 has a bit of its own.
const BITS_4_14: &[(Gfp, u32)] = &[
    (Gfp::COLD, 0x100),
    (Gfp::DIRECT_RECLAIM, 0x40_0000),
    (Gfp::KSWAPD_RECLAIM, 0x100_0000),
    (Gfp::WRITE, 0x80_0000),
];

/// Where 5.0 has a bit of its own.
const BITS_5_0: &[(Gfp, u32)] = &[
    (Gfp::WRITE, 0x100),
    (Gfp::DIRECT_RECLAIM, 0x20_0000),
    (Gfp::KSWAPD_RECLAIM, 0x40_0000),
];

/// What both have.
const BITS_BEFORE_6: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::IO, 0x40),
    (Gfp::FS, 0x80),
    (Gfp::NOWARN, 0x200),
    (Gfp::RETRY_MAYFAIL, 0x400),
    (Gfp::NOFAIL, 0x800),
    (Gfp::NORETRY, 0x1000),
    (Gfp::MEMALLOC, 0x2000),
    (Gfp::COMP, 0x4000),
    (Gfp::ZERO, 0x8000),
    (Gfp::NOMEMALLOC, 0x1_0000),
    (Gfp::HARDWALL, 0x2_0000),
    (Gfp::THISNODE, 0x4_0000),
    (Gfp::ATOMIC, 0x8_0000),
    (Gfp::ACCOUNT, 0x10_0000),
];
