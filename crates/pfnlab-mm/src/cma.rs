//! Contiguous memory areas: movable requests are served from them while nobody needs them.

use pfnlab_model::{Block, MigrateType, Observer, ZoneStat};

use crate::alloc_flags::AllocFlags;
use crate::rmqueue::Want;
use crate::zone::Zone;

/// When a request is served from a contiguous memory area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CmaRule {
    /// A movable one when its own lists are empty (4.14, 5.0).
    OwnEmpty,
    /// One that is entitled to it when its own lists are empty, and before while more than half
    /// of the free frames are there (since 6.1).
    HalfFirst,
}

impl Zone {
    /// Takes a block from an area although the own lists may have one.
    pub(crate) fn cma_first(&mut self, want: Want, observer: &mut impl Observer) -> Option<Block> {
        let first = match self.profile.cma {
            CmaRule::OwnEmpty => false,
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
            CmaRule::OwnEmpty => want.mt == MigrateType::Movable,
            CmaRule::HalfFirst => want.flags.any(AllocFlags::CMA),
        };
        if entitled {
            self.take_cma(want, observer)
        } else {
            None
        }
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
