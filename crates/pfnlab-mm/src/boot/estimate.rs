//! How much memory a booting kernel thinks it will manage, before anything is released.

use alloc::vec::Vec;

use pfnlab_model::{Pfn, PfnRange, ZoneId, ZoneKind};

use super::{Layout, ZoneLayout};
use crate::profile::{Policy, Told, told};
use crate::{Config, Profile};

/// How the estimate is made, and whether a zone's count of present frames is one.
///
/// | | descriptors count for | `present_pages` is |
/// |---|---|---|
/// | `WholeSpan` (2.6.37) | every frame spanned | the estimate |
/// | `Taken` (3.8) | frames present, where holes are large | the estimate |
/// | `WithoutMemmap` (4.14 to 6.1) | the same | what is there |
/// | `Present` (6.12) | nothing | what is there |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Estimate {
    /// What is there, without a descriptor for every frame spanned, and in the lowest zone without
    /// what is reserved there. The zone never learns otherwise.
    WholeSpan,
    /// The same, but holes have no descriptors where they are large.
    Taken,
    /// The same, and what is present is known beside it.
    WithoutMemmap,
    /// What is present.
    Present,
}

impl Policy for Estimate {
    const DECIDES: &'static str = "how much memory a booting kernel thinks a zone will manage";

    fn told(self) -> Told {
        match self {
            Estimate::WholeSpan => told(
                "what is there, without a descriptor for every frame spanned and what is reserved in the lowest zone",
                "free_area_init_core, memmap_pages",
            ),
            Estimate::Taken => told(
                "the same, but large holes have no descriptors",
                "free_area_init_core, calc_memmap_size",
            ),
            Estimate::WithoutMemmap => told(
                "what is present, without the page descriptors and what is reserved in the lowest zone",
                "free_area_init_core, calc_memmap_size",
            ),
            Estimate::Present => told("what is present", "free_area_init_core"),
        }
    }
}

impl Estimate {
    /// Whether the estimate is what a zone takes for its present frames.
    fn is_present(self) -> bool {
        matches!(self, Estimate::WholeSpan | Estimate::Taken)
    }

    /// Whether descriptors of high memory, which lie in low memory, count for their own zone.
    fn charges_highmem(self) -> bool {
        self.is_present()
    }
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
                Estimate::WholeSpan | Estimate::Taken | Estimate::WithoutMemmap => {
                    let lowest = config.zones.first() == Some(&zone.id.kind);
                    let reserve = if lowest && config.arch.reserves_for_dma() {
                        self.reserved_low(reserved)
                    } else {
                        0
                    };
                    // What describes high memory lies in low memory.
                    let elsewhere = self.is_highmem(zone.id.kind);
                    let memmap = match elsewhere && !profile.estimate.charges_highmem() {
                        true => 0,
                        false => Self::memmap_frames(zone, profile, config),
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

    /// How many frames each zone takes to be present (`present_pages`), by node and kind: those
    /// that are, or up to 3.8 the [`estimate`](Layout::estimate).
    pub fn counted_present(
        &self,
        profile: &Profile,
        config: &Config,
        reserved: &[PfnRange],
    ) -> Vec<u64> {
        if profile.estimate.is_present() {
            let estimates = self.estimate(profile, config, reserved).into_iter();
            return estimates.map(|(_, frames)| frames).collect();
        }
        self.zones.iter().map(|zone| zone.present).collect()
    }

    /// Frames that a zone's page descriptors are taken to need; where there are sections, those of
    /// large holes are not there, as 3.8 was the first to see (`calc_memmap_size`).
    pub fn memmap_frames(zone: &ZoneLayout, profile: &Profile, config: &Config) -> u64 {
        let (spanned, present) = (zone.span.frames(), zone.present);
        let sees_holes = profile.estimate != Estimate::WholeSpan;
        let has_holes = spanned > present + (present >> 4) && config.memory_model.has_sections();
        let described = if has_holes && sees_holes {
            present
        } else {
            spanned
        };
        (described * profile.descriptor.bytes(config.descriptor_bytes)).div_ceil(PAGE)
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
            Estimate::WholeSpan | Estimate::Taken | Estimate::WithoutMemmap => {
                let mut totals = PageTotals::default();
                let estimate = self.estimate(profile, config, reserved);
                for (zone, (_, frames)) in self.zones.iter().zip(estimate) {
                    let memmap = Self::memmap_frames(zone, profile, config);
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
    pub fn reserved_low(&self, reserved: &[PfnRange]) -> u64 {
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
