//! How a kernel was built, and what for.

use pfnlab_model::{Order, ZoneKind};

use crate::Arch;
use crate::memory_model::Model;

/// How a kernel was built, and what for. Sizes are frames unless said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What to call it.
    pub name: &'static str,
    /// The kinds of zone it has, by index.
    pub zones: &'static [ZoneKind],
    /// Memory can be set aside for large contiguous areas (`CONFIG_CMA`): a migratetype.
    pub cma: bool,
    /// Pageblocks can be taken out of use (`CONFIG_MEMORY_ISOLATION`): a migratetype.
    pub isolation: bool,
    /// The largest order (`MAX_PAGE_ORDER`).
    pub top_order: Order,
    /// The order of a pageblock (`pageblock_order`).
    pub pageblock_order: Order,
    /// The order of a transparent huge page, cached per CPU; `None`: not built in.
    pub huge_order: Option<Order>,
    /// Huge pages are on, so `min_free_kbytes` is raised on their behalf.
    pub transparent_hugepage: bool,
    /// The most nodes it can have (`MAX_NUMNODES`): the scale of zonelist scores.
    pub max_nodes: u64,
    /// The data cache a CPU has for itself; a large one lets its lists grow longer before they
    /// are flushed.
    pub cache_slice: u64,
    /// `CONFIG_PCP_BATCH_SCALE_MAX`: a batch is at most doubled this often.
    pub pcp_batch_scale_max: u8,
    /// `CONFIG_DEFERRED_STRUCT_PAGE_INIT`: most memory is initialised, and released, only when the
    /// other CPUs run.
    pub deferred_init: bool,
    /// The architecture.
    pub arch: Arch,
    /// How frames and page descriptors find each other.
    pub memory_model: Model,
    /// Bytes of a page descriptor (`sizeof(struct page)`).
    pub descriptor_bytes: u64,
    /// `CONFIG_MEMORY_HOTREMOVE`: sections can be taken out.
    pub hot_remove: bool,
    /// `CONFIG_PAGE_EXTENSION`: a section's entry also points to what extends its descriptors.
    pub page_extension: bool,
    /// `CONFIG_NUMA_BALANCING` and how many CPUs there can be (`NR_CPUS`): the last user of a page
    /// is in its descriptor.
    pub balancing_cpus: Option<u32>,
}

/// The zones of an x86-64 kernel.
const X86_64_ZONES: &[ZoneKind] = &[
    ZoneKind::Dma,
    ZoneKind::Dma32,
    ZoneKind::Normal,
    ZoneKind::Movable,
    ZoneKind::Device,
];

/// The zones of a 32-bit x86 kernel.
const X86_32_ZONES: &[ZoneKind] = &[
    ZoneKind::Dma,
    ZoneKind::Normal,
    ZoneKind::HighMem,
    ZoneKind::Movable,
];

impl Config {
    /// A distribution's x86-64 kernel: NUMA, hotplug, huge pages of order 9, no CMA.
    pub const X86_64: Config = Config {
        name: "x86_64",
        zones: X86_64_ZONES,
        cma: false,
        isolation: true,
        top_order: Order::MAX,
        pageblock_order: ORDER_9,
        huge_order: Some(ORDER_9),
        transparent_hugepage: true,
        max_nodes: 1024,
        cache_slice: 512,
        pcp_batch_scale_max: 5,
        deferred_init: false,
        arch: Arch::X86_64,
        memory_model: Model::SparseVmemmap,
        descriptor_bytes: 64,
        hot_remove: true,
        page_extension: true,
        balancing_cpus: Some(8192),
    };

    /// The same with huge pages switched off: `min_free_kbytes` stays as computed.
    pub const X86_64_NO_THP: Config = Config {
        name: "x86_64-no-thp",
        transparent_hugepage: false,
        ..Config::X86_64
    };

    /// The same with most memory released late.
    pub const X86_64_DEFERRED: Config = Config {
        name: "x86_64-deferred",
        deferred_init: true,
        ..Config::X86_64
    };

    /// A kernel without device memory (`CONFIG_ZONE_DEVICE`), as one's own build often is.
    pub const X86_64_PLAIN: Config = Config {
        name: "x86_64-plain",
        zones: X86_64_ZONES.split_at(X86_64_ZONES.len() - 1).0,
        hot_remove: false,
        page_extension: false,
        ..Config::X86_64
    };

    /// The same with one array of descriptors, which one node can have (`CONFIG_FLATMEM`).
    pub const X86_64_FLATMEM: Config = Config {
        name: "x86_64-flatmem",
        memory_model: Model::Flat,
        ..Config::X86_64
    };

    /// The same with an array of descriptors a node (`CONFIG_DISCONTIGMEM`).
    pub const X86_64_DISCONTIGMEM: Config = Config {
        name: "x86_64-discontigmem",
        memory_model: Model::Discontig,
        ..Config::X86_64
    };

    /// The same with an array of descriptors a section, and all sections in one table
    /// (`CONFIG_SPARSEMEM_STATIC`).
    pub const X86_64_SPARSEMEM: Config = Config {
        name: "x86_64-sparsemem",
        memory_model: Model::SparseStatic,
        ..Config::X86_64
    };

    /// The same with sections in a table of roots (`CONFIG_SPARSEMEM_EXTREME` without
    /// `CONFIG_SPARSEMEM_VMEMMAP`).
    pub const X86_64_SPARSEMEM_EXTREME: Config = Config {
        name: "x86_64-sparsemem-extreme",
        memory_model: Model::SparseExtreme,
        ..Config::X86_64
    };

    /// A 32-bit x86 kernel with high memory and one array of descriptors.
    pub const X86_32: Config = Config {
        name: "x86_32",
        arch: Arch::X86_32,
        zones: X86_32_ZONES,
        memory_model: Model::Flat,
        descriptor_bytes: 40,
        max_nodes: 1,
        deferred_init: false,
        hot_remove: false,
        page_extension: false,
        balancing_cpus: None,
        ..Config::X86_64
    };

    /// A distribution's arm64 kernel with frames of 4 KiB.
    pub const ARM64: Config = Config {
        name: "arm64",
        arch: Arch::Arm64,
        max_nodes: 64,
        balancing_cpus: Some(512),
        ..Config::X86_64
    };

    /// The same with contiguous memory areas (`CONFIG_CMA`).
    pub const X86_64_CMA: Config = Config {
        name: "x86_64-cma",
        cma: true,
        ..Config::X86_64_PLAIN
    };

    /// The same with neither them nor anything else that takes memory out of use
    /// (`CONFIG_MEMORY_ISOLATION`).
    pub const X86_64_NO_ISOLATION: Config = Config {
        name: "x86_64-no-isolation",
        isolation: false,
        ..Config::X86_64_PLAIN
    };

    /// Every config with a name.
    pub const ALL: &'static [&'static Config] = &[
        &Config::X86_64,
        &Config::X86_64_NO_THP,
        &Config::X86_64_DEFERRED,
        &Config::X86_64_PLAIN,
        &Config::X86_64_CMA,
        &Config::X86_64_NO_ISOLATION,
        &Config::X86_64_FLATMEM,
        &Config::X86_64_DISCONTIGMEM,
        &Config::X86_64_SPARSEMEM,
        &Config::X86_64_SPARSEMEM_EXTREME,
        &Config::X86_32,
        &Config::ARM64,
    ];

    /// The config with this name.
    pub fn by_name(name: &str) -> Option<Config> {
        Config::ALL
            .iter()
            .find(|config| config.name == name)
            .map(|&config| config.clone())
    }

    /// The index of a kind of zone, if the kernel has it.
    #[inline]
    pub fn zone_index(&self, kind: ZoneKind) -> Option<usize> {
        self.zones.iter().position(|&known| known == kind)
    }
}

const ORDER_9: Order = match Order::new(9) {
    Ok(order) => order,
    Err(_) => unreachable!(),
};
