//! What an architecture decides about physical memory.

use crate::memory_model::{Geometry, PageAddr, VMEMMAP_X86_64};

/// An architecture, as far as physical memory depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// x86, 64 bits, four page-table levels.
    X86_64,
    /// x86, 32 bits, with physical addresses of 36 bits (`CONFIG_X86_PAE`) and three of four GiB of
    /// virtual addresses for user space.
    X86_32,
    /// arm64 with frames of 4 KiB and addresses of 48 bits.
    Arm64,
}

impl Arch {
    /// Frame and section sizes, and how far physical addresses reach.
    pub const fn geometry(self) -> Geometry {
        match self {
            Arch::X86_64 => Geometry::X86_64,
            Arch::X86_32 => Geometry::X86_32_PAE,
            Arch::Arm64 => Geometry::ARM64,
        }
    }

    /// Bits of a word (`BITS_PER_LONG`).
    pub const fn word_bits(self) -> u32 {
        match self {
            Arch::X86_64 | Arch::Arm64 => 64,
            Arch::X86_32 => 32,
        }
    }

    /// Where the virtual array of descriptors starts without address randomisation
    /// (`VMEMMAP_START`); `None`: it has no room for one. That of arm64 is the one of 5.11 to 6.8,
    /// with RAM from address 0 on.
    pub const fn vmemmap(self) -> Option<PageAddr> {
        match self {
            Arch::X86_64 => Some(VMEMMAP_X86_64),
            Arch::X86_32 => None,
            Arch::Arm64 => Some(PageAddr::new(0xffff_fc00_0000_0000)),
        }
    }

    /// Where physical address 0 is in virtual memory (`PAGE_OFFSET`).
    pub const fn direct_map(self) -> u64 {
        match self {
            Arch::X86_64 => 0xffff_8880_0000_0000,
            Arch::X86_32 => 0xc000_0000,
            Arch::Arm64 => 0xffff_0000_0000_0000,
        }
    }

    /// Whether the lowest zone's estimate leaves out what is reserved there
    /// (`set_dma_reserve`, up to 6.1).
    pub(crate) const fn reserves_for_dma(self) -> bool {
        matches!(self, Arch::X86_64 | Arch::X86_32)
    }
}
