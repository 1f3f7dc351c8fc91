//! How a kernel was built, and what for.

use pfnlab_model::{Order, ZoneKind};

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
}

/// The zones of an x86-64 kernel.
const X86_64_ZONES: &[ZoneKind] = &[
    ZoneKind::Dma,
    ZoneKind::Dma32,
    ZoneKind::Normal,
    ZoneKind::Movable,
    ZoneKind::Device,
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
