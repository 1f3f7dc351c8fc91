//! What differs between kernel generations, as data.

use crate::profile::{Policy, Switch, Told, told};
use pfnlab_model::ByteRange;

/// How the boot allocator of one kernel generation behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemblockPolicy {
    /// What a list without entries says of itself.
    pub(crate) empty: EmptyList,
    /// Where the memory that the firmware assigns to nodes may begin.
    pub(crate) node_floor: NodeFloor,
    /// How much memory at address 0 x86 leaves to the firmware.
    pub(crate) low: LowMemory,
    /// Whether memory is cut to whole frames.
    pub(crate) trim: Trim,
    /// Whether reservations learn which node they are on.
    pub(crate) reserved_nodes: ReservedNodes,
    /// Who knows which memory is on which node.
    pub(crate) registry: NodeRegistry,
    /// On which nodes the CPUs of a faked node are.
    pub(crate) faked_cpus: FakedCpus,
    /// How much of memory is taken for a request.
    pub(crate) sizes: Sizes,
    /// Where requests are met that are answered bottom up.
    pub(crate) bottom_up: BottomUp,
    /// What is given up first when a request cannot be met.
    pub(crate) give_up: GiveUp,
    /// When memory is marked as mirrored.
    pub(crate) mirror_marks: MirrorMarks,
}

/// What a list without entries says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmptyList {
    /// It has one entry, of no bytes at address 0.
    OneDummy,
    /// It has none.
    NoEntry,
}

impl Policy for EmptyList {
    const DECIDES: &'static str = "what an empty list of the boot allocator says of itself";

    fn told(self) -> Told {
        match self {
            EmptyList::OneDummy => told("one entry, of no bytes at address 0", "~memblock_init"),
            EmptyList::NoEntry => told("no entry", "the dummy entry is gone"),
        }
    }
}

impl EmptyList {
    pub(super) fn has_dummy(self) -> bool {
        matches!(self, EmptyList::OneDummy)
    }
}

/// Where the memory that the firmware assigns to nodes may begin (`numa_cleanup_meminfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeFloor {
    /// At address 0.
    Zero,
    /// At the first byte of memory (`memblock_start_of_DRAM`).
    StartOfMemory,
}

impl Policy for NodeFloor {
    const DECIDES: &'static str = "where the memory that the firmware assigns to nodes may begin";

    fn told(self) -> Told {
        match self {
            NodeFloor::Zero => told("at address 0", "~numa_cleanup_meminfo"),
            NodeFloor::StartOfMemory => told(
                "at the first byte of memory",
                "~numa_cleanup_meminfo, memblock_start_of_DRAM",
            ),
        }
    }
}

impl NodeFloor {
    /// The address, where memory starts at `memory`.
    pub(crate) fn start(self, memory: u64) -> u64 {
        match self {
            NodeFloor::Zero => 0,
            NodeFloor::StartOfMemory => memory,
        }
    }
}

/// How much memory at address 0 x86 leaves to the firmware, whatever the map says
/// (`trim_bios_range`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LowMemory {
    /// 64 KiB (2.6.37, 3.8); some firmware writes there.
    First64Kib,
    /// The first frame; the rest of the 64 KiB is memory, but reserved.
    FirstFrame,
}

impl Policy for LowMemory {
    const DECIDES: &'static str = "how much memory at address 0 x86 leaves to the firmware";

    fn told(self) -> Told {
        match self {
            LowMemory::First64Kib => told("64 KiB", "trim_bios_range, ~reserve_low"),
            LowMemory::FirstFrame => told(
                "one frame; the rest of the 64 KiB is memory, but reserved",
                "trim_bios_range",
            ),
        }
    }
}

impl LowMemory {
    /// Where it is.
    pub(crate) fn range(self) -> ByteRange {
        let size = match self {
            LowMemory::First64Kib => 64 << 10,
            LowMemory::FirstFrame => 4 << 10,
        };
        ByteRange::sized(0, size)
    }
}

/// Whether memory is cut to whole frames (`memblock_trim_memory`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trim {
    /// It is not (2.6.37): only what is told to the zones is.
    Never,
    /// Right after it was added.
    WholeFrames,
}

impl Policy for Trim {
    const DECIDES: &'static str = "whether memory is cut to whole frames";

    fn told(self) -> Told {
        match self {
            Trim::Never => told("it is not", "~memblock_x86_fill"),
            Trim::WholeFrames => told("right after it was added", "memblock_trim_memory"),
        }
    }
}

impl Trim {
    pub(crate) fn trims(self) -> bool {
        matches!(self, Trim::WholeFrames)
    }
}

/// Whether reservations learn which node they are on (`numa_clear_kernel_node_hotplug`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReservedNodes {
    /// They do not (up to 3.8).
    Unmarked,
    /// They do, when nodes become known.
    Marked,
}

impl Policy for ReservedNodes {
    const DECIDES: &'static str = "whether reservations know which node they are on";

    fn told(self) -> Told {
        match self {
            ReservedNodes::Unmarked => told("they do not", "memblock.reserved"),
            ReservedNodes::Marked => told(
                "they do, once nodes are known",
                "memblock_set_node on memblock.reserved",
            ),
        }
    }
}

impl ReservedNodes {
    pub(crate) fn marks(self) -> bool {
        matches!(self, ReservedNodes::Marked)
    }
}

/// Who knows which memory is on which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeRegistry {
    /// A list beside the boot allocator (`early_node_map`, 2.6.37).
    ActiveRanges,
    /// The boot allocator itself.
    Regions,
}

impl Policy for NodeRegistry {
    const DECIDES: &'static str = "who knows which memory is on which node";

    fn told(self) -> Told {
        match self {
            NodeRegistry::ActiveRanges => told(
                "a list beside the boot allocator",
                "early_node_map, add_active_range",
            ),
            NodeRegistry::Regions => told(
                "the boot allocator itself",
                "CONFIG_HAVE_MEMBLOCK_NODE_MAP, memblock_set_node",
            ),
        }
    }
}

impl NodeRegistry {
    pub(crate) fn is_apart(self) -> bool {
        matches!(self, NodeRegistry::ActiveRanges)
    }
}

/// On which nodes the CPUs of a node are that `numa=fake=` cuts into several (`numa_add_cpu`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FakedCpus {
    /// On one of them each (recorded on 2.6.37 and 3.8).
    OneNode,
    /// On all of them.
    EveryNode,
}

impl Policy for FakedCpus {
    const DECIDES: &'static str =
        "on which nodes the CPUs of a node are that numa=fake= cuts into several";

    fn told(self) -> Told {
        match self {
            FakedCpus::OneNode => told("on one of them each", "~numa_add_cpu"),
            FakedCpus::EveryNode => told("on all of them", "~numa_add_cpu, cpumask_of_node"),
        }
    }
}

/// How much of memory is taken for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// A multiple of the alignment (up to 3.8).
    Aligned,
    /// What was asked for.
    Exact,
}

impl Policy for Sizes {
    const DECIDES: &'static str = "how much of memory the boot allocator takes for a request";

    fn told(self) -> Told {
        match self {
            Sizes::Aligned => told("a multiple of the alignment", "~memblock_alloc_base_nid"),
            Sizes::Exact => told("what was asked for", "~memblock_alloc_range_nid"),
        }
    }
}

impl Sizes {
    /// The bytes taken for `size`, aligned to the power of two `align`.
    pub(crate) fn taken(self, size: u64, align: u64) -> u64 {
        match self {
            Sizes::Aligned => size.checked_next_multiple_of(align).unwrap_or(size),
            Sizes::Exact => size,
        }
    }
}

/// Where requests are met that are answered bottom up (`memblock_find_in_range_node`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BottomUp {
    /// Top down, all the same: there is no such thing (up to 3.8).
    Never,
    /// Above the kernel's image, or else top down (4.14, 5.0).
    AboveKernel,
    /// Anywhere.
    Anywhere,
}

impl Policy for BottomUp {
    const DECIDES: &'static str = "where requests are met that are answered bottom up";

    fn told(self) -> Told {
        match self {
            BottomUp::Never => told("top down, all the same", "~memblock_find_in_range"),
            BottomUp::AboveKernel => told(
                "above the kernel, or else top down",
                "~memblock_find_in_range_node",
            ),
            BottomUp::Anywhere => told("anywhere", "~memblock_find_in_range_node"),
        }
    }
}

impl BottomUp {
    /// From where a request between `from` and `to` is answered bottom up; `None`: it is not.
    pub(crate) fn start(self, from: u64, to: u64, kernel_end: u64) -> Option<u64> {
        match self {
            BottomUp::Never => None,
            BottomUp::AboveKernel => (kernel_end < to).then_some(from.max(kernel_end)),
            BottomUp::Anywhere => Some(from),
        }
    }

    /// Whether a request that was not met so is answered top down.
    pub(crate) fn falls_back(self) -> bool {
        !matches!(self, BottomUp::Anywhere)
    }
}

/// What is given up first when a request cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    /// The lowest address, and then that the memory is mirrored (up to 5.0).
    LowestAddress,
    /// That it is mirrored, and then the lowest address, for mirrored memory once more.
    Mirror,
}

impl Policy for GiveUp {
    const DECIDES: &'static str =
        "what is given up first when the boot allocator cannot meet a request";

    fn told(self) -> Told {
        match self {
            GiveUp::LowestAddress => told(
                "the lowest address, and then that the memory is mirrored",
                "~memblock_virt_alloc_internal",
            ),
            GiveUp::Mirror => told(
                "that it is mirrored, and then the lowest address, for mirrored memory once more",
                "~memblock_alloc_range_nid, ~memblock_alloc_internal",
            ),
        }
    }
}

impl GiveUp {
    pub(crate) fn address_first(self) -> bool {
        matches!(self, GiveUp::LowestAddress)
    }
}

/// When memory is marked as mirrored (`memblock_mark_mirror`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MirrorMarks {
    /// Whenever the firmware says so (4.14, 5.0).
    Always,
    /// When the kernel is to live there, too (`kernelcore=mirror`).
    WhenAsked,
}

impl Policy for MirrorMarks {
    const DECIDES: &'static str = "when memory is marked as mirrored";

    fn told(self) -> Told {
        match self {
            MirrorMarks::Always => told(
                "whenever the firmware says so",
                "memblock_mark_mirror, ~efi_find_mirror",
            ),
            MirrorMarks::WhenAsked => told(
                "when the kernel is to live there, too",
                "memblock_mark_mirror, ~mirrored_kernelcore",
            ),
        }
    }
}

impl MirrorMarks {
    pub(crate) fn holds(self, asked: bool) -> bool {
        match self {
            MirrorMarks::Always => true,
            MirrorMarks::WhenAsked => asked,
        }
    }
}

impl MemblockPolicy {
    /// Whether a faked node has the CPUs of all that were cut from the same one.
    pub fn shares_faked_cpus(self) -> bool {
        self.faked_cpus == FakedCpus::EveryNode
    }

    /// Linux 2.6.37: memory as the firmware has it, nodes in a list of their own.
    pub const LINUX_2_6_37: MemblockPolicy = MemblockPolicy {
        empty: EmptyList::OneDummy,
        node_floor: NodeFloor::Zero,
        low: LowMemory::First64Kib,
        trim: Trim::Never,
        reserved_nodes: ReservedNodes::Unmarked,
        registry: NodeRegistry::ActiveRanges,
        faked_cpus: FakedCpus::OneNode,
        sizes: Sizes::Aligned,
        bottom_up: BottomUp::Never,
        give_up: GiveUp::LowestAddress,
        mirror_marks: MirrorMarks::Always,
    };

    /// Linux 3.8: whole frames, and their nodes (3.3).
    pub const LINUX_3_8: MemblockPolicy = MemblockPolicy {
        trim: Trim::WholeFrames,
        registry: NodeRegistry::Regions,
        ..MemblockPolicy::LINUX_2_6_37
    };

    /// Linux 4.14 and 5.0: reservations have nodes, too, and only the first frame is not memory.
    pub const LINUX_4_14: MemblockPolicy = MemblockPolicy {
        low: LowMemory::FirstFrame,
        reserved_nodes: ReservedNodes::Marked,
        faked_cpus: FakedCpus::EveryNode,
        sizes: Sizes::Exact,
        bottom_up: BottomUp::AboveKernel,
        ..MemblockPolicy::LINUX_3_8
    };

    /// Linux 6.1, any release: bottom up means anywhere, mirrored memory only where wanted.
    pub const LINUX_6_1: MemblockPolicy = MemblockPolicy {
        bottom_up: BottomUp::Anywhere,
        give_up: GiveUp::Mirror,
        mirror_marks: MirrorMarks::WhenAsked,
        ..MemblockPolicy::LINUX_4_14
    };

    /// Linux 6.12, any release: no dummy entry, and the node tables moved to `mm/numa_memblks.c`.
    pub const LINUX_6_12: MemblockPolicy = MemblockPolicy {
        empty: EmptyList::NoEntry,
        node_floor: NodeFloor::StartOfMemory,
        ..MemblockPolicy::LINUX_6_1
    };

    /// What it decides, in words.
    pub(crate) fn switches(self) -> [Switch; 11] {
        let MemblockPolicy {
            empty,
            node_floor,
            low,
            trim,
            reserved_nodes,
            registry,
            faked_cpus,
            sizes,
            bottom_up,
            give_up,
            mirror_marks,
        } = self;
        [
            empty.switch("memblock.empty"),
            node_floor.switch("memblock.node_floor"),
            low.switch("memblock.low"),
            trim.switch("memblock.trim"),
            reserved_nodes.switch("memblock.reserved_nodes"),
            registry.switch("memblock.registry"),
            faked_cpus.switch("memblock.faked_cpus"),
            sizes.switch("memblock.sizes"),
            bottom_up.switch("memblock.bottom_up"),
            give_up.switch("memblock.give_up"),
            mirror_marks.switch("memblock.mirror_marks"),
        ]
    }
}
