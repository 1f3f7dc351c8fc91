//! Kernel generations, as data: each one its difference from the one before.
//!
//! - [`early`]: the oldest two; the first of all in full. [`variants`]: what no kernel was.
//! - [`Switch`]: one thing in which they differ, in words. [`table`]: all of them.

mod early;
mod switch;
mod table;
mod variants;

use pfnlab_model::{MigrateType, ZoneStat, generation_of};

use crate::Config;
use crate::alloc_flags::{FlagBits, ReserveRule};
use crate::boost::{BoostFlagRule, BoostPolicy};
use crate::boot::memblock::MemblockPolicy;
use crate::boot::{
    Arm64Limits, AtOnce, Chunks, CoreBound, Estimate, FirstTypes, LateUnit, Managed, MovableEnd,
    MovableZonePick, ReleaseEnd, WaitTables, ZoneEnds,
};
use crate::buddy::MergePolicy;
use crate::bulk::BulkPolicy;
use crate::cma::CmaRule;
use crate::compaction::CompactionRule;
use crate::contig::ContigRule;
use crate::cpu_hotplug::CpuHotplug;
use crate::descriptor::DescriptorEra;
use crate::draining::DrainType;
use crate::exact::Surplus;
use crate::fallback::FallbackPolicy;
use crate::guard::GuardMark;
use crate::highatomic::HighAtomicPolicy;
use crate::hotplug::HotplugRule;
use crate::isolation::IsolationRule;
use crate::kept::KeptPolicy;
use crate::kswapd::KswapdRule;
use crate::limits::{
    BoostedMarks, EmptyZones, HugeZones, MarkDistance, MinFreeCap, MovableMin, Promo, TotalReserve,
};
use crate::memory_model::SectionEra;
use crate::moving::MovedTo;
use crate::node_reclaim::NodeReclaim;
use crate::numa_events::NumaCounters;
use crate::numbering::Numbering;
use crate::pcp::PcpPolicy;
use crate::slowpath::{ReserveWalk, SlowPath};
use crate::slowpath_blocking::RetryRule;
use crate::tunables::{FractionZero, RatioZero, ScaleLimit};
use crate::vmstat::{DecayDrain, Grouping};
use crate::walk::{FragmentRule, ReserveIndex, WalkPolicy};
use crate::watermark::{BoostExemption, ExactCount, HighAtomicShare, LargeBlock, ShortCut};
use crate::zone::{IsolatedFrames, SizeBase};
use crate::zonelist::{LoadRule, LocalRule};
use crate::zonelist_cache::CachePolicy;
use crate::zonelist_order::OrderPolicy;
use early::{LINUX_2_6_37, LINUX_3_8};
use variants::{LINUX_4_14_STEALS_AS_3_8, LINUX_5_0_NOFRAGMENT, LINUX_6_12_Y_DEFRAG_MODE};

pub use switch::Switch;
pub(crate) use switch::{Policy, Told, told};

/// How one kernel generation behaves.
///
/// Every policy is an enum that exactly one file matches; the name is for people, and there is no
/// number to compare.
#[derive(Debug)]
pub struct Profile {
    /// What to call it.
    pub(crate) name: &'static str,
    /// Which kernel that is.
    pub(crate) about: &'static str,
    /// What it does otherwise than the one before.
    pub(crate) news: &'static str,
    /// Which migratetypes there are, and their numbers.
    pub(crate) numbering: Numbering,
    /// The counters a zone has, in the kernel's order.
    pub(crate) zone_stats: &'static [ZoneStat],
    /// What zones are measured by.
    pub(crate) size_base: SizeBase,
    /// Whether isolated frames count as free.
    pub(crate) isolated: IsolatedFrames,
    /// Whose blocks are robbed when a type runs out.
    pub(crate) fallback: FallbackPolicy,
    /// Which pageblocks are kept for when nothing else is left.
    pub(crate) kept: KeptPolicy,
    /// When a request is served from a contiguous memory area.
    pub(crate) cma: CmaRule,
    /// How pageblocks are isolated.
    pub(crate) isolation: IsolationRule,
    /// Whether a range of frames can be had by its place.
    pub(crate) contig: ContigRule,
    /// How a zone is compacted.
    pub(crate) compaction: CompactionRule,
    /// How memory comes online and goes offline.
    pub(crate) hotplug: HotplugRule,
    /// Which zone is passed over rather than types mixed in it.
    pub(crate) fragment: FragmentRule,
    /// Where a block goes on the list of another type.
    pub(crate) moved_to: MovedTo,
    /// What merging does to the type of a whole pageblock.
    pub(crate) merge: MergePolicy,
    /// In how many steps the free count is changed.
    pub(crate) grouping: Grouping,
    /// How the per-CPU lists size themselves.
    pub(crate) pcp: PcpPolicy,
    /// Where it is counted which node served requests.
    pub(crate) numa: NumaCounters,
    /// What is done when a CPU comes or goes.
    pub(crate) cpu_hotplug: CpuHotplug,
    /// How a sunken high mark is brought about.
    pub(crate) decay: DecayDrain,
    /// Which list a page is drained to.
    pub(crate) drain_type: DrainType,
    /// Where it is marked that a page is a guard.
    pub(crate) guard_mark: GuardMark,
    /// Which watermark a walk tries first.
    pub(crate) walk: WalkPolicy,
    /// In which order the zones of several nodes are asked.
    pub(crate) zonelist_order: OrderPolicy,
    /// When zones that were full lately are passed over.
    pub(crate) zonelist_cache: CachePolicy,
    /// What a walk takes for the highest zone a request could come from.
    pub(crate) reserve_index: ReserveIndex,
    /// How often a request is tried.
    pub(crate) slowpath: SlowPath,
    /// When a request that waits gives up.
    pub(crate) retry: RetryRule,
    /// Who is asked to reclaim.
    pub(crate) kswapd: KswapdRule,
    /// How a request asks again that is entitled to reserves.
    pub(crate) reserve_walk: ReserveWalk,
    /// Which bits a walk's flags have.
    pub(crate) flag_bits: FlagBits,
    /// Who may use what is kept back.
    pub(crate) reserves: ReserveRule,
    /// How much is kept back for high-order atomic requests.
    pub(crate) highatomic: HighAtomicPolicy,
    /// Which part of that a watermark test leaves out.
    pub(crate) highatomic_share: HighAtomicShare,
    /// When free frames are counted exactly.
    pub(crate) exact_count: ExactCount,
    /// How a watermark test sees whether a block is large enough.
    pub(crate) large_block: LargeBlock,
    /// What the short cut of a watermark test looks at.
    pub(crate) short_cut: ShortCut,
    /// Which zones have their watermarks boosted.
    pub(crate) boost: BoostPolicy,
    /// Who may ignore a watermark boost.
    pub(crate) boost_exemption: BoostExemption,
    /// Which requests clear a zone's boost flag.
    pub(crate) boost_flag: BoostFlagRule,
    /// Whether many frames can be asked for at once.
    pub(crate) bulk: BulkPolicy,
    /// Where the frames go that a run does not need.
    pub(crate) surplus: Surplus,
    /// The most `min_free_kbytes` is computed to be.
    pub(crate) min_free_cap: MinFreeCap,
    /// How far the watermarks are apart.
    pub(crate) mark_distance: MarkDistance,
    /// Which zones huge pages need pageblocks kept free in.
    pub(crate) huge_zones: HugeZones,
    /// What a boost in force means for new watermarks.
    pub(crate) boosted_marks: BoostedMarks,
    /// What a zone has above its high watermark.
    pub(crate) promo: Promo,
    /// Of what it is noted how much no user can have.
    pub(crate) total_reserve: TotalReserve,
    /// The largest `watermark_scale_factor`.
    pub(crate) scale_limit: ScaleLimit,
    /// What a `percpu_pagelist_fraction` of 0 means.
    pub(crate) fraction_zero: FractionZero,
    /// What a `lowmem_reserve_ratio` of 0 means.
    pub(crate) ratio_zero: RatioZero,
    /// How the min watermark of a movable zone is found.
    pub(crate) movable_min: MovableMin,
    /// Whether zones without memory count in what one withholds for another.
    pub(crate) empty_zones: EmptyZones,
    /// Whether a node without memory heads its own zonelist.
    pub(crate) local: LocalRule,
    /// What a node is charged for heading a group of nodes equally far away.
    pub(crate) load: LoadRule,
    /// How the boot allocator behaves.
    pub(crate) memblock: MemblockPolicy,
    /// How much memory a booting kernel thinks it will manage.
    pub(crate) estimate: Estimate,
    /// In what pieces memory is released that was initialised late.
    pub(crate) late_unit: LateUnit,
    /// What is known about memory sections.
    pub(crate) sections: SectionEra,
    /// What a page descriptor is like.
    pub(crate) descriptor: DescriptorEra,
    /// Where the low zones of arm64 end.
    pub(crate) arm64_zones: Arm64Limits,
    /// Who waits for a page waits in which table.
    pub(crate) wait_tables: WaitTables,
    /// Whether the marks of node reclaim are a node's or a zone's.
    pub(crate) node_reclaim: NodeReclaim,
    /// Where a kind of zone may end.
    pub(crate) zone_ends: ZoneEnds,
    /// From when on it is known which kind the movable zones take their frames from.
    pub(crate) movable_zone_pick: MovableZonePick,
    /// What is made of a movable zone behind the end of its node.
    pub(crate) movable_end: MovableEnd,
    /// How `kernelcore=` and `movablecore=` are bounded.
    pub(crate) core_bound: CoreBound,
    /// Which pageblocks begin as movable.
    pub(crate) first_types: FirstTypes,
    /// In what pieces memory is released.
    pub(crate) chunks: Chunks,
    /// To which end of a list a released block goes.
    pub(crate) release_end: ReleaseEnd,
    /// Which frames count as managed.
    pub(crate) managed: Managed,
    /// How much of a node is initialised at once.
    pub(crate) at_once: AtOnce,
}

/// Linux 4.14, as of 4.14.177: pageblocks kept for high-order requests that cannot wait instead of
/// any, watermarks a share of the zone apart, blocks looked for on the lists, one node after the
/// other.
pub(crate) const LINUX_4_14: Profile = Profile {
    name: "linux-4.14",
    about: "4.14, long-term, as of 4.14.177",
    news: "pageblocks kept for high-order requests that cannot wait instead of any, watermarks a share of the zone apart, blocks looked for on the lists, one node after the other",
    numbering: Numbering::MovableFirst,
    zone_stats: ZoneStat::LINUX_4_14,
    size_base: SizeBase::Managed,
    fallback: FallbackPolicy::Steal,
    kept: KeptPolicy::None,
    cma: CmaRule::OwnEmpty,
    merge: MergePolicy::UnlessIsolated,
    zonelist_order: OrderPolicy::Nodes,
    zonelist_cache: CachePolicy::Absent,
    slowpath: SlowPath::Repeated,
    kswapd: KswapdRule::EveryNode,
    numa: NumaCounters::Differences,
    cpu_hotplug: CpuHotplug::Teardown,
    reserves: ReserveRule::Atomic,
    large_block: LargeBlock::OnList,
    short_cut: ShortCut::All,
    mark_distance: MarkDistance::Scaled,
    total_reserve: TotalReserve::Nodes,
    scale_limit: ScaleLimit::Tenth,
    fraction_zero: FractionZero::Batches,
    memblock: MemblockPolicy::LINUX_4_14,
    estimate: Estimate::WithoutMemmap,
    sections: SectionEra::OnlineBit,
    descriptor: DescriptorEra::HeadPointer,
    arm64_zones: Arm64Limits::FromBase,
    wait_tables: WaitTables::Global,
    node_reclaim: NodeReclaim::PerNode,
    zone_ends: ZoneEnds::Memory,
    movable_zone_pick: MovableZonePick::Always,
    core_bound: CoreBound::AllMemory,
    chunks: Chunks::Largest,
    managed: Managed::All,
    at_once: AtOnce::Gigabytes,
    drain_type: DrainType::NotedUnlessIsolated,
    guard_mark: GuardMark::PageExt,
    isolation: IsolationRule::Counting,
    compaction: CompactionRule::RememberedTwice,
    hotplug: HotplugRule::Chosen,
    ..LINUX_3_8
};

/// Linux 5.0, as of 5.0.1: cold pages forgotten, larger batches, watermark boosts.
pub(crate) const LINUX_5_0: Profile = Profile {
    name: "linux-5.0",
    about: "5.0, as of 5.0.1",
    news: "cold pages forgotten, larger batches, watermark boosts",
    pcp: PcpPolicy::Single,
    flag_bits: FlagBits::KswapdAt200,
    reserve_walk: ReserveWalk::Anywhere,
    boost: BoostPolicy::AllZones,
    huge_zones: HugeZones::BelowMovable,
    boosted_marks: BoostedMarks::Kept,
    ratio_zero: RatioZero::Off,
    at_once: AtOnce::Section,
    sections: SectionEra::OnePass,
    descriptor: DescriptorEra::InvertedTypes,
    hotplug: HotplugRule::Insisting,
    ..LINUX_4_14
};

/// Linux 6.1.0, as of its seventh release candidate: per-CPU lists of small high orders and of
/// huge pages, fragmentation avoided, blocks moved to the tail, bulk requests.
pub(crate) const LINUX_6_1_0: Profile = Profile {
    name: "linux-6.1.0",
    about: "6.1, as of its seventh release candidate",
    news: "per-CPU lists of small high orders and of huge pages, fragmentation avoided, memory released and moved to the tails of lists, bulk requests",
    zone_stats: ZoneStat::LINUX_6_1,
    cma: CmaRule::HalfFirst,
    fragment: FragmentRule::Avoided,
    moved_to: MovedTo::Tail,
    merge: MergePolicy::KeepTypes,
    pcp: PcpPolicy::FreeFactorUnbounded,
    numa: NumaCounters::AddedUpWhenRead,
    cpu_hotplug: CpuHotplug::Resized,
    reserve_index: ReserveIndex::Highest,
    reserve_walk: ReserveWalk::AnywhereWaking,
    flag_bits: FlagBits::KswapdAt800,
    short_cut: ShortCut::Usable,
    boost: BoostPolicy::LargeZones,
    boost_exemption: BoostExemption::Atomic,
    bulk: BulkPolicy::PcpOnly,
    surplus: Surplus::Tail,
    min_free_cap: MinFreeCap::Mib256,
    boosted_marks: BoostedMarks::Dropped,
    promo: Promo::Marked,
    scale_limit: ScaleLimit::ThreeTenths,
    empty_zones: EmptyZones::LowerOpen,
    sections: SectionEra::EarlyBit,
    memblock: MemblockPolicy::LINUX_6_1,
    descriptor: DescriptorEra::LruGeneration,
    arm64_zones: Arm64Limits::Masks,
    movable_end: MovableEnd::Dropped,
    first_types: FirstTypes::Memory,
    release_end: ReleaseEnd::Tail,
    load: LoadRule::OneMore,
    guard_mark: GuardMark::PageType,
    isolation: IsolationRule::EndsFirst,
    compaction: CompactionRule::Finishing,
    retry: RetryRule::NotWorthWhile,
    hotplug: HotplugRule::Whole,
    ..LINUX_5_0
};

/// Linux 6.1.y, as of 6.1.192: the use of reserves reworked (6.3), a bound on drains, a list of
/// their own for movable huge pages.
pub(crate) const LINUX_6_1_Y: Profile = Profile {
    name: "linux-6.1.y",
    about: "6.1, long-term, as of 6.1.192",
    news: "the use of reserves reworked (6.3), a bound on drains, a list of their own for movable huge pages",
    pcp: PcpPolicy::FreeFactor,
    flag_bits: FlagBits::HighAtomic,
    reserves: ReserveRule::NonBlockingHigh,
    sections: SectionEra::RcuUsage,
    retry: RetryRule::NodeOnly,
    ..LINUX_6_1_0
};

/// Linux 6.12.0: per-CPU lists that size themselves, every list change accounted by type, blocks
/// freed pageblock by pageblock, the high watermark tried first.
pub(crate) const LINUX_6_12_0: Profile = Profile {
    name: "linux-6.12.0",
    about: "6.12, as released",
    news: "per-CPU lists that size themselves, every list change accounted by type, blocks freed pageblock by pageblock, the high watermark tried first",
    zone_stats: ZoneStat::LINUX_6_12,
    fallback: FallbackPolicy::StealOne,
    merge: MergePolicy::Retype,
    grouping: Grouping::PerBlock,
    pcp: PcpPolicy::Tuned,
    drain_type: DrainType::Pageblock,
    walk: WalkPolicy::HighFirst,
    reserves: ReserveRule::NonBlocking,
    highatomic: HighAtomicPolicy::LargeZones,
    highatomic_share: HighAtomicShare::Free,
    boost_exemption: BoostExemption::MinReserve,
    boost_flag: BoostFlagRule::KswapdRequests,
    movable_min: MovableMin::Capped,
    empty_zones: EmptyZones::BothOpen,
    local: LocalRule::WithMemory,
    memblock: MemblockPolicy::LINUX_6_12,
    estimate: Estimate::Present,
    late_unit: LateUnit::TopOrder,
    descriptor: DescriptorEra::TypeIds,
    arm64_zones: Arm64Limits::CappedMasks,
    isolation: IsolationRule::Single,
    compaction: CompactionRule::AnySize,
    retry: RetryRule::MayNotCompact,
    hotplug: HotplugRule::Announced,
    ..LINUX_6_1_Y
};

/// Linux 6.12.y, as of 6.12.117: the claim and steal rework of fallback (6.15, 6.16), and memory
/// withheld for empty zones again.
pub(crate) const LINUX_6_12_Y: Profile = Profile {
    name: "linux-6.12.y",
    about: "6.12, long-term, as of 6.12.117",
    news: "fallback claims pageblocks or steals one block (6.15, 6.16), and memory is withheld for empty zones again",
    fallback: FallbackPolicy::ClaimSteal,
    decay: DecayDrain::Batches,
    retry: RetryRule::NodeOnly,
    reserves: ReserveRule::NonBlockingHigh,
    empty_zones: EmptyZones::LowerOpen,
    ..LINUX_6_12_0
};

impl Profile {
    /// Every generation, oldest first.
    pub const ALL: &'static [&'static Profile] = &[
        &LINUX_2_6_37,
        &LINUX_3_8,
        &LINUX_4_14,
        &LINUX_5_0,
        &LINUX_6_1_0,
        &LINUX_6_1_Y,
        &LINUX_6_12_0,
        &LINUX_6_12_Y,
    ];

    /// What no kernel was: a generation with one thing changed, to see what that does. Each is called
    /// after its generation, and what is otherwise ([`generation_of`]).
    pub const VARIANTS: &'static [&'static Profile] = &[
        &LINUX_4_14_STEALS_AS_3_8,
        &LINUX_5_0_NOFRAGMENT,
        &LINUX_6_12_Y_DEFRAG_MODE,
    ];

    /// The newest generation.
    pub const NEWEST: &'static Profile = &LINUX_6_12_Y;

    /// Every generation, oldest first, and then the variants.
    pub fn every() -> impl Iterator<Item = &'static Profile> {
        Profile::ALL.iter().chain(Profile::VARIANTS).copied()
    }

    /// The generation, or the variant of one, with this name.
    ///
    /// ```
    /// # use pfnlab_mm::Profile;
    /// assert_eq!(Profile::by_name("linux-6.12.y").unwrap().name(), "linux-6.12.y");
    /// assert!(Profile::by_name("linux-5.0+nofragment").is_some());
    /// ```
    pub fn by_name(name: &str) -> Option<&'static Profile> {
        Profile::every().find(|profile| profile.name == name)
    }

    /// The generation it is, or is a variant of.
    ///
    /// ```
    /// # use pfnlab_mm::Profile;
    /// let variant = Profile::by_name("linux-5.0+nofragment").unwrap();
    /// assert_eq!(variant.generation().name(), "linux-5.0");
    /// assert_eq!(variant.differences(variant.generation()).len(), 1);
    /// ```
    ///
    /// # Panics
    /// Never: every variant is called after a generation.
    pub fn generation(&self) -> &'static Profile {
        Profile::by_name(generation_of(self.name)).expect("a variant is called after a generation")
    }

    /// The migratetypes it has when it is built so, by number (`enum migratetype`).
    pub fn migratetypes(&self, config: &Config) -> &'static [MigrateType] {
        self.numbering.types(config)
    }

    /// What it knows about memory sections.
    pub fn sections(&self) -> SectionEra {
        self.sections
    }

    /// What its page descriptors are like.
    pub fn descriptor(&self) -> DescriptorEra {
        self.descriptor
    }

    /// What to call it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Which kernel it is, in a few words.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// What it does otherwise than the generation before it, in a few words.
    pub fn news(&self) -> &'static str {
        self.news
    }

    /// Whether its per-CPU lists grow and shrink between two marks, so that their high mark at any
    /// moment depends on all that was asked before.
    pub fn tunes_pcp(&self) -> bool {
        self.pcp.has_range()
    }

    /// How its boot allocator behaves.
    pub fn memblock(&self) -> MemblockPolicy {
        self.memblock
    }
}
