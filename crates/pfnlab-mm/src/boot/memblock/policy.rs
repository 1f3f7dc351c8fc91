//! What differs between kernel generations, as data.

/// How the boot allocator of one kernel generation behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemblockPolicy {
    /// What a list without entries says of itself.
    pub(crate) empty: EmptyList,
    /// Where the memory that the firmware assigns to nodes may begin.
    pub(crate) node_floor: NodeFloor,
}

/// What a list without entries says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmptyList {
    /// It has one entry, of no bytes at address 0.
    OneDummy,
    /// It has none.
    NoEntry,
}

/// Where the memory that the firmware assigns to nodes may begin (`numa_cleanup_meminfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeFloor {
    /// At address 0.
    Zero,
    /// At the first byte of memory (`memblock_start_of_DRAM`).
    StartOfMemory,
}

impl MemblockPolicy {
    /// Linux 6.1, any release.
    pub const LINUX_6_1: MemblockPolicy = MemblockPolicy {
        empty: EmptyList::OneDummy,
        node_floor: NodeFloor::Zero,
    };

    /// Linux 6.12, any release: no dummy entry, and the node tables moved to `mm/numa_memblks.c`.
    pub const LINUX_6_12: MemblockPolicy = MemblockPolicy {
        empty: EmptyList::NoEntry,
        node_floor: NodeFloor::StartOfMemory,
    };
}
