//! The parts of a story: events that belong together, with the numbers of their moment.

use pfnlab_model::{
    Block, CompactionEvent, CpuId, End, Event, MemoryEvent, MigrateType, NodeId, Order, PcpField,
    Request, Sysctl, Watermarks, ZoneFlags, ZoneId, ZoneKind, ZoneStat,
};

use crate::generation::Generation;
use crate::text::Line;

use super::look::{FreeCounts, Level, Neighbour, PageblockLook, PcpLook};

/// Something that happened, as a person would tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// A request came in. `highest`: the highest zone it may come from.
    Asked {
        request: Request,
        mt: Option<MigrateType>,
        highest: ZoneKind,
    },
    /// The zones are asked in turn.
    Walk {
        preferred: ZoneId,
        flags: u32,
        generation: &'static Generation,
    },
    /// A zone's watermark let the request in.
    LetIn { zone: ZoneId, level: Option<Level> },
    /// Free frames are not above the mark.
    Low {
        zone: ZoneId,
        free: i64,
        mark: i64,
        level: Option<Level>,
    },
    /// No block is large enough.
    NoBlock {
        zone: ZoneId,
        order: Option<Order>,
        counts: Option<FreeCounts>,
    },
    /// Too little is free in large blocks.
    FewLarge {
        zone: ZoneId,
        from: Order,
        free: i64,
        mark: i64,
    },
    /// Not tested: it was full lately.
    KnownFull { zone: ZoneId },
    /// No zone served, so those are asked, too, that were full lately.
    FullToo,
    /// Noted as full on a node's zonelist.
    NotedFull { node: NodeId, zone: Option<ZoneId> },
    /// What was noted on it was too old.
    Forgotten { node: NodeId },
    /// Let in, but nothing was found.
    Nothing {
        zone: ZoneId,
        /// Types were not to be mixed.
        unmixed: bool,
        counts: Option<FreeCounts>,
    },
    /// A block was taken off a free list, and cut.
    Take(Take),
    /// Free blocks of one list went to another.
    Moved {
        zone: ZoneId,
        from: MigrateType,
        to: MigrateType,
        end: End,
        blocks: Vec<Block>,
    },
    /// Served from blocks of another migratetype.
    Fallback(Fallback),
    /// A pageblock that might have been claimed was not.
    NotClaimed {
        /// The free block that led to it.
        block: Block,
        /// The type whose list that is on.
        from: MigrateType,
        /// Its pageblock.
        pageblock: Option<PageblockLook>,
    },
    /// The kernel warns of a request that must not fail.
    NofailWarned { order: Order },
    /// A pageblock changed its type.
    Retyped {
        block: Block,
        from: Option<MigrateType>,
        to: MigrateType,
    },
    /// A zone's watermark boost changed.
    Boost {
        zone: ZoneId,
        from: Option<u64>,
        to: u64,
    },
    /// A zone's flags changed.
    Flags {
        zone: ZoneId,
        from: Option<ZoneFlags>,
        to: ZoneFlags,
    },
    /// A free block was put on the buddy lists, merged first.
    Put(Put),
    /// Blocks were taken from the head of a per-CPU list.
    PcpTake {
        zone: ZoneId,
        cpu: CpuId,
        list: Line,
        blocks: Vec<Block>,
        left: Option<u64>,
    },
    /// A block was put on a per-CPU list.
    PcpPut {
        zone: ZoneId,
        cpu: CpuId,
        list: Line,
        block: Block,
        end: End,
        after: Option<PcpLook>,
    },
    /// A block was taken from the tail of a per-CPU list, to be given back.
    PcpOff { list: Line, block: Block },
    /// A per-CPU list was filled.
    Refill {
        zone: ZoneId,
        cpu: CpuId,
        list: Line,
        blocks: u32,
        parts: Vec<Beat>,
    },
    /// Per-CPU lists were drained.
    Drain {
        zone: ZoneId,
        cpu: CpuId,
        frames: u32,
        before: Option<PcpLook>,
        flags: ZoneFlags,
        parts: Vec<Beat>,
    },
    /// A per-CPU list adjusted a number.
    Tuned {
        zone: ZoneId,
        cpu: CpuId,
        field: PcpField,
        from: Option<u32>,
        to: u32,
    },
    /// A zone's counter changed.
    Stat {
        zone: ZoneId,
        stat: ZoneStat,
        value: i64,
    },
    /// A CPU's difference changed.
    Diff {
        zone: ZoneId,
        cpu: CpuId,
        stat: ZoneStat,
        from: Option<i8>,
        to: i8,
    },
    /// Pageblocks are kept for high-order atomic requests.
    HighAtomic { zone: ZoneId, frames: u64 },
    /// The background reclaimer was asked.
    Kswapd {
        node: NodeId,
        order: Order,
        highest: Option<ZoneKind>,
    },
    /// The background reclaimer was woken.
    Woken { node: NodeId },
    /// A block was handed out.
    Lent { zone: ZoneId, block: Block },
    /// A block came back.
    Returned { zone: ZoneId, block: Block },
    /// A block that is handed out became single frames.
    LentSplit { block: Block },
    /// Nobody could serve; `gone`: the CPU that asks does not run.
    Refused { gone: Option<CpuId> },
    /// A tunable.
    Sysctl { sysctl: Sysctl, value: u64 },
    /// A zone's watermarks.
    Watermarks { zone: ZoneId, marks: Watermarks },
    /// A client of the allocator did something.
    Client(Event),
    /// Memory came or went, or a range of it was isolated.
    Memory(MemoryEvent),
    /// What is in use was moved together.
    Compaction(CompactionEvent),
    /// What follows from tunables besides, and whatever is new.
    Other(Event),
}

/// A block that was taken off a free list, and how it was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    /// The zone.
    pub(crate) zone: ZoneId,
    /// The list's migratetype.
    pub(crate) list: MigrateType,
    /// The block as it lay on the list.
    pub(crate) found: Block,
    /// What was cut off it, largest first.
    pub(crate) rest: Vec<Buddy>,
    /// What is left.
    pub(crate) taken: Block,
    /// How many blocks the lists of this type held, by order.
    pub(crate) counts: Option<FreeCounts>,
}

/// A free block that was put on the buddy lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Put {
    /// The zone.
    pub(crate) zone: ZoneId,
    /// The buddies it merged with, one order after the other.
    pub(crate) buddies: Vec<Buddy>,
    /// What was put on a list.
    pub(crate) placed: Block,
    /// The list's migratetype.
    pub(crate) mt: MigrateType,
    /// At which end.
    pub(crate) end: End,
    /// The buddy of its parent was free: two merges are likely soon.
    pub(crate) likely: bool,
    /// What the buddy of `placed` was.
    pub(crate) neighbour: Option<Neighbour>,
}

impl Put {
    /// The block before any merge.
    pub(crate) fn came(&self) -> Block {
        self.buddies
            .first()
            .map_or(self.placed, |first| first.block.buddy())
    }
}

/// A buddy that was cut off, or merged with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buddy {
    pub(crate) block: Block,
    /// The type whose list got it, or had it; `None`: it is kept back, or was until now, as a guard.
    pub(crate) list: Option<MigrateType>,
}

impl Buddy {
    pub(crate) fn all(buddies: &[Buddy]) -> Vec<Block> {
        buddies.iter().map(|buddy| buddy.block).collect()
    }

    pub(crate) fn guards(buddies: &[Buddy]) -> Vec<Block> {
        let guards = buddies.iter().filter(|buddy| buddy.list.is_none());
        guards.map(|guard| guard.block).collect()
    }
}

/// A request that was served from blocks of another migratetype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fallback {
    pub(crate) block: Block,
    pub(crate) order: Order,
    pub(crate) wanted: MigrateType,
    pub(crate) from: MigrateType,
    pub(crate) claimed: bool,
    /// What lay on the free lists when the search began.
    pub(crate) counts: Option<FreeCounts>,
    /// The pageblock of the block that was found.
    pub(crate) pageblock: Option<PageblockLook>,
    /// What is known of the kernel.
    pub(crate) generation: &'static Generation,
    /// What was done.
    pub(crate) parts: Vec<Beat>,
}
