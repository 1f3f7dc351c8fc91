//! The counters every zone keeps.

macro_rules! zone_stats {
    ($($(#[$doc:meta])* $variant:ident = $symbol:literal, $name:literal;)*) => {
        /// A counter every zone keeps (`enum zone_stat_item`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[repr(u8)]
        pub enum ZoneStat {
            $($(#[$doc])* $variant,)*
        }

        impl ZoneStat {
            /// Every counter any generation has.
            pub const ALL: &'static [ZoneStat] = &[$(ZoneStat::$variant),*];
            /// How many there are.
            pub const COUNT: usize = ZoneStat::ALL.len();

            /// The kernel's symbol.
            pub const fn symbol(self) -> &'static str {
                match self { $(ZoneStat::$variant => $symbol,)* }
            }

            /// The name in `/proc/zoneinfo`.
            pub const fn name(self) -> &'static str {
                match self { $(ZoneStat::$variant => $name,)* }
            }
        }
    };
}

zone_stats! {
    /// Free frames.
    FreePages = "NR_FREE_PAGES", "nr_free_pages";
    /// On the inactive list of anonymous memory.
    InactiveAnon = "NR_ZONE_INACTIVE_ANON", "nr_zone_inactive_anon";
    /// On the active list of anonymous memory.
    ActiveAnon = "NR_ZONE_ACTIVE_ANON", "nr_zone_active_anon";
    /// On the inactive list of file pages.
    InactiveFile = "NR_ZONE_INACTIVE_FILE", "nr_zone_inactive_file";
    /// On the active list of file pages.
    ActiveFile = "NR_ZONE_ACTIVE_FILE", "nr_zone_active_file";
    /// Not evictable.
    Unevictable = "NR_ZONE_UNEVICTABLE", "nr_zone_unevictable";
    /// Dirty, under write-back or unstable.
    WritePending = "NR_ZONE_WRITE_PENDING", "nr_zone_write_pending";
    /// Locked into memory.
    Mlock = "NR_MLOCK", "nr_mlock";
    /// Bounce buffers.
    Bounce = "NR_BOUNCE", "nr_bounce";
    /// Of the compressed memory pool.
    Zspages = "NR_ZSPAGES", "nr_zspages";
    /// Free frames in contiguous memory areas.
    FreeCma = "NR_FREE_CMA_PAGES", "nr_free_cma";
    /// Not accepted yet by a confidential guest.
    Unaccepted = "NR_UNACCEPTED", "nr_unaccepted";
    /// Page tables (up to 5.0).
    PageTable = "NR_PAGETABLE", "nr_page_table_pages";
    /// Kernel stacks: how many of them (`NR_KERNEL_STACK`) up to 3.8, then KiB; up to 5.0.
    KernelStack = "NR_KERNEL_STACK_KB", "nr_kernel_stack";
    /// On the inactive list of anonymous memory, where lists belong to zones (up to 3.8).
    LruInactiveAnon = "NR_INACTIVE_ANON", "nr_inactive_anon";
    /// On the active list of anonymous memory, where lists belong to zones (up to 3.8).
    LruActiveAnon = "NR_ACTIVE_ANON", "nr_active_anon";
    /// On the inactive list of file pages, where lists belong to zones (up to 3.8).
    LruInactiveFile = "NR_INACTIVE_FILE", "nr_inactive_file";
    /// On the active list of file pages, where lists belong to zones (up to 3.8).
    LruActiveFile = "NR_ACTIVE_FILE", "nr_active_file";
    /// Not evictable, where lists belong to zones (up to 3.8).
    LruUnevictable = "NR_UNEVICTABLE", "nr_unevictable";
    /// Mapped anonymous pages (up to 3.8).
    AnonPages = "NR_ANON_PAGES", "nr_anon_pages";
    /// Mapped file pages (up to 3.8).
    FileMapped = "NR_FILE_MAPPED", "nr_mapped";
    /// In the page cache (up to 3.8).
    FilePages = "NR_FILE_PAGES", "nr_file_pages";
    /// Dirty (up to 3.8).
    FileDirty = "NR_FILE_DIRTY", "nr_dirty";
    /// Under write-back (up to 3.8).
    Writeback = "NR_WRITEBACK", "nr_writeback";
    /// Slabs that can be reclaimed (up to 3.8).
    SlabReclaimable = "NR_SLAB_RECLAIMABLE", "nr_slab_reclaimable";
    /// Slabs that cannot (up to 3.8).
    SlabUnreclaimable = "NR_SLAB_UNRECLAIMABLE", "nr_slab_unreclaimable";
    /// Written to an NFS server, but not stable there yet (up to 3.8).
    UnstableNfs = "NR_UNSTABLE_NFS", "nr_unstable";
    /// Written by reclaim (up to 3.8).
    VmscanWrite = "NR_VMSCAN_WRITE", "nr_vmscan_write";
    /// Marked for reclaim once they are written (3.8).
    VmscanImmediate = "NR_VMSCAN_IMMEDIATE", "nr_vmscan_immediate_reclaim";
    /// Under write-back with temporary buffers (up to 3.8).
    WritebackTemp = "NR_WRITEBACK_TEMP", "nr_writeback_temp";
    /// Anonymous pages taken off their list (up to 3.8).
    IsolatedAnon = "NR_ISOLATED_ANON", "nr_isolated_anon";
    /// File pages taken off their list (up to 3.8).
    IsolatedFile = "NR_ISOLATED_FILE", "nr_isolated_file";
    /// Shared memory (up to 3.8).
    Shmem = "NR_SHMEM", "nr_shmem";
    /// Ever dirtied (up to 3.8).
    Dirtied = "NR_DIRTIED", "nr_dirtied";
    /// Ever written (up to 3.8).
    Written = "NR_WRITTEN", "nr_written";
    /// Handed out by the node that was wanted (a counter of zones up to 3.8).
    NumaHit = "NUMA_HIT", "numa_hit";
    /// Handed out by this node though another was wanted (a counter of zones up to 3.8).
    NumaMiss = "NUMA_MISS", "numa_miss";
    /// Wanted from this node, but handed out by another (a counter of zones up to 3.8).
    NumaForeign = "NUMA_FOREIGN", "numa_foreign";
    /// Handed out by the node that interleaving wanted (a counter of zones up to 3.8).
    NumaInterleave = "NUMA_INTERLEAVE_HIT", "numa_interleave";
    /// Handed out to a CPU of the node (a counter of zones up to 3.8).
    NumaLocal = "NUMA_LOCAL", "numa_local";
    /// Handed out to a CPU of another node (a counter of zones up to 3.8).
    NumaOther = "NUMA_OTHER", "numa_other";
    /// Transparent huge pages of anonymous memory (3.8).
    AnonThps = "NR_ANON_TRANSPARENT_HUGEPAGES", "nr_anon_transparent_hugepages";
}

impl ZoneStat {
    /// The position in [`ZoneStat::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What the zones of each generation count, in the order of its `vm_stat`. A build can lack some of
/// them: [`ZoneStat::without`].
impl ZoneStat {
    /// 2.6.37.
    pub const LINUX_2_6_37: &[ZoneStat] = &ZoneStat::without::<31>(
        ZoneStat::LINUX_3_8,
        &[
            ZoneStat::VmscanImmediate,
            ZoneStat::AnonThps,
            ZoneStat::FreeCma,
        ],
    );
    /// 3.8.
    pub const LINUX_3_8: &[ZoneStat] = &[
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
    pub const LINUX_4_14: &[ZoneStat] = &[
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
        ZoneStat::Zspages,
        ZoneStat::FreeCma,
    ];
    /// 6.1.
    pub const LINUX_6_1: &[ZoneStat] = ZoneStat::LINUX_6_12
        .split_at(ZoneStat::Unaccepted.index())
        .0;
    /// 6.12: the first of [`ZoneStat::ALL`]; those behind them belong to generations before 6.1.
    pub const LINUX_6_12: &[ZoneStat] = ZoneStat::ALL.split_at(ZoneStat::Unaccepted.index() + 1).0;

    /// `all` without those `left_out`, `N` in number.
    ///
    /// # Panics
    /// When not exactly `N` remain: in a constant, it does not compile.
    pub const fn without<const N: usize>(all: &[ZoneStat], left_out: &[ZoneStat]) -> [ZoneStat; N] {
        let mut kept = [ZoneStat::FreePages; N];
        let (mut at, mut count) = (0, 0);
        while at < all.len() {
            if !all[at].is_among(left_out) {
                kept[count] = all[at];
                count += 1;
            }
            at += 1;
        }
        assert!(count == N, "as many remain as the array has room for");
        kept
    }

    const fn is_among(self, stats: &[ZoneStat]) -> bool {
        let mut at = 0;
        while at < stats.len() {
            if stats[at].index() == self.index() {
                return true;
            }
            at += 1;
        }
        false
    }
}
