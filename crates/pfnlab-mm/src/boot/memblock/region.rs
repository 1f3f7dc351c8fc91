//! One entry of a list: a range with a node and flags.

use core::fmt;
use core::ops::BitOr;

use pfnlab_model::{ByteRange, DumpRegion, NodeId};

/// One entry of a list (`struct memblock_region`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where it is; never empty.
    pub range: ByteRange,
    /// Its node; `None`: nobody has said (`NUMA_NO_NODE`).
    pub node: Option<NodeId>,
    /// What is special about it.
    pub flags: RegionFlags,
}

impl Region {
    /// Whether the two could be one, if they touched.
    pub(super) fn is_like(&self, other: &Region) -> bool {
        self.node == other.node && self.flags == other.flags
    }
}

impl From<Region> for DumpRegion {
    fn from(region: Region) -> DumpRegion {
        DumpRegion {
            range: region.range,
            node: region.node,
            flags: region.flags.bits(),
        }
    }
}

/// What is special about a region (`enum memblock_flags`).
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RegionFlags(u32);

impl RegionFlags {
    /// Nothing (`MEMBLOCK_NONE`).
    pub const NONE: RegionFlags = RegionFlags(0);
    /// Memory that can be unplugged (`MEMBLOCK_HOTPLUG`).
    pub const HOTPLUG: RegionFlags = RegionFlags(1);
    /// Memory that exists twice (`MEMBLOCK_MIRROR`).
    pub const MIRROR: RegionFlags = RegionFlags(2);
    /// Memory that stays out of the direct map (`MEMBLOCK_NOMAP`).
    pub const NOMAP: RegionFlags = RegionFlags(4);
    /// Memory a driver found and manages (`MEMBLOCK_DRIVER_MANAGED`).
    pub const DRIVER_MANAGED: RegionFlags = RegionFlags(8);
    /// A reservation whose descriptors are not initialised (`MEMBLOCK_RSRV_NOINIT`).
    pub const RESERVED_NOINIT: RegionFlags = RegionFlags(16);

    /// The flags with these bits, as a dump shows them.
    pub const fn from_bits(bits: u32) -> RegionFlags {
        RegionFlags(bits)
    }

    /// The bits, as a dump shows them.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: RegionFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// These without those of `other`.
    #[must_use]
    pub const fn without(self, other: RegionFlags) -> RegionFlags {
        RegionFlags(self.0 & !other.0)
    }
}

impl BitOr for RegionFlags {
    type Output = RegionFlags;
    fn bitor(self, other: RegionFlags) -> RegionFlags {
        RegionFlags(self.0 | other.0)
    }
}

impl fmt::Debug for RegionFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flags:{:#x}", self.0)
    }
}
