//! Kernel generations, as data: each one its difference from the one before.

use pfnlab_model::{MigrateType, ZoneStat};

use crate::Config;
use crate::alloc_flags::{FlagBits, ReserveRule};
use crate::boost::{BoostFlagRule, BoostPolicy};
use crate::boot::memblock::MemblockPolicy;
use crate::boot::{Arm64Limits, Estimate, LateUnit, WaitTables};
use crate::buddy::MergePolicy;
use crate::bulk::BulkPolicy;
use crate::cma::CmaRule;
use crate::descriptor::DescriptorEra;
use crate::draining::DrainType;
use crate::exact::Surplus;
use crate::fallback::FallbackPolicy;
use crate::highatomic::HighAtomicPolicy;
use crate::limits::{BoostedMarks, EmptyZones, HugeZones, MinFreeCap, MovableMin, Promo};
use crate::memory_model::SectionEra;
use crate::moving::MovedTo;
use crate::node_reclaim::NodeReclaim;
use crate::numa_events::NumaCounters;
use crate::numbering::Numbering;
use crate::pcp::PcpPolicy;
use crate::slowpath::ReserveWalk;
use crate::tunables::{RatioZero, ScaleLimit};
use crate::vmstat::{DecayDrain, Grouping};
use crate::walk::{FragmentRule, ReserveIndex, WalkPolicy};
use crate::watermark::{BoostExemption, HighAtomicShare, ShortCut};
use crate::zonelist::LocalRule;

/// How one kernel generation behaves.
///
/// Every policy is an enum that exactly one file matches; the name is for people, and there is no
/// number to compare.
#[derive(Debug)]
pub struct Profile {
    /// What to call it.
    pub(crate) name: &'static str,
    /// Which migratetypes there are, and their numbers.
    pub(crate) numbering: Numbering,
    /// The counters a zone has, in the kernel's order.
    pub(crate) zone_stats: &'static [ZoneStat],
    /// Whose blocks are robbed when a type runs out.
    pub(crate) fallback: FallbackPolicy,
    /// When a request is served from a contiguous memory area.
    pub(crate) cma: CmaRule,
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
    /// How a sunken high mark is brought about.
    pub(crate) decay: DecayDrain,
    /// Which list a page is drained to.
    pub(crate) drain_type: DrainType,
    /// Which watermark a walk tries first.
    pub(crate) walk: WalkPolicy,
    /// What a walk takes for the highest zone a request could come from.
    pub(crate) reserve_index: ReserveIndex,
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
    /// Which zones huge pages need pageblocks kept free in.
    pub(crate) huge_zones: HugeZones,
    /// What a boost in force means for new watermarks.
    pub(crate) boosted_marks: BoostedMarks,
    /// What a zone has above its high watermark.
    pub(crate) promo: Promo,
    /// The largest `watermark_scale_factor`.
    pub(crate) scale_limit: ScaleLimit,
    /// What a `lowmem_reserve_ratio` of 0 means.
    pub(crate) ratio_zero: RatioZero,
    /// How the min watermark of a movable zone is found.
    pub(crate) movable_min: MovableMin,
    /// Whether zones without memory count in what one withholds for another.
    pub(crate) empty_zones: EmptyZones,
    /// Whether a node without memory heads its own zonelist.
    pub(crate) local: LocalRule,
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
}

/// The zone counters of 6.1.
const ZONE_STATS_6_1: &[ZoneStat] = ZONE_STATS_6_12.split_at(ZoneStat::Unaccepted.index()).0;
/// The zone counters of 6.12. Those behind them belong to generations before 6.1.
const ZONE_STATS_6_12: &[ZoneStat] = ZoneStat::ALL.split_at(ZoneStat::Unaccepted.index() + 1).0;

/// The zone counters of 4.14 and 5.0.
const ZONE_STATS_4_14: &[ZoneStat] = &[
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

/// Linux 4.14, as of 4.14.177. The first one here, so in full.
pub(crate) const LINUX_4_14: Profile = Profile {
    name: "linux-4.14",
    numbering: Numbering::MovableFirst,
    zone_stats: ZONE_STATS_4_14,
    fallback: FallbackPolicy::Steal,
    cma: CmaRule::OwnEmpty,
    fragment: FragmentRule::Ignored,
    moved_to: MovedTo::Head,
    merge: MergePolicy::UnlessIsolated,
    grouping: Grouping::PerOperation,
    pcp: PcpPolicy::HotCold,
    numa: NumaCounters::Differences,
    decay: DecayDrain::Whole,
    drain_type: DrainType::Noted,
    walk: WalkPolicy::MarkOnly,
    reserve_index: ReserveIndex::Preferred,
    reserve_walk: ReserveWalk::Masked,
    flag_bits: FlagBits::NoKswapd,
    reserves: ReserveRule::Atomic,
    highatomic: HighAtomicPolicy::AnyZone,
    highatomic_share: HighAtomicShare::Reserved,
    short_cut: ShortCut::All,
    boost: BoostPolicy::None,
    boost_exemption: BoostExemption::Nobody,
    boost_flag: BoostFlagRule::AnyRequest,
    bulk: BulkPolicy::Unknown,
    surplus: Surplus::Freed,
    min_free_cap: MinFreeCap::Mib64,
    huge_zones: HugeZones::All,
    boosted_marks: BoostedMarks::Dropped,
    promo: Promo::None,
    scale_limit: ScaleLimit::Tenth,
    ratio_zero: RatioZero::One,
    movable_min: MovableMin::Shared,
    empty_zones: EmptyZones::Counted,
    local: LocalRule::AlwaysFirst,
    memblock: MemblockPolicy::LINUX_6_1,
    estimate: Estimate::WithoutMemmap,
    late_unit: LateUnit::Pageblock,
    sections: SectionEra::OnlineBit,
    descriptor: DescriptorEra::HeadPointer,
    arm64_zones: Arm64Limits::FromBase,
    wait_tables: WaitTables::Global,
    node_reclaim: NodeReclaim::PerNode,
};

/// Linux 5.0, as of 5.0.1: cold pages forgotten, larger batches, watermark boosts.
pub(crate) const LINUX_5_0: Profile = Profile {
    name: "linux-5.0",
    pcp: PcpPolicy::Single,
    flag_bits: FlagBits::KswapdAt200,
    reserve_walk: ReserveWalk::Anywhere,
    boost: BoostPolicy::AllZones,
    huge_zones: HugeZones::BelowMovable,
    boosted_marks: BoostedMarks::Kept,
    ratio_zero: RatioZero::Off,
    sections: SectionEra::OnePass,
    descriptor: DescriptorEra::InvertedTypes,
    ..LINUX_4_14
};

/// Linux 6.1.0, as of its seventh release candidate: per-CPU lists of small high orders and of
/// huge pages, fragmentation avoided, blocks moved to the tail, bulk requests.
pub(crate) const LINUX_6_1_0: Profile = Profile {
    name: "linux-6.1.0",
    zone_stats: ZONE_STATS_6_1,
    cma: CmaRule::HalfFirst,
    fragment: FragmentRule::Avoided,
    moved_to: MovedTo::Tail,
    merge: MergePolicy::KeepTypes,
    pcp: PcpPolicy::FreeFactorUnbounded,
    numa: NumaCounters::AddedUpWhenRead,
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
    descriptor: DescriptorEra::LruGeneration,
    arm64_zones: Arm64Limits::Masks,
    ..LINUX_5_0
};

/// Linux 6.1.y, as of 6.1.192: the use of reserves reworked (6.3), a bound on drains, a list of
/// their own for movable huge pages.
pub(crate) const LINUX_6_1_Y: Profile = Profile {
    name: "linux-6.1.y",
    pcp: PcpPolicy::FreeFactor,
    flag_bits: FlagBits::HighAtomic,
    reserves: ReserveRule::NonBlockingHigh,
    sections: SectionEra::RcuUsage,
    ..LINUX_6_1_0
};

/// Linux 6.12.0: per-CPU lists that size themselves, every list change accounted by type, blocks
/// freed pageblock by pageblock, the high watermark tried first.
pub(crate) const LINUX_6_12_0: Profile = Profile {
    name: "linux-6.12.0",
    zone_stats: ZONE_STATS_6_12,
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
    ..LINUX_6_1_Y
};

/// Linux 6.12.y, as of 6.12.117: the claim and steal rework of fallback (6.15, 6.16), and memory
/// withheld for empty zones again.
pub(crate) const LINUX_6_12_Y: Profile = Profile {
    name: "linux-6.12.y",
    fallback: FallbackPolicy::ClaimSteal,
    decay: DecayDrain::Batches,
    reserves: ReserveRule::NonBlockingHigh,
    empty_zones: EmptyZones::LowerOpen,
    ..LINUX_6_12_0
};

impl Profile {
    /// Every generation, oldest first.
    pub const ALL: &'static [&'static Profile] = &[
        &LINUX_4_14,
        &LINUX_5_0,
        &LINUX_6_1_0,
        &LINUX_6_1_Y,
        &LINUX_6_12_0,
        &LINUX_6_12_Y,
    ];

    /// The newest generation.
    pub const NEWEST: &'static Profile = &LINUX_6_12_Y;

    /// The generation with this name.
    ///
    /// ```
    /// assert_eq!(pfnlab_mm::Profile::by_name("linux-6.12.y").unwrap().name(), "linux-6.12.y");
    /// ```
    pub fn by_name(name: &str) -> Option<&'static Profile> {
        Profile::ALL
            .iter()
            .copied()
            .find(|profile| profile.name == name)
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
