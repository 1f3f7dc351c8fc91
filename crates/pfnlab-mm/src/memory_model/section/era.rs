//! What changed about sections between kernel generations.

use super::{SectionWordLayout, UsageLayout};
use crate::profile::{Policy, Told, told};

/// What a generation knows about sections, named by what it brought.
///
/// | era | kernels | flags in the word | usage area | memory map |
/// |---|---|---|---|---|
/// | `MapOnly` | 2.6.37, 3.8 | present, map | bitmap | three passes |
/// | `OnlineBit` | 4.14 | + online | bitmap | three passes |
/// | `OnePass` | 5.0 | same | bitmap | group by group |
/// | `EarlyBit` | 6.1.0 | + early (+ device) | + sub-sections | + exact node, aligned |
/// | `RcuUsage` | 6.1.y, 6.12 | same | + RCU head | same |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionEra {
    /// A section is present, and has a map or not.
    MapOnly,
    /// Sections know whether they are online.
    OnlineBit,
    /// Maps are made in one pass over groups of sections of the same node.
    OnePass,
    /// Sections present since boot are marked, and hot-added memory counts in sub-sections.
    EarlyBit,
    /// A usage area starts with what is needed to free it later.
    RcuUsage,
}

impl Policy for SectionEra {
    const DECIDES: &'static str = "what is known about memory sections";

    fn told(self) -> Told {
        match self {
            SectionEra::MapOnly => told(
                "whether they are present, and have a map",
                "SECTION_HAS_MEM_MAP",
            ),
            SectionEra::OnlineBit => {
                told("whether they are online, too", "SECTION_IS_ONLINE (4.13)")
            }
            SectionEra::OnePass => told(
                "the same; their maps are made in one pass, group by group",
                "~sparse_init_nid",
            ),
            SectionEra::EarlyBit => told(
                "whether they are there since boot, too; hot-added memory counts in sub-sections",
                "SECTION_IS_EARLY, ~SUBSECTION_SHIFT (5.3)",
            ),
            SectionEra::RcuUsage => told(
                "the same; what they keep beside is freed when nobody looks at it any more",
                "~struct mem_section_usage: rcu",
            ),
        }
    }
}

impl SectionEra {
    /// Every era, oldest first.
    pub const ALL: [SectionEra; 5] = [
        SectionEra::MapOnly,
        SectionEra::OnlineBit,
        SectionEra::OnePass,
        SectionEra::EarlyBit,
        SectionEra::RcuUsage,
    ];

    /// What the low bits of a section's word mean, with `ZONE_DEVICE` built in or not.
    pub const fn word(self, zone_device: bool) -> SectionWordLayout {
        match (self, zone_device) {
            (SectionEra::MapOnly, _) => SectionWordLayout::MapOnly,
            (SectionEra::OnlineBit | SectionEra::OnePass, _) => SectionWordLayout::Online,
            (SectionEra::EarlyBit | SectionEra::RcuUsage, false) => SectionWordLayout::Early,
            (SectionEra::EarlyBit | SectionEra::RcuUsage, true) => SectionWordLayout::EarlyDevice,
        }
    }

    /// What a section keeps beside its word.
    pub const fn usage(self) -> UsageLayout {
        match self {
            SectionEra::MapOnly | SectionEra::OnlineBit | SectionEra::OnePass => {
                UsageLayout::Bitmap
            }
            SectionEra::EarlyBit => UsageLayout::Subsections,
            SectionEra::RcuUsage => UsageLayout::RcuSubsections,
        }
    }

    /// Whether a kernel could be built with one array of descriptors a node, and no sections
    /// (`CONFIG_DISCONTIGMEM`, gone in 5.14).
    pub const fn has_discontigmem(self) -> bool {
        matches!(
            self,
            SectionEra::MapOnly | SectionEra::OnlineBit | SectionEra::OnePass
        )
    }

    /// Whether sections are divided (5.3+).
    pub const fn has_subsections(self) -> bool {
        matches!(self, SectionEra::EarlyBit | SectionEra::RcuUsage)
    }

    /// Whether `pfn_valid` first asks if the frame's address fits in a word (about 5.11+).
    pub const fn checks_address(self) -> bool {
        self.has_subsections()
    }

    /// Whether memory maps are made group by group, and not in passes over all sections.
    pub(super) const fn one_pass(self) -> bool {
        !matches!(self, SectionEra::MapOnly | SectionEra::OnlineBit)
    }

    /// Whether the buffer for a group's maps must be on the group's node.
    pub(super) const fn exact_buffer(self) -> bool {
        self.has_subsections()
    }

    /// Whether that buffer is aligned to the map of one section, and not just to a frame.
    pub(super) const fn aligns_buffer(self, vmemmap: bool) -> bool {
        match self {
            SectionEra::MapOnly | SectionEra::OnlineBit => vmemmap,
            SectionEra::OnePass => false,
            SectionEra::EarlyBit | SectionEra::RcuUsage => true,
        }
    }
}
