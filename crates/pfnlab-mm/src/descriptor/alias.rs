//! Second names of flags: the same bit means something else on other pages.

use super::{DescriptorEra, PageFlag};

/// A second name of a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlagAlias {
    /// A file system checked it.
    Checked,
    /// It has a place in swap space.
    Swapcache,
    /// A local copy of a network file holds it.
    Fscache,
    /// It has free slots (the SLOB allocator).
    SlobFree,
    /// It is isolated for migration.
    Isolated,
    /// A free block the hypervisor was told of.
    Reported,
    /// It is mapped both whole and in parts.
    DoubleMap,
    /// When this is read, more is to be read.
    Readahead,
    /// An anonymous page only one process maps.
    AnonExclusive,
    /// One of its pages is broken.
    HasHwpoisoned,
}

impl FlagAlias {
    /// Every alias of any generation.
    pub const ALL: [FlagAlias; 10] = [
        FlagAlias::Checked,
        FlagAlias::Swapcache,
        FlagAlias::Fscache,
        FlagAlias::SlobFree,
        FlagAlias::Isolated,
        FlagAlias::Reported,
        FlagAlias::DoubleMap,
        FlagAlias::Readahead,
        FlagAlias::AnonExclusive,
        FlagAlias::HasHwpoisoned,
    ];

    /// The flag it is another name for; `None`: the generation has no such name.
    pub const fn flag(self, era: DescriptorEra) -> Option<PageFlag> {
        era.alias(self)
    }
}
