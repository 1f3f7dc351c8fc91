//! How far each kind of zone reaches, by architecture (`zone_sizes_init`).

use crate::profile::{Policy, Told, told};
use pfnlab_model::{Machine, ZoneKind};

use crate::{Arch, Config, Profile};

/// Where the low zones of arm64 end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm64Limits {
    /// At 4 GiB (3.8).
    FourGib,
    /// 4 GiB above the multiple of 4 GiB that RAM starts behind (4.14, 5.0).
    FromBase,
    /// Where what the weakest device reaches ends, and what 32 bits reach (6.1).
    Masks,
    /// The same, but not above 4 GiB when RAM starts below (6.12).
    CappedMasks,
}

impl Policy for Arm64Limits {
    const DECIDES: &'static str = "where the low zones of an arm64 machine end";

    fn told(self) -> Told {
        match self {
            Arm64Limits::FourGib => told("at 4 GiB", "~max_zone_dma_phys"),
            Arm64Limits::FromBase => told(
                "4 GiB above the multiple of 4 GiB that RAM starts behind",
                "~max_zone_dma_phys",
            ),
            Arm64Limits::Masks => told(
                "where what the weakest device reaches ends, and what 32 bits reach",
                "zone_sizes_init, ~max_zone_phys",
            ),
            Arm64Limits::CappedMasks => told(
                "the same, but not above 4 GiB when RAM starts below",
                "zone_sizes_init, ~max_zone_phys",
            ),
        }
    }
}

/// Where the low zones of x86 end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZoneEnds {
    /// Where devices reach no further, memory or not (2.6.37, 3.8).
    Hardware,
    /// There, or where memory ends.
    Memory,
}

impl Policy for ZoneEnds {
    const DECIDES: &'static str = "where a kind of zone may end";

    fn told(self) -> Told {
        match self {
            ZoneEnds::Hardware => told(
                "where the hardware says, memory or not",
                "free_area_init_nodes, max_zone_pfn",
            ),
            ZoneEnds::Memory => told("there, or where memory ends", "zone_sizes_init"),
        }
    }
}

impl ZoneEnds {
    fn are_free(self) -> bool {
        matches!(self, ZoneEnds::Hardware)
    }
}

/// Frames of 16 MiB: what the first devices of a PC reached (`MAX_DMA_PFN`).
const ISA: u64 = 16 << (20 - 12);
/// Frames of 4 GiB (`MAX_DMA32_PFN`).
const FOUR_GIB: u64 = 4 << (30 - 12);
/// Frames 32-bit x86 maps at all times, with 3 GiB for user space (`MAXMEM`).
const LOW_MEMORY: u64 = 896 << (20 - 12);

/// The first frame no zone of this kind has; `None`: it takes its memory from others. Zones whose
/// limit is not above that of the one before are empty.
pub(super) fn limit(
    kind: ZoneKind,
    machine: &Machine,
    profile: &Profile,
    config: &Config,
) -> Option<u64> {
    let max = machine.end().get();
    let end = match (kind, config.arch) {
        (ZoneKind::Movable, _) => return None,
        (ZoneKind::Device, _) => 0,
        (ZoneKind::Dma, Arch::X86_64 | Arch::X86_32) if profile.zone_ends.are_free() => {
            return Some(ISA);
        }
        (ZoneKind::Dma32, Arch::X86_64) if profile.zone_ends.are_free() => return Some(FOUR_GIB),
        (ZoneKind::Dma, Arch::X86_64 | Arch::X86_32) => ISA,
        (ZoneKind::Dma32, Arch::X86_64) => FOUR_GIB,
        (ZoneKind::Normal, Arch::X86_32) => LOW_MEMORY,
        (ZoneKind::HighMem, Arch::X86_32) => max,
        (ZoneKind::Dma, Arch::Arm64) => arm64(profile.arm64_zones, machine, machine.dma_bits()),
        (ZoneKind::Dma32, Arch::Arm64) => arm64(profile.arm64_zones, machine, 32),
        (ZoneKind::Normal, _) => max,
        (ZoneKind::HighMem, _) | (ZoneKind::Dma32, Arch::X86_32) => 0,
    };
    Some(end.min(max))
}

/// The end of a low zone of arm64, for devices that reach `bits` address bits.
fn arm64(limits: Arm64Limits, machine: &Machine, bits: u32) -> u64 {
    let start = machine.memory()[0].range.start().get();
    let reach = |bits: u32| 1 << (bits.min(64) - 12);
    match limits {
        Arm64Limits::FourGib => FOUR_GIB,
        Arm64Limits::FromBase => start / FOUR_GIB * FOUR_GIB + FOUR_GIB,
        Arm64Limits::Masks if start >= FOUR_GIB => u64::MAX,
        Arm64Limits::Masks => match reach(bits.min(32)) {
            end if start >= end => FOUR_GIB,
            end => end,
        },
        Arm64Limits::CappedMasks if start < FOUR_GIB => reach(bits).min(FOUR_GIB),
        Arm64Limits::CappedMasks => reach(bits),
    }
}
