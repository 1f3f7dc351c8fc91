//! Events: what happened, one fact each, told after it is true.

use alloc::vec::Vec;

use crate::{
    Block, CompactionEvent, CpuId, LruEvent, MemoryEvent, MigrateType, NodeId, Order, PageExtEvent,
    Request, SlabEvent, Sysctl, Watermarks, ZoneFlags, ZoneId, ZoneKind, ZoneStat,
};

/// Which end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum End {
    /// The front: taken first.
    Head,
    /// The back: taken last.
    Tail,
}

/// A number that a per-CPU list keeps about itself (`struct per_cpu_pages`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum PcpField {
    /// How many frames it may hold before it is drained.
    High,
    /// The least `High` may become.
    HighMin,
    /// The most `High` may become.
    HighMax,
    /// How many frames are moved at once.
    Batch,
    /// Bit 0: the last free was of a high order. Bit 1: the CPU cache is large. Bit 2:
    /// [`PcpState::NUMA_COUNTED`](crate::PcpState::NUMA_COUNTED).
    Flags,
    /// How often the refill was doubled.
    AllocFactor,
    /// Up to 6.1: how often the drain was doubled.
    FreeFactor,
    /// How many frames were freed lately.
    FreeCount,
    /// Folds left until a list of a remote zone is drained.
    Expire,
}

/// Why a zone was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Refusal {
    /// Free frames are not above the watermark and the reserve.
    BelowMark {
        /// Free frames as the test counts them.
        free: i64,
        /// The frames that must be exceeded.
        mark: i64,
    },
    /// Enough is free, but no block is large enough.
    NoLargeBlock,
    /// Enough is free, but too little of it in large blocks (up to 3.8).
    FewLarge {
        /// Blocks below this order are left out.
        order: Order,
        /// Free frames of the others, as they would be without those asked for but one.
        free: i64,
        /// The frames that must be exceeded, half as many with every order.
        mark: i64,
    },
    /// The test passed, but the lists had nothing to give.
    NothingFound,
    /// It was found full lately, so it was not tested (up to 3.8).
    KnownFull,
}

/// Something that happened. Past tense, one fact, sent after the state changed.
///
/// The *facts* are complete: applied in order to a snapshot of before
/// ([`Snapshot::apply`](crate::Snapshot::apply)) they give the snapshot of after, in every field.
/// The *story* changes nothing and says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Event {
    // ---- the story -------------------------------------------------------------------------
    /// A request was made.
    Asked(Request),
    /// The zonelist was walked from its preferred zone.
    WalkStarted {
        /// The preferred zone: the first one allowed.
        preferred: ZoneId,
        /// The internal flags, `ALLOC_*`, of the generation.
        alloc_flags: u32,
    },
    /// A zone was passed over.
    ZoneRefused {
        /// Which zone.
        zone: ZoneId,
        /// Why.
        why: Refusal,
    },
    /// No zone served, so the walk began anew and asked those, too, that were known to be full
    /// (up to 3.8).
    FullZonesAsked,
    /// A block was taken apart into its two halves.
    Split {
        /// The zone.
        zone: ZoneId,
        /// The block before.
        block: Block,
    },
    /// Two free buddies became one block.
    Merged {
        /// The zone.
        zone: ZoneId,
        /// The block after.
        block: Block,
    },
    /// A request of one migratetype was served from blocks of another (`mm_page_alloc_extfrag`).
    FellBack {
        /// The zone.
        zone: ZoneId,
        /// The block that was found.
        block: Block,
        /// The order wanted.
        order: Order,
        /// The migratetype wanted.
        wanted: MigrateType,
        /// The migratetype whose list it was on.
        from: MigrateType,
        /// Whether its pageblock now belongs to the wanted type.
        claimed: bool,
    },
    /// A pageblock that a request of another migratetype might have claimed was left to its own:
    /// the search goes on (`__rmqueue_claim`).
    NotClaimed {
        /// The zone.
        zone: ZoneId,
        /// The free block that led to it.
        block: Block,
        /// The migratetype whose list that is on.
        from: MigrateType,
    },
    /// A request that must not fail, of an order above 1, reached a zone's lists: a kernel warns
    /// of it, once (`__GFP_NOFAIL`).
    NofailWarned {
        /// The zone.
        zone: ZoneId,
        /// The order.
        order: Order,
    },
    /// A per-CPU list was refilled.
    PcpRefilled {
        /// The zone.
        zone: ZoneId,
        /// Whose list.
        cpu: CpuId,
        /// Which list.
        list: u8,
        /// How many blocks were moved to it.
        blocks: u32,
    },
    /// Per-CPU lists were drained.
    PcpDrained {
        /// The zone.
        zone: ZoneId,
        /// Whose lists.
        cpu: CpuId,
        /// How many frames were given back to the buddy lists.
        frames: u32,
    },
    /// A request was refused.
    Refused(Request),
    /// Another number of clients holds a block that was handed out.
    HeldBy {
        /// The block.
        block: Block,
        /// How many do.
        holders: u32,
    },
    /// A client that keeps objects did something.
    Slab(SlabEvent),
    /// The batches in front of the LRU lists did something.
    Lru(LruEvent),
    /// The extension of page descriptors did something.
    PageExt(PageExtEvent),

    // ---- the facts -------------------------------------------------------------------------
    /// A block was handed out.
    Lent {
        /// The zone it came from.
        zone: ZoneId,
        /// The block.
        block: Block,
    },
    /// A block came back.
    Returned {
        /// The zone it belongs to.
        zone: ZoneId,
        /// The block.
        block: Block,
    },
    /// A block that was handed out became single frames, each handed out on its own.
    LentSplit {
        /// The zone it belongs to.
        zone: ZoneId,
        /// The block before.
        block: Block,
    },
    /// A block was put on a free list.
    Linked {
        /// The zone.
        zone: ZoneId,
        /// The block.
        block: Block,
        /// The list's migratetype.
        mt: MigrateType,
        /// At which end.
        end: End,
    },
    /// A block was taken off a free list.
    Unlinked {
        /// The zone.
        zone: ZoneId,
        /// The block.
        block: Block,
        /// The list's migratetype.
        mt: MigrateType,
    },
    /// An upper half that was left over is kept back: it is on no list, and no free memory
    /// (`set_page_guard`).
    Guarded {
        /// The zone.
        zone: ZoneId,
        /// The half.
        block: Block,
    },
    /// A half that was kept back is free again, to merge with the lower one (`clear_page_guard`).
    Unguarded {
        /// The zone.
        zone: ZoneId,
        /// The half.
        block: Block,
    },
    /// A block was put on a per-CPU list.
    PcpLinked {
        /// The zone.
        zone: ZoneId,
        /// Whose list.
        cpu: CpuId,
        /// Which list.
        list: u8,
        /// The block.
        block: Block,
        /// The migratetype noted on it, in generations that note one.
        noted: Option<MigrateType>,
        /// At which end.
        end: End,
    },
    /// A block was taken off a per-CPU list.
    PcpUnlinked {
        /// The zone.
        zone: ZoneId,
        /// Whose list.
        cpu: CpuId,
        /// Which list.
        list: u8,
        /// The block.
        block: Block,
        /// From which end.
        end: End,
    },
    /// A per-CPU list adjusted one of its numbers.
    PcpTuned {
        /// The zone.
        zone: ZoneId,
        /// Whose list.
        cpu: CpuId,
        /// Which number.
        field: PcpField,
        /// What it is now.
        value: u32,
    },
    /// A zone's counter changed.
    StatSet {
        /// The zone.
        zone: ZoneId,
        /// Which counter.
        stat: ZoneStat,
        /// What it is now.
        value: i64,
    },
    /// A CPU's difference to a zone's counter changed.
    DiffSet {
        /// The zone.
        zone: ZoneId,
        /// Whose difference.
        cpu: CpuId,
        /// Which counter.
        stat: ZoneStat,
        /// What it is now.
        value: i8,
    },
    /// A zone's flags changed.
    FlagsSet {
        /// The zone.
        zone: ZoneId,
        /// What they are now.
        flags: ZoneFlags,
    },
    /// A zone's watermark boost changed.
    BoostSet {
        /// The zone.
        zone: ZoneId,
        /// What it is now, in frames.
        frames: u64,
    },
    /// A pageblock got another migratetype.
    Retyped {
        /// The pageblock.
        block: Block,
        /// What it is now.
        mt: MigrateType,
    },
    /// A zone's account of pageblocks kept for high-order atomic requests changed.
    HighAtomicReserved {
        /// The zone.
        zone: ZoneId,
        /// What it is now, in frames.
        frames: u64,
    },
    /// The number of free frames in such pageblocks changed.
    HighAtomicFree {
        /// The zone.
        zone: ZoneId,
        /// What it is now, in frames.
        frames: u64,
    },
    /// A node's background reclaimer was asked for work.
    KswapdAsked {
        /// The node.
        node: NodeId,
        /// The largest order anyone asked for.
        order: Order,
        /// The highest zone anyone asked for; 3.8: the highest those who asked for the largest
        /// order would do with. `None`: it is not noted (2.6.37).
        highest: Option<ZoneKind>,
    },
    /// A node's background reclaimer was woken (told of requests up to 3.8).
    KswapdWoken {
        /// The node.
        node: NodeId,
    },
    /// A node's background reclaimer went to sleep.
    KswapdSlept {
        /// The node.
        node: NodeId,
    },
    /// A zone was found full, and that was noted on a node's zonelist (up to 3.8).
    ZoneNotedFull {
        /// Whose zonelist.
        node: NodeId,
        /// The position of the zone on it.
        at: u32,
    },
    /// It was forgotten which zones of a node's zonelist were full: that was more than a second
    /// ago (up to 3.8).
    FullZonesForgotten {
        /// Whose zonelist.
        node: NodeId,
    },
    /// A page was freed into a zone that reclaim had looked through or given up on: it starts
    /// anew (up to 3.8).
    ReclaimEncouraged {
        /// The zone.
        zone: ZoneId,
    },
    /// A CPU began or ceased to run (`set_cpu_online`).
    CpuSet {
        /// Which.
        cpu: CpuId,
        /// Whether it runs now.
        online: bool,
    },
    /// How far a CPU's differences to a zone's counters may grow was computed.
    ThresholdSet {
        /// The zone.
        zone: ZoneId,
        /// Whose differences.
        cpu: CpuId,
        /// Beyond this they are folded.
        threshold: u8,
    },
    /// It was computed below how many free frames a zone's folded count may deceive.
    DriftMarkSet {
        /// The zone.
        zone: ZoneId,
        /// How many.
        frames: u64,
    },
    /// A tunable was written, or follows from one that was.
    SysctlSet {
        /// Which.
        #[cfg_attr(feature = "serde", serde(serialize_with = "as_text"))]
        sysctl: Sysctl,
        /// What it is now.
        value: u64,
    },
    /// A zone's watermarks were computed.
    WatermarksSet {
        /// The zone.
        zone: ZoneId,
        /// What they are now, without boost.
        marks: Watermarks,
    },
    /// What a zone withholds from requests that could go higher was computed.
    LowmemReserveSet {
        /// The zone.
        zone: ZoneId,
        /// The highest zone of such requests.
        highest: ZoneKind,
        /// How many frames are withheld from them.
        frames: u64,
    },
    /// The frames of a zone that may not be filled with dirty pages were computed (3.8).
    DirtyReserveSet {
        /// The zone.
        zone: ZoneId,
        /// How many frames.
        frames: u64,
    },
    /// The frames no user can have were computed, for a node or (`None`) the machine.
    TotalReserveSet {
        /// Whose.
        node: Option<NodeId>,
        /// How many frames.
        frames: u64,
    },
    /// The limits of a zone's per-CPU lists were computed.
    PagesetSet {
        /// The zone.
        zone: ZoneId,
        /// The least high mark.
        high_min: u32,
        /// The most.
        high_max: u32,
        /// The batch.
        batch: u32,
    },
    /// Memory came or went, or a range of it was isolated. Some of these are the story.
    Memory(MemoryEvent),
    /// What is in use was moved so that free blocks grow. Some of these are the story.
    Compaction(CompactionEvent),
}

#[cfg(feature = "serde")]
fn as_text<S: serde::Serializer>(
    value: &impl core::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Somebody who is told. `()` listens to nothing and costs nothing.
///
/// ```
/// use pfnlab_model::{Event, Observer};
/// struct Splits(u32);
/// impl Observer for Splits {
///     fn event(&mut self, event: Event) {
///         self.0 += u32::from(matches!(event, Event::Split { .. }));
///     }
/// }
/// ```
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: Event);
}

impl Observer for () {
    #[inline(always)]
    fn event(&mut self, _: Event) {}
}

impl<O: Observer + ?Sized> Observer for &mut O {
    #[inline]
    fn event(&mut self, event: Event) {
        (**self).event(event);
    }
}

/// Both are told, the first one first.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn event(&mut self, event: Event) {
        self.0.event(event);
        self.1.event(event);
    }
}

/// A tape: keeps everything.
impl Observer for Vec<Event> {
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}
