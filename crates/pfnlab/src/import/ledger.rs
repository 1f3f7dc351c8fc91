//! Whose every frame of a trace was, and what the trace does not say of it.

use std::collections::BTreeMap;

use pfnlab_model::{Block, Pfn, PfnRange, Ticket};
use serde::Serialize;

use super::frames::{Frames, Use};

/// What a trace says, and what it does not, counted: nothing is dropped in silence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KmemLedger {
    /// Events of the page allocator.
    pub events: u64,
    /// Events of others: none of ours.
    pub foreign: u64,
    /// Events that the trace says were lost, or written over.
    pub lost: u64,
    /// Requests that were served.
    pub served: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Of them: requests to one node alone (`__GFP_THISNODE`). No event says to which, so that they are
    /// left out.
    pub refused_somewhere: u64,
    /// Requests that got frames which, as far as the trace says, somebody had: these had been given
    /// back unseen.
    pub served_twice: u64,
    /// Flags of requests that are none we know, by mask.
    pub unknown_flags: u64,
    /// Frees.
    pub frees: u64,
    /// Of them: of exactly what a request of the trace got.
    pub frees_whole: u64,
    /// Of a part of it: it had been split.
    pub frees_of_part: u64,
    /// Of several blocks in one.
    pub frees_of_several: u64,
    /// Of frames in use before the trace began: the state at the start has them so.
    pub frees_of_before: u64,
    /// Of frames that were free a moment ago: they were handed out unseen (in bulk, or by
    /// compaction), so nothing is to be given back.
    pub frees_of_unseen: u64,
    /// Of frames in no zone.
    pub frees_outside: u64,
    /// Second events of a free that has one already (`mm_page_free_batched`).
    pub said_twice: u64,
    /// Blocks taken from the free lists with the zone's lock held.
    pub zone_locked: u64,
    /// Frames that went from per-CPU lists back to the free lists.
    pub drained: u64,
    /// How often that was so without a free that made a list too long: somebody wanted all lists empty.
    pub drains_of_all: u64,
    /// Requests served from another migratetype's blocks (`mm_page_alloc_extfrag`).
    pub extfrag: u64,
    /// Of them: such that cut a pageblock of another type in pieces.
    pub fragmenting: u64,
    /// Ranges emptied for contiguous requests: they are not replayed.
    pub contig: u64,
    /// Seconds that pass, each with a tick of every CPU's statistics.
    pub seconds: u64,
    /// Frames requested and not given back by the end.
    pub held_at_end: u64,
}

/// A block somebody has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owned {
    pub(super) block: Block,
    pub(super) ticket: Ticket,
    /// The operation that got it; `None`: it was in use from the start.
    pub(super) step: Option<usize>,
}

/// Who has what.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    live: BTreeMap<Pfn, Owned>,
    pub(super) frames: Frames,
}

impl Owners {
    /// Everything that shares a frame with `range`, ascending.
    pub(super) fn within(&self, range: PfnRange) -> Vec<Owned> {
        let before = self.live.range(..range.start()).next_back();
        let before = before.filter(|(_, owned)| owned.block.range().overlaps(range));
        let inside = self.live.range(range.start()..range.end());
        before
            .into_iter()
            .chain(inside)
            .map(|(_, &owned)| owned)
            .collect()
    }

    /// Somebody has a block, which was `was` at the start if nothing was known of it.
    pub(super) fn give(&mut self, owned: Owned, was: Use) {
        self.frames.set(owned.block, was, Use::Used);
        self.live.insert(owned.block.start(), owned);
    }

    /// Nobody has it any more.
    pub(super) fn take(&mut self, owned: Owned) {
        self.live.remove(&owned.block.start());
        self.frames.set(owned.block, Use::Used, Use::Free);
    }

    /// Frames that somebody has.
    pub(super) fn held(&self) -> u64 {
        self.live.values().map(|owned| owned.block.frames()).sum()
    }
}
