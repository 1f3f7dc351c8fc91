//! Kernel generations, as data: each one its difference from the one before.

use pfnlab_model::ZoneStat;

use crate::alloc_flags::ReserveRule;
use crate::boot::memblock::MemblockPolicy;
use crate::boot::{Estimate, LateUnit};
use crate::buddy::MergePolicy;
use crate::descriptor::DescriptorEra;
use crate::fallback::FallbackPolicy;
use crate::freeing::DrainType;
use crate::highatomic::HighAtomicPolicy;
use crate::limits::{EmptyUpper, MovableMin};
use crate::memory_model::SectionEra;
use crate::pcp::PcpPolicy;
use crate::vmstat::{DecayDrain, Grouping};
use crate::walk::WalkPolicy;
use crate::watermark::{BoostExemption, HighAtomicShare};
use crate::zone::BoostFlagRule;
use crate::zonelist::LocalRule;

/// How one kernel generation behaves.
///
/// Every policy is an enum that exactly one file matches; the name is for people, and there is no
/// number to compare.
#[derive(Debug)]
pub struct Profile {
    /// What to call it.
    pub(crate) name: &'static str,
    /// The counters a zone has, in the kernel's order.
    pub(crate) zone_stats: &'static [ZoneStat],
    /// Whose blocks are robbed when a type runs out.
    pub(crate) fallback: FallbackPolicy,
    /// What merging does to the type of a whole pageblock.
    pub(crate) merge: MergePolicy,
    /// In how many steps the free count is changed.
    pub(crate) grouping: Grouping,
    /// How the per-CPU lists size themselves.
    pub(crate) pcp: PcpPolicy,
    /// How a sunken high mark is brought about.
    pub(crate) decay: DecayDrain,
    /// Which list a page is drained to.
    pub(crate) drain_type: DrainType,
    /// Which watermark a walk tries first.
    pub(crate) walk: WalkPolicy,
    /// Who may use what is kept back.
    pub(crate) reserves: ReserveRule,
    /// How much is kept back for high-order atomic requests.
    pub(crate) highatomic: HighAtomicPolicy,
    /// Which part of that a watermark test leaves out.
    pub(crate) highatomic_share: HighAtomicShare,
    /// Who may ignore a watermark boost.
    pub(crate) boost_exemption: BoostExemption,
    /// Which requests clear a zone's boost flag.
    pub(crate) boost_flag: BoostFlagRule,
    /// How the min watermark of a movable zone is found.
    pub(crate) movable_min: MovableMin,
    /// Whether memory is withheld from requests for a zone without memory.
    pub(crate) empty_upper: EmptyUpper,
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
}

/// The zone counters of 6.1.
const ZONE_STATS_6_1: &[ZoneStat] = ZONE_STATS_6_12.split_at(ZoneStat::Unaccepted.index()).0;
/// The zone counters of 6.12. Those behind them belong to generations before 6.1.
const ZONE_STATS_6_12: &[ZoneStat] = ZoneStat::ALL.split_at(ZoneStat::Unaccepted.index() + 1).0;

/// Linux 6.1.0, as of its seventh release candidate. The first one here, so in full.
pub(crate) const LINUX_6_1_0: Profile = Profile {
    name: "linux-6.1.0",
    zone_stats: ZONE_STATS_6_1,
    fallback: FallbackPolicy::Steal,
    merge: MergePolicy::KeepTypes,
    grouping: Grouping::PerOperation,
    pcp: PcpPolicy::FreeFactorUnbounded,
    decay: DecayDrain::Whole,
    drain_type: DrainType::Noted,
    walk: WalkPolicy::MarkOnly,
    reserves: ReserveRule::Atomic,
    highatomic: HighAtomicPolicy::AnyZone,
    highatomic_share: HighAtomicShare::Reserved,
    boost_exemption: BoostExemption::Atomic,
    boost_flag: BoostFlagRule::AnyRequest,
    movable_min: MovableMin::Shared,
    empty_upper: EmptyUpper::Withheld,
    local: LocalRule::AlwaysFirst,
    memblock: MemblockPolicy::LINUX_6_1,
    estimate: Estimate::WithoutMemmap,
    late_unit: LateUnit::Pageblock,
    sections: SectionEra::EarlyBit,
    descriptor: DescriptorEra::LruGeneration,
};

/// Linux 6.1.y, as of 6.1.192: the use of reserves reworked (6.3), a bound on drains, a list of
/// their own for movable huge pages.
pub(crate) const LINUX_6_1_Y: Profile = Profile {
    name: "linux-6.1.y",
    pcp: PcpPolicy::FreeFactor,
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
    empty_upper: EmptyUpper::Open,
    local: LocalRule::WithMemory,
    memblock: MemblockPolicy::LINUX_6_12,
    estimate: Estimate::Present,
    late_unit: LateUnit::TopOrder,
    descriptor: DescriptorEra::TypeIds,
    ..LINUX_6_1_Y
};

/// Linux 6.12.y, as of 6.12.117: the claim and steal rework of fallback (6.15, 6.16), and memory
/// withheld for empty zones again.
pub(crate) const LINUX_6_12_Y: Profile = Profile {
    name: "linux-6.12.y",
    fallback: FallbackPolicy::ClaimSteal,
    decay: DecayDrain::Batches,
    reserves: ReserveRule::NonBlockingHigh,
    empty_upper: EmptyUpper::Withheld,
    ..LINUX_6_12_0
};

impl Profile {
    /// Every generation, oldest first.
    pub const ALL: &'static [&'static Profile] =
        &[&LINUX_6_1_0, &LINUX_6_1_Y, &LINUX_6_12_0, &LINUX_6_12_Y];

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
