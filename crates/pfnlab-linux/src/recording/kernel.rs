//! What a recording's numbers mean: facts about the kernel it was made on.
//!
//! - [`counters`]: the counters of a zone, in order.
//! - [`fields`]: the fields of a snapshot.

mod counters;
mod fields;

use pfnlab_model::{Gfp, GfpBits, MigrateType, ZoneFlags, ZoneKind, ZoneStat};

use super::SnapshotProblem;
use counters::{COUNTERS_4_14, COUNTERS_6_1_0};
use fields::{
    FIELDS_2_6_37, FIELDS_3_8, FIELDS_4_14, FIELDS_5_0, FIELDS_5_0_CMA, FIELDS_6_1, FIELDS_6_1_0,
    FIELDS_6_12, FIELDS_6_12_0, Fields,
};

/// A recorded kernel.
#[derive(Debug)]
pub(super) struct Kernel {
    /// The name in its snapshots.
    pub(super) name: &'static str,
    /// The profile that behaves like it.
    pub(super) profile: &'static str,
    /// Its zones, by index (`enum zone_type`).
    pub(super) zones: &'static [ZoneKind],
    /// Its migratetypes, by number (`enum migratetype`).
    pub(super) migratetypes: &'static [MigrateType],
    /// The counters of a zone, in order.
    pub(super) counters: &'static [ZoneStat],
    /// What its snapshots call a counter; case does not matter.
    pub(super) counter_name: fn(ZoneStat) -> &'static str,
    /// The bits of its raw masks. A flag that has none does not exist in this kernel, and the
    /// recorder ignored it.
    pub(super) gfp_bits: GfpBits,
    /// The bits that are set where a flag is not.
    pub(super) gfp_negated: &'static [(Gfp, u32)],
    /// Whether the allocator alone decides when to wake kswapd.
    pub(super) wakes_kswapd: bool,
    /// Whether a page can be freed as cold in the CPU cache (`free_hot_cold_page`).
    pub(super) frees_cold: bool,
    /// Whether a CPU keeps how many requests each node served until the next fold
    /// (`vm_numa_stat_diff`).
    pub(super) counts_by_node: bool,
    /// The flags of a zone that mean what they mean here.
    pub(super) zone_flags: ZoneFlags,
    /// The fields its snapshots have, beside those that all have.
    pub(super) fields: Fields,
}

/// Every kernel whose recordings can be read.
const KERNELS: &[Kernel] = &[
    LINUX_6_12,
    LINUX_6_12_0,
    LINUX_6_1,
    LINUX_6_1_0,
    LINUX_5_0_CMA,
    LINUX_5_0,
    LINUX_4_14,
    LINUX_3_8,
    LINUX_2_6_37,
];

const LINUX_6_12: Kernel = Kernel {
    name: "6.12",
    profile: "linux-6.12.y",
    zones: WITH_DEVICE,
    counters: ZoneStat::LINUX_6_12,
    counter_name: ZoneStat::symbol,
    fields: FIELDS_6_12,
    ..LINUX_6_12_0
};

const LINUX_6_12_0: Kernel = Kernel {
    name: "6.12.0",
    profile: "linux-6.12.0",
    gfp_bits: GfpBits::Linux6_12,
    zone_flags: ZoneFlags::BOOSTED
        .with(ZoneFlags::RECLAIM_ACTIVE)
        .with(ZoneFlags::BELOW_HIGH),
    fields: FIELDS_6_12_0,
    ..LINUX_6_1_0
};

const LINUX_6_1: Kernel = Kernel {
    name: "6.1",
    profile: "linux-6.1.y",
    zones: WITH_DEVICE,
    counters: ZoneStat::LINUX_6_1,
    counter_name: ZoneStat::symbol,
    fields: FIELDS_6_1,
    ..LINUX_6_1_0
};

const LINUX_6_1_0: Kernel = Kernel {
    name: "6.1.0",
    profile: "linux-6.1.0",
    migratetypes: WITH_ISOLATION,
    counters: COUNTERS_6_1_0,
    gfp_bits: GfpBits::Linux6_1,
    counts_by_node: false,
    fields: FIELDS_6_1_0,
    ..LINUX_5_0
};

const LINUX_5_0_CMA: Kernel = Kernel {
    name: "5.0-cma",
    migratetypes: WITH_CMA,
    fields: FIELDS_5_0_CMA,
    ..LINUX_5_0
};

const LINUX_5_0: Kernel = Kernel {
    name: "5.0",
    profile: "linux-5.0",
    gfp_bits: GfpBits::Linux5_0,
    frees_cold: false,
    // 5.0 has no second flag; the recorder sets its bit all the same.
    zone_flags: ZoneFlags::BOOSTED.with(ZoneFlags::RECLAIM_ACTIVE),
    fields: FIELDS_5_0,
    ..LINUX_4_14
};

const LINUX_4_14: Kernel = Kernel {
    name: "4.14",
    profile: "linux-4.14",
    migratetypes: WITH_HIGHATOMIC,
    counters: COUNTERS_4_14,
    gfp_bits: GfpBits::Linux4_14,
    gfp_negated: &[],
    counts_by_node: true,
    wakes_kswapd: false,
    fields: FIELDS_4_14,
    ..LINUX_3_8
};

const LINUX_3_8: Kernel = Kernel {
    name: "3.8",
    profile: "linux-3.8",
    counters: ZoneStat::LINUX_3_8,
    gfp_bits: GfpBits::Linux3_8,
    // `__GFP_NO_KSWAPD` says the opposite of a later flag.
    gfp_negated: &[(Gfp::KSWAPD_RECLAIM, 0x40_0000)],
    fields: FIELDS_3_8,
    ..LINUX_2_6_37
};

const LINUX_2_6_37: Kernel = Kernel {
    name: "2.6.37",
    profile: "linux-2.6.37",
    zones: &[
        ZoneKind::Dma,
        ZoneKind::Dma32,
        ZoneKind::Normal,
        ZoneKind::Movable,
    ],
    migratetypes: WITH_RESERVE,
    counters: ZoneStat::LINUX_2_6_37,
    counter_name: ZoneStat::name,
    gfp_bits: GfpBits::Linux2_6_37,
    gfp_negated: &[],
    wakes_kswapd: true,
    frees_cold: true,
    counts_by_node: false,
    zone_flags: ZoneFlags::NONE,
    fields: FIELDS_2_6_37,
};

/// The zones of a kernel with `CONFIG_ZONE_DEVICE`.
const WITH_DEVICE: &[ZoneKind] = &[
    ZoneKind::Dma,
    ZoneKind::Dma32,
    ZoneKind::Normal,
    ZoneKind::Movable,
    ZoneKind::Device,
];

/// The migratetypes up to 4.3.
const WITH_RESERVE: &[MigrateType] = &[
    MigrateType::Unmovable,
    MigrateType::Reclaimable,
    MigrateType::Movable,
    MigrateType::Reserve,
    MigrateType::Isolate,
];

/// Those since 4.4.
const WITH_HIGHATOMIC: &[MigrateType] = &[
    MigrateType::Unmovable,
    MigrateType::Movable,
    MigrateType::Reclaimable,
    MigrateType::HighAtomic,
];

/// Those of a kernel with `CONFIG_MEMORY_ISOLATION`.
const WITH_ISOLATION: &[MigrateType] = &[
    MigrateType::Unmovable,
    MigrateType::Movable,
    MigrateType::Reclaimable,
    MigrateType::HighAtomic,
    MigrateType::Isolate,
];

/// Those of a kernel with `CONFIG_CMA`, too.
const WITH_CMA: &[MigrateType] = &[
    MigrateType::Unmovable,
    MigrateType::Movable,
    MigrateType::Reclaimable,
    MigrateType::HighAtomic,
    MigrateType::Cma,
    MigrateType::Isolate,
];

/// The flags no recording may name: no recorded request waits, and none is charged to a group.
const NEVER_NAMED: Gfp = Gfp::DIRECT_RECLAIM
    .union(Gfp::IO)
    .union(Gfp::FS)
    .union(Gfp::RETRY_MAYFAIL)
    .union(Gfp::NOFAIL)
    .union(Gfp::ACCOUNT)
    .union(Gfp::ZEROTAGS);

impl Kernel {
    /// The kernel that snapshots call `name`.
    pub(super) fn by_name(name: &str) -> Option<&'static Kernel> {
        KERNELS.iter().find(|kernel| kernel.name == name)
    }

    /// The zone with this index.
    pub(super) fn zone(&self, index: u64) -> Option<ZoneKind> {
        self.zones.get(usize::try_from(index).ok()?).copied()
    }

    /// The migratetype with this number.
    pub(super) fn migratetype(&self, number: u64) -> Option<MigrateType> {
        self.migratetypes
            .get(usize::try_from(number).ok()?)
            .copied()
    }

    /// The mask the kernel was really given for these flags.
    pub(super) fn raw_gfp(&self, gfp: Gfp) -> u32 {
        let (set, _) = self.gfp_bits.raw(gfp.without(NEVER_NAMED));
        let negated = self.gfp_negated.iter();
        let negated = negated.filter(|(flag, _)| !gfp.contains(*flag));
        negated.fold(set, |raw, (_, bit)| raw | bit)
    }

    /// The flags with these bits; `None` when one of them is not understood.
    pub(super) fn zone_flags(&self, bits: u32) -> Option<ZoneFlags> {
        let flags = ZoneFlags::from_bits(bits);
        self.zone_flags.contains(flags).then_some(flags)
    }

    /// A field that must be there when this kernel has it, and must not when it has not.
    pub(super) fn field<T>(
        &self,
        name: &'static str,
        value: Option<T>,
    ) -> Result<Option<T>, SnapshotProblem> {
        let known = self.fields.iter().any(|group| group.contains(&name));
        match value {
            None if known => Err(SnapshotProblem::Missing { name }),
            Some(_) if !known => Err(SnapshotProblem::Field { name }),
            value => Ok(value),
        }
    }

    /// The same; 0 or empty when the kernel does not have it.
    pub(super) fn field_or_default<T: Default>(
        &self,
        name: &'static str,
        value: Option<T>,
    ) -> Result<T, SnapshotProblem> {
        Ok(self.field(name, value)?.unwrap_or_default())
    }
}
