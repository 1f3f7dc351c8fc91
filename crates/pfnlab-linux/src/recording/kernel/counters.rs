//! The counters a zone of each kernel has, in the order of its `vm_stat_diff`.
//!
//! Which ones there are depends on the build, too: `NR_ZSPAGES` and `NR_UNACCEPTED` are missing in
//! the pristine 6.1.0 and 6.12.0.

use pfnlab_model::ZoneStat;

/// 2.6.37.
pub(super) const COUNTERS_2_6_37: &[ZoneStat] = &[
    ZoneStat::FreePages,
    ZoneStat::LruInactiveAnon,
    ZoneStat::LruActiveAnon,
    ZoneStat::LruInactiveFile,
    ZoneStat::LruActiveFile,
    ZoneStat::LruUnevictable,
    ZoneStat::Mlock,
    ZoneStat::AnonPages,
    ZoneStat::FileMapped,
    ZoneStat::FilePages,
    ZoneStat::FileDirty,
    ZoneStat::Writeback,
    ZoneStat::SlabReclaimable,
    ZoneStat::SlabUnreclaimable,
    ZoneStat::PageTable,
    ZoneStat::KernelStack,
    ZoneStat::UnstableNfs,
    ZoneStat::Bounce,
    ZoneStat::VmscanWrite,
    ZoneStat::WritebackTemp,
    ZoneStat::IsolatedAnon,
    ZoneStat::IsolatedFile,
    ZoneStat::Shmem,
    ZoneStat::Dirtied,
    ZoneStat::Written,
    ZoneStat::NumaHit,
    ZoneStat::NumaMiss,
    ZoneStat::NumaForeign,
    ZoneStat::NumaInterleave,
    ZoneStat::NumaLocal,
    ZoneStat::NumaOther,
];

/// 3.8.
pub(super) const COUNTERS_3_8: &[ZoneStat] = &[
    ZoneStat::FreePages,
    ZoneStat::LruInactiveAnon,
    ZoneStat::LruActiveAnon,
    ZoneStat::LruInactiveFile,
    ZoneStat::LruActiveFile,
    ZoneStat::LruUnevictable,
    ZoneStat::Mlock,
    ZoneStat::AnonPages,
    ZoneStat::FileMapped,
    ZoneStat::FilePages,
    ZoneStat::FileDirty,
    ZoneStat::Writeback,
    ZoneStat::SlabReclaimable,
    ZoneStat::SlabUnreclaimable,
    ZoneStat::PageTable,
    ZoneStat::KernelStack,
    ZoneStat::UnstableNfs,
    ZoneStat::Bounce,
    ZoneStat::VmscanWrite,
    ZoneStat::VmscanImmediate,
    ZoneStat::WritebackTemp,
    ZoneStat::IsolatedAnon,
    ZoneStat::IsolatedFile,
    ZoneStat::Shmem,
    ZoneStat::Dirtied,
    ZoneStat::Written,
    ZoneStat::NumaHit,
    ZoneStat::NumaMiss,
    ZoneStat::NumaForeign,
    ZoneStat::NumaInterleave,
    ZoneStat::NumaLocal,
    ZoneStat::NumaOther,
    ZoneStat::AnonThps,
    ZoneStat::FreeCma,
];

/// 4.14 and 5.0: most counters became a node's.
pub(super) const COUNTERS_4_14: &[ZoneStat] = &[
    ZoneStat::FreePages,
    ZoneStat::InactiveAnon,
    ZoneStat::ActiveAnon,
    ZoneStat::InactiveFile,
    ZoneStat::ActiveFile,
    ZoneStat::Unevictable,
    ZoneStat::WritePending,
    ZoneStat::Mlock,
    ZoneStat::PageTable,
    ZoneStat::KernelStack,
    ZoneStat::Bounce,
    ZoneStat::FreeCma,
];

/// 6.1.0 and 6.12.0, built without a compressed pool.
pub(super) const COUNTERS_6_1_0: &[ZoneStat] = &[
    ZoneStat::FreePages,
    ZoneStat::InactiveAnon,
    ZoneStat::ActiveAnon,
    ZoneStat::InactiveFile,
    ZoneStat::ActiveFile,
    ZoneStat::Unevictable,
    ZoneStat::WritePending,
    ZoneStat::Mlock,
    ZoneStat::Bounce,
    ZoneStat::FreeCma,
];

/// 6.1.y, built with a compressed pool.
pub(super) const COUNTERS_6_1: &[ZoneStat] = &[
    ZoneStat::FreePages,
    ZoneStat::InactiveAnon,
    ZoneStat::ActiveAnon,
    ZoneStat::InactiveFile,
    ZoneStat::ActiveFile,
    ZoneStat::Unevictable,
    ZoneStat::WritePending,
    ZoneStat::Mlock,
    ZoneStat::Bounce,
    ZoneStat::Zspages,
    ZoneStat::FreeCma,
];

/// 6.12.y, built for confidential guests, too.
pub(super) const COUNTERS_6_12: &[ZoneStat] = &[
    ZoneStat::FreePages,
    ZoneStat::InactiveAnon,
    ZoneStat::ActiveAnon,
    ZoneStat::InactiveFile,
    ZoneStat::ActiveFile,
    ZoneStat::Unevictable,
    ZoneStat::WritePending,
    ZoneStat::Mlock,
    ZoneStat::Bounce,
    ZoneStat::Zspages,
    ZoneStat::FreeCma,
    ZoneStat::Unaccepted,
];
