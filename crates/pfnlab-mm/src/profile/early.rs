//! The oldest generations, 2.6.37 and 3.8.

use pfnlab_model::ZoneStat;

use super::Profile;
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

/// Linux 2.6.37. The first one here, so in full.
pub(crate) const LINUX_2_6_37: Profile = Profile {
    name: "linux-2.6.37",
    about: "2.6.37",
    news: "the first one here: pageblocks kept for when nothing else is left, single frames cached per CPU",
    numbering: Numbering::ReclaimableFirst,
    zone_stats: ZoneStat::LINUX_2_6_37,
    size_base: SizeBase::Present,
    isolated: IsolatedFrames::Counted,
    numa: NumaCounters::WithZone,
    cpu_hotplug: CpuHotplug::Notifier,
    fallback: FallbackPolicy::LargestAsFound,
    kept: KeptPolicy::FirstFrame,
    isolation: IsolationRule::Trusting,
    contig: ContigRule::Unknown,
    compaction: CompactionRule::FromTheEnds,
    retry: RetryRule::PutOff,
    hotplug: HotplugRule::Fixed,
    cma: CmaRule::Unknown,
    fragment: FragmentRule::Ignored,
    moved_to: MovedTo::Head,
    merge: MergePolicy::Any,
    grouping: Grouping::AtOnce,
    pcp: PcpPolicy::HotCold,
    decay: DecayDrain::Whole,
    drain_type: DrainType::Noted,
    guard_mark: GuardMark::Unknown,
    walk: WalkPolicy::MarkOnly,
    zonelist_order: OrderPolicy::Heuristic,
    zonelist_cache: CachePolicy::AfterFirst,
    reserve_index: ReserveIndex::Preferred,
    slowpath: SlowPath::Once,
    kswapd: KswapdRule::LowZones,
    reserve_walk: ReserveWalk::Masked,
    flag_bits: FlagBits::NoKswapd,
    reserves: ReserveRule::NoWait,
    highatomic: HighAtomicPolicy::AnyZone,
    highatomic_share: HighAtomicShare::Reserved,
    exact_count: ExactCount::WhileReclaiming,
    large_block: LargeBlock::Reckoned,
    short_cut: ShortCut::Careful,
    boost: BoostPolicy::None,
    boost_exemption: BoostExemption::Nobody,
    boost_flag: BoostFlagRule::AnyRequest,
    bulk: BulkPolicy::Unknown,
    surplus: Surplus::Freed,
    min_free_cap: MinFreeCap::Mib64,
    mark_distance: MarkDistance::Quarter,
    huge_zones: HugeZones::None,
    boosted_marks: BoostedMarks::Dropped,
    promo: Promo::None,
    total_reserve: TotalReserve::Machine,
    scale_limit: ScaleLimit::Unknown,
    fraction_zero: FractionZero::Refused,
    ratio_zero: RatioZero::One,
    movable_min: MovableMin::Shared,
    empty_zones: EmptyZones::Counted,
    local: LocalRule::AlwaysFirst,
    load: LoadRule::NodesLeft,
    memblock: MemblockPolicy::LINUX_2_6_37,
    estimate: Estimate::WholeSpan,
    late_unit: LateUnit::Pageblock,
    sections: SectionEra::MapOnly,
    descriptor: DescriptorEra::BuddyFlag,
    arm64_zones: Arm64Limits::FourGib,
    wait_tables: WaitTables::PerZone,
    node_reclaim: NodeReclaim::PerZone,
    zone_ends: ZoneEnds::Hardware,
    movable_zone_pick: MovableZonePick::WhenAsked,
    movable_end: MovableEnd::Kept,
    core_bound: CoreBound::None,
    first_types: FirstTypes::Spans,
    chunks: Chunks::Words,
    release_end: ReleaseEnd::AsFreed,
    managed: Managed::Uncounted,
    at_once: AtOnce::All,
};

/// Linux 3.8: what is split off a stolen block joins the wanted type's lists, isolated frames are
/// not free, requests with `__GFP_MEMALLOC` may have everything, huge pages.
pub(crate) const LINUX_3_8: Profile = Profile {
    name: "linux-3.8",
    about: "3.8",
    news: "what is split off a stolen block joins the wanted type's lists, isolated frames are not free, requests with __GFP_MEMALLOC may have everything, huge pages, contiguous areas",
    numbering: Numbering::ReclaimableFirstAreas,
    zone_stats: ZoneStat::LINUX_3_8,
    isolated: IsolatedFrames::Left,
    fallback: FallbackPolicy::LargestAsWanted,
    drain_type: DrainType::NotedAside,
    guard_mark: GuardMark::DebugFlags,
    cma: CmaRule::Robbed,
    kept: KeptPolicy::EveryFrame,
    grouping: Grouping::PerOperation,
    zonelist_cache: CachePolicy::AfterLow,
    kswapd: KswapdRule::EveryZone,
    reserves: ReserveRule::NoWaitOrMemalloc,
    exact_count: ExactCount::ForReclaim,
    huge_zones: HugeZones::All,
    total_reserve: TotalReserve::MachineAndZones,
    memblock: MemblockPolicy::LINUX_3_8,
    estimate: Estimate::Taken,
    descriptor: DescriptorEra::BuddyMapcount,
    managed: Managed::Released,
    isolation: IsolationRule::Looking,
    contig: ContigRule::Range,
    compaction: CompactionRule::Remembered,
    hotplug: HotplugRule::Shifting,
    ..LINUX_2_6_37
};
