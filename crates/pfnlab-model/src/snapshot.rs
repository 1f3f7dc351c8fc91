//! Snapshots: the whole state of an allocator, as plain data.

mod apply;
mod compaction;
mod memory;
mod totals;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{Block, CpuId, MigrateType, NodeId, Order, Pfn, PfnRange, ZoneId, ZoneKind, ZoneStat};

/// The version of the saved form; goes up when it changes.
pub const SNAPSHOT_FORMAT: u32 = 1;

macro_rules! serde_struct {
    ($(#[$attr:meta])* pub struct $name:ident { $($body:tt)* }) => {
        $(#[$attr])*
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(deny_unknown_fields)
        )]
        pub struct $name { $($body)* }
    };
}

serde_struct! {
/// Everything the allocator owns, at one moment. Sizes are frames unless said.
///
/// Lists are in list order, head first: a request takes the head. [`Snapshot::apply`] moves a
/// snapshot by one [`Event`](crate::Event).
///
/// What a generation does not have is 0, false, `None` or empty; the field says so where that is
/// not its plain meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// [`SNAPSHOT_FORMAT`].
    pub format: u32,
    /// The profile, by name: a kernel generation, or a variant of one ([`generation_of`](crate::generation_of)).
    pub profile: String,
    /// What holds for the whole machine.
    pub global: GlobalState,
    /// Every possible CPU, by number.
    pub cpus: Vec<CpuState>,
    /// Every online node, by number.
    pub nodes: Vec<NodeState>,
    /// Every zone of every online node, by node and kind; those without memory too.
    pub zones: Vec<ZoneState>,
    /// Memory that is plugged in but in no zone: its sections are offline. Ascending.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub offline: Vec<OfflineState>,
    /// Areas set aside for contiguous memory, as far as it is known what is taken of them.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub areas: Vec<AreaState>,
    /// What compaction remembers, by zone; zones it never looked at are left out.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub compaction: Vec<CompactionState>,
}
}

serde_struct! {
/// What compaction remembers of a zone. 2.6.37 remembers no positions and passes over no pageblock;
/// they are there all the same, as at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactionState {
    /// Which zone.
    pub zone: ZoneId,
    /// Where it goes on to look for what can be moved: if it may not wait, and if it may
    /// (`compact_cached_migrate_pfn`).
    pub migrate: [Pfn; 2],
    /// Where it goes on to look for free frames, downward (`compact_cached_free_pfn`).
    pub free: Pfn,
    /// How often it was put off since it was last tried (`compact_considered`).
    pub considered: u32,
    /// It is tried every 2^this times (`compact_defer_shift`).
    pub shift: u8,
    /// The least order that is put off (`compact_order_failed`).
    pub least: u8,
    /// `skipped` is to be forgotten when reclaim comes to rest (`compact_blockskip_flush`).
    pub forgetting_due: bool,
    /// The first frames of pageblocks that are passed over, ascending (`PB_migrate_skip`).
    pub skipped: Vec<Pfn>,
}
}

serde_struct! {
/// Memory sections that are offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineState {
    /// Their frames.
    pub range: PfnRange,
    /// The node they are on.
    pub node: NodeId,
}
}

serde_struct! {
/// A contiguous memory area (`struct cma`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaState {
    /// Its frames.
    pub range: PfnRange,
    /// Its users, ascending.
    pub taken: Vec<PfnRange>,
}
}

serde_struct! {
/// What holds for the whole machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalState {
    /// The kinds of zone the kernel was built with, by index.
    pub zone_kinds: Vec<ZoneKind>,
    /// The statistics a zone keeps, in the order of [`ZoneState::vm_stat`].
    pub zone_stats: Vec<ZoneStat>,
    /// The migratetypes the kernel was built with, by number.
    pub migratetypes: Vec<MigrateType>,
    /// The largest order.
    pub top_order: Order,
    /// The order of a pageblock.
    pub pageblock_order: Order,
    /// Frames in a memory section.
    pub section_frames: u64,
    /// The nodes there can be (`nr_node_ids`).
    pub possible_nodes: u32,
    /// The zone that `ZONE_MOVABLE` takes its memory from.
    pub movable_zone: ZoneKind,
    /// Grouping by mobility is off: too little memory.
    pub mobility_disabled: bool,
    /// Frames no user can have.
    pub totalreserve_pages: u64,
    /// All frames ever given to the allocator.
    pub totalram_pages: u64,
    /// KiB to keep free.
    pub min_free_kbytes: u64,
    /// What somebody wrote there; `None`: nobody did.
    pub user_min_free_kbytes: Option<u64>,
    /// The distance between watermarks, in 1/10000 of a zone (since 4.14).
    pub watermark_scale_factor: u64,
    /// How far stealing may boost the watermarks, in 1/10000 of the high one (since 5.0).
    pub watermark_boost_factor: u64,
    /// The per-CPU lists may hold 1/this of a zone; 0: sized from the low watermark (since 6.1).
    pub percpu_pagelist_high_fraction: u64,
    /// The per-CPU list of one CPU may hold 1/this of a zone; 0: sized from the batch (up to 5.0).
    #[cfg_attr(feature = "serde", serde(default))]
    pub percpu_pagelist_fraction: u64,
    /// 1/this of the memory above a zone is withheld, by zone index; 0: nothing.
    pub lowmem_reserve_ratio: Vec<u64>,
    /// How eagerly memory is compacted ahead of need, in percent, if somebody wrote it; else 20
    /// (since 5.9).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub compaction_proactiveness: Option<u64>,
    /// A batch is at most doubled this often; 0 also where no such limit is built in (up to 6.1.0).
    pub pcp_batch_scale_max: u8,
    /// Upper halves below this order are kept back when a block is split; 0: none
    /// (`debug_guardpage_minorder`).
    #[cfg_attr(feature = "serde", serde(default))]
    pub guardpage_minorder: Order,
    /// Frames that come online and go offline together; 0: as many as are in a section.
    #[cfg_attr(feature = "serde", serde(default))]
    pub memory_block_frames: u64,
    /// `movable_node`: memory that comes online goes to the movable zone unless it lies in another.
    #[cfg_attr(feature = "serde", serde(default))]
    pub movable_node: bool,
    /// It goes there as long as there is enough kernel memory for it (`auto-movable`).
    #[cfg_attr(feature = "serde", serde(default))]
    pub auto_movable: bool,
}
}

serde_struct! {
/// A CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuState {
    /// Its number.
    pub cpu: CpuId,
    /// Whether it runs.
    pub online: bool,
    /// The node it is on.
    pub node: NodeId,
}
}

serde_struct! {
/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// Its number.
    pub node: NodeId,
    /// The first frame of its span.
    pub start: Pfn,
    /// Frames from its first to its last.
    pub spanned: u64,
    /// Frames that exist.
    pub present: u64,
    /// Frames of it no user can have (since 4.14).
    pub totalreserve_pages: u64,
    /// The largest order the background reclaimer was asked for (`kswapd_order`; up to 3.8
    /// `kswapd_max_order`).
    pub kswapd_order: Order,
    /// The highest zone it was asked for (`kswapd_highest_zoneidx`; 4.14 and 5.0
    /// `kswapd_classzone_idx`; 3.8 `classzone_idx`). `None`: it was not asked, or the generation
    /// does not note it (2.6.37). 3.8 has no way to say that it was not asked.
    pub kswapd_highest: Option<ZoneKind>,
    /// How often in a row it found nothing to reclaim (since 4.14).
    pub kswapd_failures: u32,
    /// It was woken and does not sleep; kept where the allocator decides about it alone (up to
    /// 3.8).
    #[cfg_attr(feature = "serde", serde(default))]
    pub kswapd_awake: bool,
    /// The distance to every online node.
    pub distance: Vec<u8>,
    /// The order in which zones are asked (`ZONELIST_FALLBACK`).
    pub zonelist: Vec<ZoneId>,
    /// The same for requests that stay on the node (`ZONELIST_NOFALLBACK`).
    pub zonelist_this_node: Vec<ZoneId>,
    /// What is remembered of full zones on [`NodeState::zonelist`] (up to 3.8).
    #[cfg_attr(feature = "serde", serde(default))]
    pub zonelist_cache: Option<ZonelistCacheState>,
}
}

serde_struct! {
/// Which zones of a zonelist were full lately, to pass over them (`struct zonelist_cache`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZonelistCacheState {
    /// Ticks (jiffies) since it was last forgotten. Never was it where this is the age of the
    /// kernel's clock, which starts 300 seconds before 2^32 ticks.
    pub since_zap: u64,
    /// That was more than a second ago: a walk that uses the cache forgets it first.
    pub zap_due: bool,
    /// The positions of the full zones on the zonelist, ascending.
    pub full: Vec<u32>,
}
}

serde_struct! {
/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneState {
    /// Which one.
    pub id: ZoneId,
    /// The first frame of its span; 0 without memory.
    pub start: Pfn,
    /// Frames from its first to its last, holes included.
    pub spanned: u64,
    /// Frames that exist.
    pub present: u64,
    /// Frames given to the allocator (since 3.8). 2.6.37 does not count them and takes
    /// [`ZoneState::present`], which leaves out the memory map there, in their place.
    pub managed: u64,
    /// Frames that existed at boot; 0 where nobody asks: with `auto-movable` (since 5.14).
    #[cfg_attr(feature = "serde", serde(default))]
    pub present_early: u64,
    /// Where its frames are, ascending; empty: unknown, take the span for it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub memory: Vec<PfnRange>,
    /// The watermarks, without boost.
    pub watermarks: Watermarks,
    /// What stealing has added to them.
    pub boost: u64,
    /// Frames in pageblocks kept for high-order atomic requests.
    pub highatomic_reserved: u64,
    /// How many of them are free; `None`: the generation does not count them.
    pub highatomic_free: Option<u64>,
    /// The least `high` of a per-CPU list. It and the next two are kept with the zone since 6.1.
    pub pageset_high_min: u32,
    /// The most.
    pub pageset_high_max: u32,
    /// The batch of a per-CPU list.
    pub pageset_batch: u32,
    /// Its flags (since 5.0; older ones only have flags that belong to reclaim).
    pub flags: ZoneFlags,
    /// Pages looked at by reclaim since one was last freed into the zone (up to 3.8).
    #[cfg_attr(feature = "serde", serde(default))]
    pub pages_scanned: u64,
    /// Reclaim gave up on the zone; the next page freed into it clears this (up to 3.8).
    #[cfg_attr(feature = "serde", serde(default))]
    pub all_unreclaimable: bool,
    /// Frames of it that may not be filled with dirty pages: its highest reserve and its high
    /// watermark (3.8).
    #[cfg_attr(feature = "serde", serde(default))]
    pub dirty_balance_reserve: u64,
    /// Below this many free frames the differences of all CPUs are counted too; 0: never.
    pub percpu_drift_mark: u64,
    /// Pageblocks being taken out of use.
    pub isolated_pageblocks: u64,
    /// Frames withheld from requests that could go as high as this index.
    pub lowmem_reserve: Vec<u64>,
    /// The folded counters, by [`GlobalState::zone_stats`].
    pub vm_stat: Vec<i64>,
    /// The free lists that hold something, by order and migratetype.
    pub free_lists: Vec<FreeListState>,
    /// The per-CPU lists, by CPU; none without memory.
    pub pcp: Vec<PcpState>,
    /// The pageblocks of its span; `None` without memory.
    pub pageblocks: Option<PageblockState>,
    /// Blocks handed out since the allocator began to watch, by frame.
    pub lent: Vec<Block>,
    /// Blocks kept back to guard what is below them, by frame.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub guards: Vec<Block>,
}
}

serde_struct! {
/// The watermarks of a zone, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watermarks {
    /// Below: only for those who may use reserves.
    pub min: u64,
    /// Below: the background reclaimer is woken.
    pub low: u64,
    /// Above: it goes back to sleep.
    pub high: u64,
    /// Above: pages may be promoted from slower memory (since 6.1).
    pub promo: u64,
}
}

serde_struct! {
/// A free list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeListState {
    /// The order of its blocks.
    pub order: Order,
    /// Its migratetype.
    pub mt: MigrateType,
    /// Where its blocks start, head first.
    pub pfns: VecDeque<Pfn>,
}
}

serde_struct! {
/// The per-CPU lists of one CPU in front of one zone (`struct per_cpu_pages`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcpState {
    /// Whose.
    pub cpu: CpuId,
    /// How many frames they hold.
    pub count: u32,
    /// How many they may hold before they are drained.
    pub high: u32,
    /// How many are moved at once.
    pub batch: u32,
    /// The least `high` may become.
    pub high_min: u32,
    /// The most.
    pub high_max: u32,
    /// Bit 0: the last free was of a high order. Bit 1: the CPU cache is large. Bit 2:
    /// [`PcpState::NUMA_COUNTED`].
    pub flags: u32,
    /// How often the refill was doubled.
    pub alloc_factor: u32,
    /// Up to 6.1: how often the drain was doubled.
    pub free_factor: u32,
    /// How many frames were freed lately.
    pub free_count: u32,
    /// Folds left until a list of a remote zone is drained.
    pub expire: u32,
    /// A difference beyond this is folded.
    pub stat_threshold: u8,
    /// The differences not folded yet, by [`GlobalState::zone_stats`].
    pub vm_stat_diff: Vec<i8>,
    /// The lists that hold something, by index.
    pub lists: Vec<PcpListState>,
}
}

serde_struct! {
/// One of the per-CPU lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcpListState {
    /// Its index: 3 · order + type up to order 3, then the lists of huge pages. Up to 5.0 there
    /// is order 0 only. The type is its position in [`GlobalState::migratetypes`].
    pub index: u8,
    /// The order of its blocks.
    pub order: Order,
    /// Where its blocks start, head first.
    pub pfns: VecDeque<Pfn>,
    /// The migratetypes noted on them, in the same order; empty where none are noted (6.12).
    pub noted: VecDeque<MigrateType>,
}
}

serde_struct! {
/// The pageblocks a zone's span touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageblockState {
    /// Where the first one starts.
    pub first: Pfn,
    /// Their migratetypes, ascending; `None` where there is no memory section.
    pub types: Vec<Option<MigrateType>>,
    /// How many frames of a pageblock can be moved though they are not free, where there are any:
    /// position of the block, frames.
    pub movable: Vec<(u32, u32)>,
    /// The same of those that were handed out and are on a list of what can be reclaimed
    /// (`PageLRU`), as far as whoever keeps such lists said so.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub listed: Vec<(u32, u32)>,
}
}

/// The flags of a zone (`enum zone_flags`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct ZoneFlags(u32);

impl ZoneFlags {
    /// No flag.
    pub const NONE: ZoneFlags = ZoneFlags(0);
    /// Its watermarks were boosted; the background reclaimer is to be woken.
    pub const BOOSTED: ZoneFlags = ZoneFlags(1);
    /// The background reclaimer is at work.
    pub const RECLAIM_ACTIVE: ZoneFlags = ZoneFlags(2);
    /// Free memory was seen below the high watermark (6.12).
    pub const BELOW_HIGH: ZoneFlags = ZoneFlags(4);

    /// The flags with these bits.
    pub const fn from_bits(bits: u32) -> ZoneFlags {
        ZoneFlags(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other` are set.
    pub const fn contains(self, other: ZoneFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// With those of `other` set.
    #[must_use]
    pub const fn with(self, other: ZoneFlags) -> ZoneFlags {
        ZoneFlags(self.0 | other.0)
    }

    /// With those of `other` cleared.
    #[must_use]
    pub const fn without(self, other: ZoneFlags) -> ZoneFlags {
        ZoneFlags(self.0 & !other.0)
    }
}

impl fmt::Debug for ZoneFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flags:{:#x}", self.0)
    }
}

impl Snapshot {
    /// The zone called `id`.
    pub fn zone(&self, id: ZoneId) -> Option<&ZoneState> {
        let at = self.zones.binary_search_by_key(&id, |zone| zone.id).ok()?;
        Some(&self.zones[at])
    }
}

impl ZoneState {
    /// Blocks of `order`, of every migratetype.
    pub fn free_blocks(&self, order: Order) -> u64 {
        let lists = self.free_lists.iter().filter(|list| list.order == order);
        lists.map(|list| list.pfns.len() as u64).sum()
    }
}
