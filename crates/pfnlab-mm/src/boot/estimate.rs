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
                    let reserve = if lowest && config.arch.reserves_for_dma() {
                        self.reserved_low(reserved)
                    } else {
                        0
                    };
                    // What describes high memory lies in low memory.
                    let memmap = match self.is_highmem(zone.id.kind) {
                        true => 0,
                        false => memmap(zone.span.frames(), present, config),
                    };
                    let after_memmap = present.checked_sub(memmap).unwrap_or(present);
                    let left = after_memmap.checked_sub(reserve).filter(|left| *left > 0);
                    left.unwrap_or(after_memmap)
                }
            };
            (zone.id, frames)
        });
        zones.collect()
    }

    /// What a booting kernel sizes its hash tables by (`nr_kernel_pages`, `nr_all_pages`). `free`
    /// is the memory not reserved when that is counted.
    pub fn page_totals(
        &self,
        profile: &Profile,
        config: &Config,
        reserved: &[PfnRange],
        free: &[PfnRange],
    ) -> PageTotals {
        match profile.estimate {
            Estimate::Present => {
                let all = free.iter().map(|free| free.frames()).sum();
                let high = self
                    .ranges
                    .iter()
                    .filter(|(kind, _)| self.is_highmem(*kind));
                let high: u64 = high
                    .flat_map(|(_, range)| free.iter().map(|free| free.intersection(*range)))
                    .map(PfnRange::frames)
                    .sum();
                PageTotals {
                    kernel: all - high,
                    all,
                }
            }
            Estimate::WithoutMemmap => {
                let mut totals = PageTotals::default();
                let estimate = self.estimate(profile, config, reserved);
                for (zone, (_, frames)) in self.zones.iter().zip(estimate) {
                    let memmap = memmap(zone.span.frames(), zone.present, config);
                    if !self.is_highmem(zone.id.kind) {
                        totals.kernel += frames;
                    } else if totals.kernel > 2 * memmap {
                        totals.kernel -= memmap;
                    }
                    totals.all += frames;
                }
                totals
            }
        }
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

/// What a booting kernel sizes its hash tables by, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageTotals {
    /// What the kernel has addresses of its own for (`nr_kernel_pages`).
    pub kernel: u64,
    /// All (`nr_all_pages`).
    pub all: u64,
}

/// Frames that the descriptors of a zone take; where there are sections, those of large holes are
/// not there (`calc_memmap_size`).
fn memmap(spanned: u64, present: u64, config: &Config) -> u64 {
    let has_holes = spanned > present + (present >> 4);
    let described = if has_holes && config.memory_model.has_sections() {
        present
    } else {
        spanned
    };
    (described * config.descriptor_bytes).div_ceil(PAGE)
}
