//! What happens when memory comes and goes, and when a range of it is isolated.

use crate::{
    Block, MemoryStep, MigrateType, NodeId, Order, Pfn, PfnRange, Reclaimer, ZoneId, ZoneKind,
};

/// Something that happened to a range of frames, or follows from it. As with
/// [`Event`](crate::Event), the *facts* are complete and the *story* changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum MemoryEvent {
    // ---- the story -------------------------------------------------------------------------
    /// Everybody concerned was told.
    Notified {
        /// What.
        step: MemoryStep,
        /// Of which frames.
        range: PfnRange,
        /// Somebody objected.
        vetoed: bool,
    },
    /// All pageblocks of a range are isolated: nothing is handed out from there.
    RangeIsolated {
        /// The frames.
        range: PfnRange,
    },
    /// A range cannot be isolated.
    IsolationRefused {
        /// The frames.
        range: PfnRange,
        /// The first frame that cannot be moved, or the pageblock somebody else has isolated.
        at: Pfn,
    },
    /// The pageblocks of a range are isolated no more.
    IsolationUndone {
        /// The frames.
        range: PfnRange,
    },
    /// What was in one block is in another one now (`migrate_pages`).
    Migrated {
        /// Where it was.
        from: Block,
        /// Where it is.
        to: Block,
    },

    /// Those who have memory were asked to give some up (`shrink_node`).
    Reclaimed {
        /// Of which node.
        node: NodeId,
        /// By whom.
        by: Reclaimer,
        /// How many frames they looked at (`PGSCAN_KSWAPD`, `PGSCAN_DIRECT`).
        looked_at: u64,
        /// How many they gave up (`PGSTEAL_KSWAPD`, `PGSTEAL_DIRECT`).
        frames: u64,
    },
    /// A request waits for others to give memory up (`ALLOCSTALL`).
    WaitedForReclaim {
        /// It may come from zones up to this kind.
        highest: ZoneKind,
    },
    /// Memory was compacted for a request that waits (`COMPACTSTALL`), and the zones were asked again.
    CompactedFor {
        /// The order that was wanted.
        order: Order,
        /// It was had (`COMPACTSUCCESS`), or not (`COMPACTFAIL`).
        served: bool,
    },
    /// Nothing else helped: somebody lost all it had (`oom_kill_process`).
    OomKilled {
        /// The order of the request that failed.
        order: Order,
    },

    // ---- the facts -------------------------------------------------------------------------
    /// Sections were plugged in; they are offline.
    Added {
        /// Their frames.
        range: PfnRange,
        /// Their node.
        node: NodeId,
    },
    /// Sections that were offline were taken out.
    Removed {
        /// Their frames.
        range: PfnRange,
    },
    /// The frames of sections that were offline belong to a zone now, in use by nobody.
    Joined {
        /// The zone.
        zone: ZoneId,
        /// The frames.
        range: PfnRange,
        /// The type their pageblocks begin with.
        mt: MigrateType,
    },
    /// Frames, on no list any more, belong to no zone: their sections are offline.
    Left {
        /// The zone they were in.
        zone: ZoneId,
        /// The frames.
        range: PfnRange,
    },
    /// Frames of a zone that were in use by nobody are the allocator's.
    Released {
        /// The zone.
        zone: ZoneId,
        /// The frames.
        range: PfnRange,
    },
    /// What came back just now is with those who had memory from the start.
    Kept {
        /// The zone.
        zone: ZoneId,
        /// What.
        block: Block,
    },
    /// A block that was in use from the start came back.
    Yielded {
        /// The zone.
        zone: ZoneId,
        /// What.
        block: Block,
    },
    /// Frames of a contiguous memory area were taken.
    AreaTaken {
        /// Which area.
        area: u16,
        /// The frames.
        range: PfnRange,
    },
    /// Frames of a contiguous memory area were given back.
    AreaReturned {
        /// Which area.
        area: u16,
        /// The frames.
        range: PfnRange,
    },
    /// The number of a zone's isolated pageblocks changed.
    IsolatedSet {
        /// The zone.
        zone: ZoneId,
        /// What it is now.
        pageblocks: u64,
    },
    /// A zone spans other frames.
    SpanSet {
        /// The zone.
        zone: ZoneId,
        /// What it spans now.
        span: PfnRange,
    },
    /// A node spans other frames.
    NodeSpanSet {
        /// The node.
        node: NodeId,
        /// What it spans now.
        span: PfnRange,
    },
    /// Another number of frames exists in a zone.
    PresentSet {
        /// The zone.
        zone: ZoneId,
        /// What it is now.
        frames: u64,
    },
    /// Another number of frames exists on a node.
    NodePresentSet {
        /// The node.
        node: NodeId,
        /// What it is now.
        frames: u64,
    },
    /// A zone's allocator has another number of frames.
    ManagedSet {
        /// The zone.
        zone: ZoneId,
        /// What it is now.
        frames: u64,
    },
    /// The machine's allocator has another number of frames.
    TotalRamSet {
        /// What it is now.
        frames: u64,
    },
    /// What is kept free was computed anew.
    MinFreeSet {
        /// What it is now, in KiB.
        kbytes: u64,
    },
    /// A zone has its first memory: every CPU got lists, with nothing on them: batch 1, and every other
    /// number 0.
    ListsMade {
        /// The zone.
        zone: ZoneId,
    },
    /// A zone has lost its last memory, and the lists of every CPU with it.
    ListsGone {
        /// The zone.
        zone: ZoneId,
    },
    /// The zonelists of a node are being built anew, and are empty.
    ZonelistsEmptied {
        /// The node.
        node: NodeId,
    },
    /// A zone was appended to a zonelist.
    ZonelistGrew {
        /// Whose list.
        node: NodeId,
        /// The one for requests that stay on the node.
        this_node: bool,
        /// The zone.
        zone: ZoneId,
    },
}
