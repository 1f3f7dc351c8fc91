//! Compaction: what is in use is moved to one end of a zone, so that free blocks grow at the other.

use core::fmt;

use crate::{Block, Order, Pfn, ZoneId};

/// What compaction is to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompactGoal {
    /// Everything that can be moved is (`/proc/sys/vm/compact_memory`).
    All,
    /// A block of this order can be had, as the background compactor sees to it (`kcompactd`).
    Order(Order),
    /// Few of the free frames are in blocks too small for a huge page (`proactive_compact_node`;
    /// since 5.9).
    Proactive,
}

/// What came of compacting a zone, the least first (`enum compact_result`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum CompactResult {
    /// Nothing was tried: too little is free to move anything to, or it is not for want of large
    /// blocks that the request fails.
    Skipped,
    /// Nothing was tried: it came to nothing lately.
    Deferred,
    /// It is not finished.
    Continue,
    /// The whole zone was looked through, in vain.
    Complete,
    /// A part of the zone was looked through, in vain.
    PartialSkipped,
    /// There was nowhere to move anything to.
    Contended,
    /// A block can be had.
    Success,
}

impl CompactResult {
    /// The kernel's name for it, without its prefix.
    pub const fn name(self) -> &'static str {
        match self {
            CompactResult::Skipped => "skipped",
            CompactResult::Deferred => "deferred",
            CompactResult::Continue => "continue",
            CompactResult::Complete => "complete",
            CompactResult::PartialSkipped => "partial_skipped",
            CompactResult::Contended => "contended",
            CompactResult::Success => "success",
        }
    }
}

impl fmt::Display for CompactResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A position that compaction remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Scanner {
    /// Where it goes on to look for what can be moved, if it may not wait
    /// (`compact_cached_migrate_pfn[0]`).
    MigrateAsync,
    /// The same if it may (`compact_cached_migrate_pfn[1]`; 3.8 has this one only).
    MigrateSync,
    /// Where it goes on to look for free frames, downward (`compact_cached_free_pfn`).
    Free,
}

/// Something that compaction did. As with [`Event`](crate::Event), the *facts* are complete and the
/// *story* changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum CompactionEvent {
    // ---- the story -------------------------------------------------------------------------
    /// A zone is being compacted.
    Started {
        /// Which zone.
        zone: ZoneId,
        /// What for; `None`: whatever can be moved is.
        order: Option<Order>,
        /// The first frame that is looked at for what can be moved.
        migrate: Pfn,
        /// The pageblock that is looked at first for free frames.
        free: Pfn,
    },
    /// That is over, or was not begun.
    Ended {
        /// Which zone.
        zone: ZoneId,
        /// What came of it.
        result: CompactResult,
        /// How many blocks were moved.
        moved: u32,
        /// How often it looked for what can be moved, and for free frames: a block, or a frame of
        /// none, is one look (about `COMPACTMIGRATE_SCANNED` and `COMPACTFREE_SCANNED`).
        looked: [u64; 2],
    },
    /// A block has grown to what somebody waits for: it is handed to him and was never on a list
    /// (`compaction_capture`).
    Captured {
        /// Which zone.
        zone: ZoneId,
        /// The block.
        block: Block,
    },

    // ---- the facts -------------------------------------------------------------------------
    /// A zone is thought of for the first time: from now on positions are remembered. They are the
    /// ends of the zone.
    Known {
        /// Which zone.
        zone: ZoneId,
    },
    /// A position was remembered.
    ScannerSet {
        /// Which zone.
        zone: ZoneId,
        /// Which position.
        scanner: Scanner,
        /// What it is now.
        at: Pfn,
    },
    /// It is remembered how often compaction failed.
    DeferralSet {
        /// Which zone.
        zone: ZoneId,
        /// How often it was put off since it was last tried.
        considered: u32,
        /// It is tried every 2^this times.
        shift: u8,
        /// The least order that is put off.
        least: u8,
    },
    /// A pageblock is passed over until that is forgotten: nothing was to be had there.
    SkipSet {
        /// Which zone.
        zone: ZoneId,
        /// Its first frame.
        pageblock: Pfn,
    },
    /// It will be forgotten which pageblocks are passed over, when reclaim comes to rest.
    ForgettingDue {
        /// Which zone.
        zone: ZoneId,
    },
    /// It was forgotten which pageblocks are passed over.
    SkipsForgotten {
        /// Which zone.
        zone: ZoneId,
    },
}

impl CompactionEvent {
    /// The zone it is about.
    pub const fn zone(self) -> ZoneId {
        match self {
            CompactionEvent::Started { zone, .. }
            | CompactionEvent::Ended { zone, .. }
            | CompactionEvent::Captured { zone, .. }
            | CompactionEvent::Known { zone }
            | CompactionEvent::ScannerSet { zone, .. }
            | CompactionEvent::DeferralSet { zone, .. }
            | CompactionEvent::SkipSet { zone, .. }
            | CompactionEvent::ForgettingDue { zone }
            | CompactionEvent::SkipsForgotten { zone } => zone,
        }
    }
}
