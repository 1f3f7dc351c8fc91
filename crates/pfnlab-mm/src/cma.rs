//! Contiguous memory areas: movable requests are served from them while nobody needs them.

use pfnlab_model::{Block, MigrateType, Observer, ZoneStat};

use crate::alloc_flags::AllocFlags;
use crate::profile::{Policy, Told, told};
use crate::rmqueue::Want;
use crate::zone::Zone;

/// When a request is served from a contiguous memory area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CmaRule {
    /// Never: there are none (2.6.37).
    Unknown,
    /// A movable one when it robs other types: their largest block is looked for there first (3.8).
    Robbed,
    /// A movable one when its own lists are empty (4.14, 5.0).
    OwnEmpty,
    /// One that is entitled to it when its own lists are empty, and before while more than half
    /// of the free frames are there (since 6.1).
    HalfFirst,
}

impl Policy for CmaRule {
    const DECIDES: &'static str = "when a request is served from a contiguous memory area";

    fn told(self) -> Told {
        match self {
            CmaRule::Unknown => told("never: there are none", "MIGRATE_CMA"),
            CmaRule::Robbed => told(
                "when a movable one robs other types: their largest block is looked for there first",
                "__rmqueue_fallback",
            ),
            CmaRule::OwnEmpty => told(
                "when a movable one finds its own lists empty",
                "__rmqueue_cma_fallback",
            ),
            CmaRule::HalfFirst => told(
                "when its own lists are empty, and before that while over half of the free frames are there",
                "__rmqueue, ALLOC_CMA",
            ),
        }
    }
}

impl Zone {
    /// Takes a block from an area although the own lists may have one.
    pub(crate) fn cma_first(&mut self, want: Want, observer: &mut impl Observer) -> Option<Block> {
        let first = match self.profile.cma {
            CmaRule::Unknown | CmaRule::Robbed | CmaRule::OwnEmpty => false,
            CmaRule::HalfFirst => {
                want.flags.any(AllocFlags::CMA) && self.free_cma() > self.free_folded() / 2
            }
        };
        if first {
            self.take_cma(want, observer)
        } else {
            None
        }
    }

    /// Takes a block from an area: the own lists are empty.
    pub(crate) fn cma_next(&mut self, want: Want, observer: &mut impl Observer) -> Option<Block> {
        let entitled = match self.profile.cma {
            CmaRule::Unknown | CmaRule::Robbed => false,
            CmaRule::OwnEmpty => want.mt == MigrateType::Movable,
            CmaRule::HalfFirst => want.flags.any(AllocFlags::CMA),
        };
        if entitled {
            self.take_cma(want, observer)
        } else {
            None
        }
    }

    /// Whether an area's blocks are robbed like those of other types.
    pub(crate) fn may_rob_cma(&self) -> bool {
        self.has_cma && self.profile.cma == CmaRule::Robbed
    }

    fn take_cma(&mut self, want: Want, observer: &mut impl Observer) -> Option<Block> {
        let mt = MigrateType::Cma;
        self.smallest(Want { mt, ..want }, observer)
    }

    /// Free frames of such areas, as tests see them: what has been folded.
    #[inline]
    pub(crate) fn free_cma(&self) -> i64 {
        self.vm_stat[ZoneStat::FreeCma.index()].max(0)
    }
}
