//! The tally: outcomes, counted by kind.

use pfnlab_model::{AllocError, MemoryError};

use crate::Outcome;

/// How many operations came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Operations.
    pub ops: u64,
    /// Blocks handed out by `a`.
    pub lent: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// The same by reason, by position in [`RefusalKind::ALL`].
    pub refusals: [u64; RefusalKind::COUNT],
    /// Tickets that were freed.
    pub freed: u64,
    /// Frees and splits of a ticket that names nothing, or nothing of use.
    pub skipped: u64,
    /// Blocks split.
    pub split: u64,
    /// `bulk` requests that were served, in part at least.
    pub bulk: u64,
    /// Frames these got.
    pub bulk_frames: u64,
    /// `exact` requests that were served.
    pub exact: u64,
    /// Objects handed out by `kmalloc` and `cache-alloc`.
    pub objects: u64,
    /// Objects that went back.
    pub objects_freed: u64,
    /// Pages an LRU batch held when their owner gave them up.
    pub kept: u64,
    /// Drains, ticks and writes.
    pub done: u64,
    /// Writes the allocator did not take, and memory that could not come, go, or be had.
    pub rejected: u64,
    /// Operations the allocator does not offer.
    pub unsupported: u64,
}

impl Tally {
    /// Counts one outcome.
    #[inline]
    pub fn count(&mut self, outcome: &Outcome) {
        self.ops += 1;
        match *outcome {
            Outcome::Lent(_) => self.lent += 1,
            Outcome::Refused(error) => {
                self.refused += 1;
                self.refusals[RefusalKind::from(error) as usize] += 1;
            }
            Outcome::Freed(_) | Outcome::FreedRun(_) => self.freed += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Split(_) => self.split += 1,
            Outcome::Bulk { got } => {
                self.bulk += 1;
                self.bulk_frames += u64::from(got);
            }
            Outcome::Exact(_) => self.exact += 1,
            Outcome::Object(_) => self.objects += 1,
            Outcome::ObjectFreed(_) => self.objects_freed += 1,
            Outcome::Kept(_) => self.kept += 1,
            Outcome::Done => self.done += 1,
            Outcome::Unsupported | Outcome::Failed(MemoryError::Unsupported) => {
                self.unsupported += 1;
            }
            Outcome::Rejected | Outcome::Failed(_) => self.rejected += 1,
        }
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Tally) {
        let Tally {
            ops,
            lent,
            refused,
            refusals,
            freed,
            skipped,
            split,
            bulk,
            bulk_frames,
            exact,
            objects,
            objects_freed,
            kept,
            done,
            rejected,
            unsupported,
        } = other;
        self.ops += ops;
        self.lent += lent;
        self.refused += refused;
        for (sum, count) in self.refusals.iter_mut().zip(refusals) {
            *sum += count;
        }
        self.freed += freed;
        self.skipped += skipped;
        self.split += split;
        self.bulk += bulk;
        self.bulk_frames += bulk_frames;
        self.exact += exact;
        self.objects += objects;
        self.objects_freed += objects_freed;
        self.kept += kept;
        self.done += done;
        self.rejected += rejected;
        self.unsupported += unsupported;
    }

    /// Refusals by reason, those that occurred.
    pub fn refusals(&self) -> impl Iterator<Item = (RefusalKind, u64)> {
        let all = RefusalKind::ALL.into_iter().zip(self.refusals);
        all.filter(|&(_, count)| count > 0)
    }
}

/// An [`AllocError`] without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum RefusalKind {
    /// [`AllocError::TooLarge`].
    TooLarge,
    /// [`AllocError::Contradiction`].
    Contradiction,
    /// [`AllocError::NoZone`].
    NoZone,
    /// [`AllocError::Watermark`].
    Watermark,
    /// [`AllocError::Exhausted`].
    Exhausted,
    /// [`AllocError::OutOfMemory`].
    OutOfMemory,
    /// [`AllocError::NoCpu`].
    NoCpu,
    /// [`AllocError::Unsupported`].
    Unsupported,
}

impl RefusalKind {
    /// Every reason.
    pub const ALL: [RefusalKind; 8] = [
        RefusalKind::TooLarge,
        RefusalKind::Contradiction,
        RefusalKind::NoZone,
        RefusalKind::Watermark,
        RefusalKind::Exhausted,
        RefusalKind::OutOfMemory,
        RefusalKind::NoCpu,
        RefusalKind::Unsupported,
    ];

    /// How many reasons there are.
    pub const COUNT: usize = RefusalKind::ALL.len();

    /// A few words for it.
    pub const fn name(self) -> &'static str {
        match self {
            RefusalKind::TooLarge => "order too large",
            RefusalKind::Contradiction => "contradicting flags",
            RefusalKind::NoZone => "no zone allowed",
            RefusalKind::Watermark => "below the watermark",
            RefusalKind::Exhausted => "no block large enough",
            RefusalKind::OutOfMemory => "out of memory",
            RefusalKind::NoCpu => "no such CPU runs",
            RefusalKind::Unsupported => "not offered",
        }
    }
}

impl From<AllocError> for RefusalKind {
    fn from(error: AllocError) -> RefusalKind {
        match error {
            AllocError::TooLarge(_) => RefusalKind::TooLarge,
            AllocError::Contradiction(_) => RefusalKind::Contradiction,
            AllocError::NoZone => RefusalKind::NoZone,
            AllocError::Watermark(_) => RefusalKind::Watermark,
            AllocError::Exhausted(_) => RefusalKind::Exhausted,
            AllocError::OutOfMemory(_) => RefusalKind::OutOfMemory,
            AllocError::NoCpu(_) => RefusalKind::NoCpu,
            AllocError::Unsupported => RefusalKind::Unsupported,
        }
    }
}

impl std::fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
