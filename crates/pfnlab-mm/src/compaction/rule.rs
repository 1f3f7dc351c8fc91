//! In what generations compact differently.

use crate::profile::{Policy, Told, told};

/// How a zone is compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompactionRule {
    /// From its ends on, every time; whoever needs a block above order 3 (2.6.37).
    FromTheEnds,
    /// From where it was left off on, pageblocks where nothing is to be had passed over; put off for
    /// orders for which it failed (3.8).
    Remembered,
    /// The same, remembered once for those who may not wait and once for those who may; there is a
    /// background compactor (4.14, 5.0).
    RememberedTwice,
    /// The same, and a pageblock that was begun is finished, and what has grown is handed out without
    /// ever being on a list; before anybody fails of it, too (6.1).
    Finishing,
    /// The same, and what is moved and where to may be of several frames (6.12).
    AnySize,
}

impl Policy for CompactionRule {
    const DECIDES: &'static str = "how a zone is compacted";

    fn told(self) -> Told {
        match self {
            CompactionRule::FromTheEnds => {
                told("from its ends on, frame by frame", "compact_zone (2.6.35)")
            }
            CompactionRule::Remembered => told(
                "from where it was left off on; pageblocks with nothing to be had are passed over",
                "compact_cached_migrate_pfn, PB_migrate_skip (3.7)",
            ),
            CompactionRule::RememberedTwice => told(
                "the same, remembered once for those who may not wait and once for those who may; in the background, too",
                "compact_cached_migrate_pfn[2], kcompactd (4.6)",
            ),
            CompactionRule::Finishing => told(
                "the same; a pageblock that was begun is finished; ahead of need, too",
                "finish_pageblock (5.1), proactive_compact_node (5.9)",
            ),
            CompactionRule::AnySize => told(
                "the same; what is moved, and where to, may be of several frames",
                "~compaction_alloc, cc->freepages by order (6.9)",
            ),
        }
    }
}

impl CompactionRule {
    /// Whether positions are remembered, and pageblocks passed over.
    pub(crate) fn remembers(self) -> bool {
        self != CompactionRule::FromTheEnds
    }

    /// Whether what may not wait has a position of its own.
    pub(crate) fn has_async_position(self) -> bool {
        !matches!(
            self,
            CompactionRule::FromTheEnds | CompactionRule::Remembered
        )
    }

    /// Whether it is put off for orders for which it failed, and not for all.
    pub(crate) fn defers_by_order(self) -> bool {
        self != CompactionRule::FromTheEnds
    }

    /// Whether the oldest tests say if it is worth while, and when it is done.
    pub(crate) fn tests_low_mark(self) -> bool {
        !self.has_async_position()
    }

    /// Whether there is a background compactor.
    pub(crate) fn has_background(self) -> bool {
        self.has_async_position()
    }

    /// Whether it compacts before anybody fails.
    pub(crate) fn is_proactive(self) -> bool {
        self.finishes_pageblocks()
    }

    /// Whether who looks for free frames in a hurry passes frames over, and ever more of them in
    /// pageblocks without free ones.
    pub(crate) fn strides(self) -> bool {
        self.finishes_pageblocks()
    }

    /// Whether a pageblock that was begun is finished.
    pub(crate) fn finishes_pageblocks(self) -> bool {
        matches!(self, CompactionRule::Finishing | CompactionRule::AnySize)
    }

    /// Whether a pageblock is finished before other types are robbed of it.
    pub(crate) fn finishes_for_robbers(self) -> bool {
        self == CompactionRule::RememberedTwice
    }

    /// Whether blocks of several frames are moved, and targets kept as large as they are.
    pub(crate) fn moves_blocks(self) -> bool {
        self == CompactionRule::AnySize
    }

    /// Whether a block that grows goes straight to who waits for it.
    pub(crate) fn captures(self) -> bool {
        self.finishes_pageblocks()
    }

    /// Whether a part of a movable pageblock goes so to a movable request.
    pub(crate) fn captures_parts_for_movable(self) -> bool {
        self == CompactionRule::AnySize
    }

    /// Whether a request counts as compacted for although it was put off everywhere.
    pub(crate) fn counts_deferred(self) -> bool {
        self.finishes_pageblocks()
    }
}
