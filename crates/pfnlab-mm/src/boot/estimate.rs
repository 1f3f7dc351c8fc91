//! How much memory a booting kernel thinks it will manage, before anything is released.

use alloc::vec::Vec;

use pfnlab_model::{Pfn, PfnRange, ZoneId, ZoneKind};

use super::Layout;
use crate::{Config, Profile};

/// How the estimate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Estimate {
    /// What is present, without the page descriptors, and in the lowest zone without what is
    /// reserved there (up to 6.1).
    WithoutMemmap,
    /// What is present (6.12).
    Present,
}

/// Bytes of a page descriptor.
const DESCRIPTOR: u64 = 64;
/// Bytes in a page frame.
const PAGE: u64 = 4096;
/// The frames of the lowest zone of x86 (`MAX_DMA_PFN`).
const DMA: PfnRange = PfnRange::sized(Pfn::new(0), 4096);

impl Layout {
    /// The estimate for every zone (`free_area_init_core`), by node and kind, in frames.
    /// `reserved` is what was reserved when the zones were laid out, in whole frames.
    pub fn estimate(
        &self,
        profile: &Profile,
        config: &Config,
        reserved: &[PfnRange],
    ) -> Vec<(ZoneId, u64)> {
        let zones = self.zones.iter().map(|zone| {
            let present = zone.present;
            let frames = match profile.estimate {
                Estimate::Present => present,
                Estimate::WithoutMemmap => {
                    let lowest = config.zones.first() == Some(&zone.id.kind);
                    let reserve = if lowest {
                        self.reserved_low(reserved)
                    } else {
                        0
                    };
                    let after_memmap = present
                        .checked_sub(memmap(zone.span.frames(), present))
                        .unwrap_or(present);
                    let left = after_memmap.checked_sub(reserve).filter(|left| *left > 0);
                    left.unwrap_or(after_memmap)
                }
            };
            (zone.id, frames)
        });
        zones.collect()
    }

    /// Frames of memory in the lowest zone that are reserved (`memblock_find_dma_reserve`).
    fn reserved_low(&self, reserved: &[PfnRange]) -> u64 {
        let memory = self.zones.iter().flat_map(|zone| &zone.memory);
        let low = memory.map(|range| range.intersection(DMA));
        low.flat_map(|memory| {
            reserved
                .iter()
                .map(move |r| r.intersection(memory).frames())
        })
        .sum()
    }

    /// The highest kind of zone with memory that is not movable (`policy_zone`).
    pub fn policy_zone(&self) -> ZoneKind {
        let kinds = self.zones.iter().filter(|zone| zone.present > 0);
        let below = kinds
            .map(|zone| zone.id.kind)
            .filter(|kind| *kind < ZoneKind::Movable);
        below.max().unwrap_or(ZoneKind::Dma)
    }
}

/// Frames that the descriptors of a zone take; those of large holes are not there
/// (`calc_memmap_size`).
fn memmap(spanned: u64, present: u64) -> u64 {
    let described = if spanned > present + (present >> 4) {
        present
    } else {
        spanned
    };
    (described * DESCRIPTOR).div_ceil(PAGE)
}
