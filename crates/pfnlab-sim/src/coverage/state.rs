//! A state: what one operation went through.

use pfnlab_model::{MigrateType, Op, Order, Refusal};

use crate::RefusalKind;

/// What one operation went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// What was asked.
    pub asked: Asked,
    /// The order asked for, or given back; 0 of what has none.
    pub order: Order,
    /// The type asked for by flags; of what comes back, that of the list it was put on first.
    pub mt: Option<MigrateType>,
    /// How long the free list was that was touched first; `None`: none was, or it is not shown.
    pub list: Option<Length>,
    /// How many times a block was halved, at most.
    pub split: u8,
    /// How many times a block was doubled, at most.
    pub merged: u8,
    /// Whose list served a request of another type.
    pub fallback: Option<Fallback>,
    /// Why the last zone that was passed over was.
    pub passed: Option<Passed>,
    /// Why the request was refused.
    pub refused: Option<RefusalKind>,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Asked {
    /// A block.
    Block,
    /// Single frames at once.
    Bulk,
    /// Frames in a row.
    Exact,
    /// To take a block back.
    Free,
    /// To take a block apart.
    Split,
    /// To empty per-CPU lists.
    Drain,
}

impl Asked {
    /// What an operation asks; `None`: nothing of the lists of an allocator.
    pub fn of(op: &Op) -> Option<Asked> {
        match op {
            Op::Alloc { .. } => Some(Asked::Block),
            Op::Bulk { .. } => Some(Asked::Bulk),
            Op::Exact { .. } => Some(Asked::Exact),
            Op::Free { .. } => Some(Asked::Free),
            Op::Split { .. } => Some(Asked::Split),
            Op::Drain { .. } => Some(Asked::Drain),
            _ => None,
        }
    }

    /// The word for it in a trace.
    pub const fn name(self) -> &'static str {
        match self {
            Asked::Block => "a",
            Asked::Bulk => "bulk",
            Asked::Exact => "exact",
            Asked::Free => "f",
            Asked::Split => "split",
            Asked::Drain => "drain",
        }
    }
}

/// How long a free list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Length {
    /// Nothing is on it.
    Empty,
    /// One block.
    One,
    /// Up to seven.
    Few,
    /// More.
    Many,
}

impl Length {
    /// The class of a list of so many blocks.
    pub const fn of(blocks: u32) -> Length {
        match blocks {
            0 => Length::Empty,
            1 => Length::One,
            2..=7 => Length::Few,
            _ => Length::Many,
        }
    }

    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Length::Empty => "empty",
            Length::One => "one",
            Length::Few => "2 to 7",
            Length::Many => "8 or more",
        }
    }
}

/// A request was served from blocks of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fallback {
    /// Whose list it was.
    pub from: MigrateType,
    /// Whether the pageblock changed its type.
    pub claimed: bool,
}

/// Why a zone was passed over: [`Refusal`] without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Passed {
    /// [`Refusal::BelowMark`].
    BelowMark,
    /// [`Refusal::NoLargeBlock`].
    NoLargeBlock,
    /// [`Refusal::FewLarge`].
    FewLarge,
    /// [`Refusal::NothingFound`].
    NothingFound,
    /// [`Refusal::KnownFull`].
    KnownFull,
}

impl Passed {
    /// A few words for it.
    pub const fn name(self) -> &'static str {
        match self {
            Passed::BelowMark => "below its mark",
            Passed::NoLargeBlock => "no large block",
            Passed::FewLarge => "few large blocks",
            Passed::NothingFound => "nothing found",
            Passed::KnownFull => "known to be full",
        }
    }
}

impl From<Refusal> for Passed {
    fn from(why: Refusal) -> Passed {
        match why {
            Refusal::BelowMark { .. } => Passed::BelowMark,
            Refusal::NoLargeBlock => Passed::NoLargeBlock,
            Refusal::FewLarge { .. } => Passed::FewLarge,
            Refusal::NothingFound => Passed::NothingFound,
            Refusal::KnownFull => Passed::KnownFull,
        }
    }
}

impl State {
    /// All of it in a number, no two alike.
    ///
    /// ```text
    ///   31   28 27  24 23 20 19   16 15  12 11   9 8   6 5     3 2    0
    ///   [refused|fallback|merged|split|order |passed|  mt |  list |asked]
    /// ```
    #[inline]
    pub(super) fn number(self) -> u32 {
        // Each part is 0 where there is nothing, and fits: there are few of each.
        let mt = self.mt.map_or(0, |mt| 1 + mt as u32);
        let list = self.list.map_or(0, |list| 1 + list as u32);
        let passed = self.passed.map_or(0, |passed| 1 + passed as u32);
        let refused = self.refused.map_or(0, |refused| 1 + refused as u32);
        let fallback = self.fallback.map_or(0, |fallback| {
            (1 + fallback.from as u32) | u32::from(fallback.claimed) << 3
        });
        let order = u32::from(self.order.get());
        refused << 28
            | fallback << 24
            | u32::from(self.merged) << 20
            | u32::from(self.split) << 16
            | order << 12
            | passed << 9
            | mt << 6
            | list << 3
            | self.asked as u32
    }
}
