//! What differs between generations: which frames get a record, what is kept, how it is told.

use pfnlab_model::GfpBits;

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
    pub(crate) bits: GfpBits,
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

impl OwnerPolicy {
    pub(crate) const LINUX_4_14: OwnerPolicy = OwnerPolicy {
        coverage: Coverage::Head,
        on_free: OnFree::Forget,
        on_split: OnSplit::CopyHead,
        text: OwnerText::Mask,
        bits: GfpBits::Linux4_14,
    };

    pub(crate) const LINUX_5_0: OwnerPolicy = OwnerPolicy {
        bits: GfpBits::Linux5_0,
        ..OwnerPolicy::LINUX_4_14
    };

    pub(crate) const LINUX_6_1: OwnerPolicy = OwnerPolicy {
        coverage: Coverage::Every,
        on_free: OnFree::Keep,
        on_split: OnSplit::OrderZero,
        text: OwnerText::Times,
        bits: GfpBits::Linux6_1,
    };

    pub(crate) const LINUX_6_12: OwnerPolicy = OwnerPolicy {
        on_split: OnSplit::NewOrder,
        text: OwnerText::HexPfn,
        bits: GfpBits::Linux6_12,
        ..OwnerPolicy::LINUX_6_1
    };
}
