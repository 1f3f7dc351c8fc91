//! Migratetypes: what can be said about moving the pages of a pageblock.

use core::fmt;

/// The migratetype of a pageblock, a free list or a request (`enum migratetype`).
///
/// The variants are names, not numbers: the number a kernel prints depends on its generation and
/// build, so it is the reader's and writer's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum MigrateType {
    /// Pages that stay where they are: most kernel allocations.
    Unmovable,
    /// Pages whose contents can be moved to another frame: user memory.
    Movable,
    /// Pages that can be freed on demand: caches that shrink.
    Reclaimable,
    /// Pageblocks kept for high-order requests that cannot wait (`MIGRATE_HIGHATOMIC`).
    HighAtomic,
    /// Pageblocks of a contiguous memory area, lent to movable requests meanwhile.
    Cma,
    /// Pageblocks being taken out of use.
    Isolate,
    /// Pageblocks kept for when nothing else is left (up to 3.8; `MIGRATE_RESERVE`).
    Reserve,
}

impl MigrateType {
    /// Every type.
    pub const ALL: [MigrateType; 7] = [
        MigrateType::Unmovable,
        MigrateType::Movable,
        MigrateType::Reclaimable,
        MigrateType::HighAtomic,
        MigrateType::Cma,
        MigrateType::Isolate,
        MigrateType::Reserve,
    ];

    /// How many types there are.
    pub const COUNT: usize = MigrateType::ALL.len();

    /// The position in [`MigrateType::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The type at a position of [`MigrateType::ALL`].
    pub const fn from_index(index: usize) -> Option<MigrateType> {
        if index < MigrateType::COUNT {
            Some(MigrateType::ALL[index])
        } else {
            None
        }
    }

    /// The name Linux prints in `/proc/pagetypeinfo`.
    pub const fn name(self) -> &'static str {
        match self {
            MigrateType::Unmovable => "Unmovable",
            MigrateType::Movable => "Movable",
            MigrateType::Reclaimable => "Reclaimable",
            MigrateType::HighAtomic => "HighAtomic",
            MigrateType::Cma => "CMA",
            MigrateType::Isolate => "Isolate",
            MigrateType::Reserve => "Reserve",
        }
    }

    /// The letter Linux prints in its free-area report.
    pub const fn letter(self) -> char {
        match self {
            MigrateType::Unmovable => 'U',
            MigrateType::Movable => 'M',
            MigrateType::Reclaimable => 'E',
            MigrateType::HighAtomic => 'H',
            MigrateType::Cma => 'C',
            MigrateType::Isolate => 'I',
            MigrateType::Reserve => 'R',
        }
    }

    /// Whether pages of this type may be cached per CPU and whole blocks of it may merge with
    /// other such blocks: below `MIGRATE_PCPTYPES`, `migratetype_is_mergeable`.
    pub const fn is_ordinary(self) -> bool {
        matches!(
            self,
            MigrateType::Unmovable | MigrateType::Movable | MigrateType::Reclaimable
        )
    }
}

impl fmt::Display for MigrateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
