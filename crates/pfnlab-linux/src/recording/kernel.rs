//! What a recording's numbers mean: facts about the kernel it was made on.

use pfnlab_model::{Gfp, MigrateType, ZoneKind};

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
    /// The bits of its raw masks. A flag that is not here does not exist in this kernel, and the
    /// recorder ignored it.
    pub(super) gfp_bits: &'static [(Gfp, u32)],
}

/// Every kernel whose recordings can be read.
const KERNELS: &[Kernel] = &[LINUX_6_12, LINUX_6_1];

const LINUX_6_12: Kernel = Kernel {
    name: "6.12",
    profile: "linux-6.12.y",
    gfp_bits: GFP_6_12,
    ..LINUX_6_1
};

const LINUX_6_1: Kernel = Kernel {
    name: "6.1",
    profile: "linux-6.1.y",
    zones: &[
        ZoneKind::Dma,
        ZoneKind::Dma32,
        ZoneKind::Normal,
        ZoneKind::Movable,
        ZoneKind::Device,
    ],
    migratetypes: &[
        MigrateType::Unmovable,
        MigrateType::Movable,
        MigrateType::Reclaimable,
        MigrateType::HighAtomic,
        MigrateType::Isolate,
    ],
    gfp_bits: GFP_6_1,
};

const GFP_6_12: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::ZERO, 0x100),
    (Gfp::KSWAPD_RECLAIM, 0x800),
    (Gfp::WRITE, 0x1000),
    (Gfp::NOWARN, 0x2000),
    (Gfp::NORETRY, 0x1_0000),
    (Gfp::MEMALLOC, 0x2_0000),
    (Gfp::COMP, 0x4_0000),
    (Gfp::NOMEMALLOC, 0x8_0000),
    (Gfp::HARDWALL, 0x10_0000),
    (Gfp::THISNODE, 0x20_0000),
];

const GFP_6_1: &[(Gfp, u32)] = &[
    (Gfp::DMA, 0x1),
    (Gfp::HIGHMEM, 0x2),
    (Gfp::DMA32, 0x4),
    (Gfp::MOVABLE, 0x8),
    (Gfp::RECLAIMABLE, 0x10),
    (Gfp::HIGH, 0x20),
    (Gfp::ZERO, 0x100),
    (Gfp::ATOMIC, 0x200),
    (Gfp::KSWAPD_RECLAIM, 0x800),
    (Gfp::WRITE, 0x1000),
    (Gfp::NOWARN, 0x2000),
    (Gfp::NORETRY, 0x1_0000),
    (Gfp::MEMALLOC, 0x2_0000),
    (Gfp::COMP, 0x4_0000),
    (Gfp::NOMEMALLOC, 0x8_0000),
    (Gfp::HARDWALL, 0x10_0000),
    (Gfp::THISNODE, 0x20_0000),
];

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
        let set = self.gfp_bits.iter().filter(|(flag, _)| gfp.contains(*flag));
        set.fold(0, |raw, (_, bit)| raw | bit)
    }
}
