//! What changed about page descriptors between kernel generations.

use super::{CompoundLinks, FlagAlias, GetCheck, PageFlag, ReportForm, TypeEncoding, flag_order};
use crate::profile::{Policy, Told, told};

/// What a generation's page descriptor is like, named by what it brought.
///
/// | era | kernel | buddy marker | head lookup | `get_page` checks |
/// |---|---|---|---|---|
/// | `BuddyFlag` | 2.6.37 | flag 19 | `first_page` | 0 |
/// | `BuddyMapcount` | 3.8 | mapcount -128 | `first_page` | at most 0 |
/// | `HeadPointer` | 4.14 | mapcount -128 | `compound_head` | -127 to 0 |
/// | `InvertedTypes` | 5.0 | inverted bit 0x80 | same | at most 0 |
/// | `LruGeneration` | 6.1 | same | same | -127 to 0 |
/// | `TypeIds` | 6.12 | type 0xf0 | same | same |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorEra {
    /// A free block is marked by a flag.
    BuddyFlag,
    /// It is marked by a mapcount no mapped page can have.
    BuddyMapcount,
    /// Every tail points to its head.
    HeadPointer,
    /// The cell of a page that is not mapped holds type bits, inverted.
    InvertedTypes,
    /// Generations of the LRU stand in the flags word.
    LruGeneration,
    /// The top byte of the cell names one type.
    TypeIds,
}

impl Policy for DescriptorEra {
    const DECIDES: &'static str = "what a page descriptor is like";

    fn told(self) -> Told {
        match self {
            DescriptorEra::BuddyFlag => told(
                "a free block is marked by a flag; tails point to their head through first_page",
                "PG_buddy",
            ),
            DescriptorEra::BuddyMapcount => told(
                "a free block is marked by a mapcount of -128; tails point to their head through first_page",
                "~PAGE_BUDDY_MAPCOUNT_VALUE",
            ),
            DescriptorEra::HeadPointer => told(
                "a free block is marked by a mapcount of -128; tails point to their head, with the lowest bit set",
                "compound_head",
            ),
            DescriptorEra::InvertedTypes => told(
                "the cell of the mapcount holds type bits, inverted",
                "page_type (4.18)",
            ),
            DescriptorEra::LruGeneration => told(
                "the same; LRU generations stand in the flags word",
                "LRU_GEN_WIDTH, LRU_REFS_WIDTH",
            ),
            DescriptorEra::TypeIds => told(
                "the top byte of the mapcount cell names one type",
                "~PGTY_buddy",
            ),
        }
    }
}

impl DescriptorEra {
    /// Every era, oldest first.
    pub const ALL: [DescriptorEra; 6] = [
        DescriptorEra::BuddyFlag,
        DescriptorEra::BuddyMapcount,
        DescriptorEra::HeadPointer,
        DescriptorEra::InvertedTypes,
        DescriptorEra::LruGeneration,
        DescriptorEra::TypeIds,
    ];

    /// How the cell says what a page is.
    pub const fn types(self) -> TypeEncoding {
        match self {
            DescriptorEra::BuddyFlag => TypeEncoding::Flag,
            DescriptorEra::BuddyMapcount | DescriptorEra::HeadPointer => TypeEncoding::Mapcount,
            DescriptorEra::InvertedTypes => TypeEncoding::InvertedBits,
            DescriptorEra::LruGeneration => TypeEncoding::InvertedBitsOffline,
            DescriptorEra::TypeIds => TypeEncoding::Ids,
        }
    }

    /// What taking a reference checks.
    pub const fn get_check(self) -> GetCheck {
        match self {
            DescriptorEra::BuddyFlag => GetCheck::Zero,
            DescriptorEra::BuddyMapcount | DescriptorEra::InvertedTypes => GetCheck::NotPositive,
            DescriptorEra::HeadPointer | DescriptorEra::LruGeneration | DescriptorEra::TypeIds => {
                GetCheck::NearZero
            }
        }
    }

    /// How heads and tails find each other.
    pub const fn compound(self) -> CompoundLinks {
        match self {
            DescriptorEra::BuddyFlag | DescriptorEra::BuddyMapcount => CompoundLinks::FirstPage,
            DescriptorEra::HeadPointer
            | DescriptorEra::InvertedTypes
            | DescriptorEra::LruGeneration => CompoundLinks::HeadPointer,
            DescriptorEra::TypeIds => CompoundLinks::OrderInFlags,
        }
    }

    /// Whether the flags word has fields for generations and references of the LRU.
    pub const fn has_lru_generations(self) -> bool {
        matches!(self, DescriptorEra::LruGeneration | DescriptorEra::TypeIds)
    }

    /// Bytes of a descriptor that later takes so many: until it had to be aligned to two words, it
    /// was a word shorter on 64-bit machines (56 bytes in 2.6.37).
    pub const fn bytes(self, later: u64) -> u64 {
        match self {
            DescriptorEra::BuddyFlag if later == 64 => 56,
            _ => later,
        }
    }

    /// Whether any 64-bit architecture has a second flag of its own, and not only those that ask for
    /// it (6.1).
    pub const fn arch_2_on_64_bit(self) -> bool {
        matches!(self, DescriptorEra::LruGeneration)
    }

    /// In which lines the layout is printed while booting.
    pub const fn report(self) -> ReportForm {
        match self {
            DescriptorEra::BuddyFlag | DescriptorEra::BuddyMapcount => ReportForm::Offsets,
            DescriptorEra::HeadPointer | DescriptorEra::InvertedTypes => ReportForm::LastCpupid,
            DescriptorEra::LruGeneration | DescriptorEra::TypeIds => ReportForm::Generations,
        }
    }

    /// Whether a page on a per-CPU list keeps its pageblock's type in `private` (2.6.37, 3.8), in
    /// `index` (4.14 to 6.1), or not at all (6.12).
    pub const fn pcp_type_in_private(self) -> bool {
        matches!(
            self,
            DescriptorEra::BuddyFlag | DescriptorEra::BuddyMapcount
        )
    }

    /// Whether a free block is marked by a flag.
    pub const fn has_buddy_flag(self) -> bool {
        matches!(self, DescriptorEra::BuddyFlag)
    }

    /// Whether heads and tails may have a flag each; from 4.4 on a head always has its own and a
    /// tail never.
    pub(super) const fn has_tail_flags(self) -> bool {
        matches!(
            self,
            DescriptorEra::BuddyFlag | DescriptorEra::BuddyMapcount
        )
    }

    /// The flags it can have, lowest bit first; those a build leaves out take no bit.
    pub(super) const fn flag_order(self) -> &'static [PageFlag] {
        match self {
            DescriptorEra::BuddyFlag => flag_order::BUDDY_FLAG,
            DescriptorEra::BuddyMapcount => flag_order::BUDDY_MAPCOUNT,
            DescriptorEra::HeadPointer => flag_order::HEAD_POINTER,
            DescriptorEra::InvertedTypes => flag_order::INVERTED_TYPES,
            DescriptorEra::LruGeneration => flag_order::LRU_GENERATION,
            DescriptorEra::TypeIds => flag_order::TYPE_IDS,
        }
    }

    /// The flag that `alias` is another name for; `None`: there is no such name.
    pub(super) const fn alias(self, alias: FlagAlias) -> Option<PageFlag> {
        match (alias, self) {
            (FlagAlias::Checked, _) => Some(PageFlag::OwnerPriv1),
            // A flag of its own up to 4.9.
            (FlagAlias::Swapcache, DescriptorEra::BuddyFlag | DescriptorEra::BuddyMapcount) => None,
            (FlagAlias::Swapcache, _) => Some(PageFlag::OwnerPriv1),
            (FlagAlias::Fscache, _) => Some(PageFlag::Private2),
            (FlagAlias::SlobFree, DescriptorEra::TypeIds) => None,
            (FlagAlias::SlobFree, _) => Some(PageFlag::Private),
            (FlagAlias::Isolated, _) => Some(PageFlag::Reclaim),
            (FlagAlias::Reported, DescriptorEra::LruGeneration | DescriptorEra::TypeIds) => {
                Some(PageFlag::Uptodate)
            }
            (FlagAlias::Reported, _) => None,
            (FlagAlias::DoubleMap, DescriptorEra::HeadPointer | DescriptorEra::InvertedTypes) => {
                Some(PageFlag::Private2)
            }
            (FlagAlias::DoubleMap, DescriptorEra::LruGeneration) => Some(PageFlag::Workingset),
            (FlagAlias::DoubleMap, _) => None,
            (FlagAlias::Readahead, _) => Some(PageFlag::Reclaim),
            (FlagAlias::AnonExclusive, DescriptorEra::LruGeneration) => {
                Some(PageFlag::Mappedtodisk)
            }
            (FlagAlias::AnonExclusive, DescriptorEra::TypeIds) => Some(PageFlag::Owner2),
            (FlagAlias::AnonExclusive, _) => None,
            (FlagAlias::HasHwpoisoned, DescriptorEra::LruGeneration) => Some(PageFlag::Error),
            (FlagAlias::HasHwpoisoned, DescriptorEra::TypeIds) => Some(PageFlag::Active),
            (FlagAlias::HasHwpoisoned, _) => None,
        }
    }
}
