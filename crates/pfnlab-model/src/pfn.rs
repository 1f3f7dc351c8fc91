//! Page frame numbers, and half-open ranges of them.

use core::fmt;

use crate::Order;

/// A page frame number: the physical address divided by the page size (4 KiB unless a config says
/// otherwise). Two positions cannot be added; a distance in frames can be added to one.
///
/// ```
/// use pfnlab_model::{Order, Pfn};
/// let pfn = Pfn::new(0x1a2b3);
/// assert_eq!(pfn.align_down(Order::new(4).unwrap()), Pfn::new(0x1a2b0));
/// assert_eq!(pfn.to_string(), "0x1a2b3");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Pfn(u64);

impl Pfn {
    /// Every frame of a machine lies below this: 16 TiB of addresses with 4 KiB frames.
    pub const LIMIT: Pfn = Pfn(1 << 32);

    /// The frame with this number.
    pub const fn new(number: u64) -> Pfn {
        Pfn(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The frame `frames` further up.
    ///
    /// # Panics
    /// When the result does not fit in 64 bits.
    pub const fn offset(self, frames: u64) -> Pfn {
        Pfn(self.0 + frames)
    }

    /// How many frames lie between `earlier` (inclusive) and this one (exclusive).
    ///
    /// # Panics
    /// When `earlier` lies behind this frame.
    pub const fn since(self, earlier: Pfn) -> u64 {
        assert!(earlier.0 <= self.0, "a distance runs upward");
        self.0 - earlier.0
    }

    /// The start of the block of `order` that holds this frame.
    pub const fn align_down(self, order: Order) -> Pfn {
        Pfn(self.0 & !(order.frames() - 1))
    }

    /// The first frame at or behind this one at which a block of `order` can start.
    pub const fn align_up(self, order: Order) -> Pfn {
        Pfn((self.0 + order.frames() - 1) & !(order.frames() - 1))
    }

    /// Whether a block of `order` can start here.
    pub const fn is_aligned(self, order: Order) -> bool {
        self.0 & (order.frames() - 1) == 0
    }
}

impl fmt::Display for Pfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Pfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pfn:{:#x}", self.0)
    }
}

/// A half-open run of frames: `start <= pfn && pfn < end`.
///
/// ```
/// use pfnlab_model::{Pfn, PfnRange};
/// let range = PfnRange::new(Pfn::new(1), Pfn::new(0x9f)).unwrap();
/// assert_eq!(range.frames(), 158);
/// assert!(!range.contains(Pfn::new(0x9f)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "(Pfn, Pfn)", into = "(Pfn, Pfn)")
)]
pub struct PfnRange {
    start: Pfn,
    end: Pfn,
}

impl PfnRange {
    /// The frames from `start` up to, not including, `end`; `None` when they run backward.
    pub const fn new(start: Pfn, end: Pfn) -> Option<PfnRange> {
        if start.0 <= end.0 {
            Some(PfnRange { start, end })
        } else {
            None
        }
    }

    /// `frames` frames from `start` on.
    ///
    /// # Panics
    /// When the end does not fit in 64 bits.
    pub const fn sized(start: Pfn, frames: u64) -> PfnRange {
        PfnRange {
            start,
            end: start.offset(frames),
        }
    }

    /// The first frame.
    pub const fn start(self) -> Pfn {
        self.start
    }

    /// The first frame that no longer belongs to the range.
    pub const fn end(self) -> Pfn {
        self.end
    }

    /// How many frames the range holds.
    pub const fn frames(self) -> u64 {
        self.end.0 - self.start.0
    }

    /// Whether it holds none.
    pub const fn is_empty(self) -> bool {
        self.start.0 == self.end.0
    }

    /// Whether `pfn` lies in it.
    pub const fn contains(self, pfn: Pfn) -> bool {
        self.start.0 <= pfn.0 && pfn.0 < self.end.0
    }

    /// Whether every frame of `other` lies in it.
    pub const fn covers(self, other: PfnRange) -> bool {
        self.start.0 <= other.start.0 && other.end.0 <= self.end.0
    }

    /// The frames that lie in both; empty when there are none.
    pub fn intersection(self, other: PfnRange) -> PfnRange {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        PfnRange {
            start,
            end: end.max(start),
        }
    }

    /// Whether they share a frame.
    pub fn overlaps(self, other: PfnRange) -> bool {
        !self.intersection(other).is_empty()
    }
}

impl fmt::Display for PfnRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl fmt::Debug for PfnRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pfn:{self}")
    }
}

impl TryFrom<(Pfn, Pfn)> for PfnRange {
    type Error = &'static str;
    fn try_from((start, end): (Pfn, Pfn)) -> Result<PfnRange, &'static str> {
        PfnRange::new(start, end).ok_or("a range of frames does not run backward")
    }
}

impl From<PfnRange> for (Pfn, Pfn) {
    fn from(range: PfnRange) -> (Pfn, Pfn) {
        (range.start, range.end)
    }
}
