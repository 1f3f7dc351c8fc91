//! The cell of a page that is a mapcount, or says what type of page this is.

use core::fmt;

/// The cell of a page that is neither mapped nor of any type: -1.
const NOTHING: u32 = 0xffff_ffff;
/// What the top of an inverted cell says when it is no mapcount (`PAGE_TYPE_BASE`).
const BASE: u32 = 0xf000_0000;

/// What a page can be that nobody maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PageType {
    /// The first of a free block.
    Buddy,
    /// Given back to the hypervisor.
    Balloon,
    /// Logically offline: what ballooned pages became.
    Offline,
    /// Charged to a memory control group.
    Kmemcg,
    /// A page table.
    Table,
    /// The other half of a block somebody guards.
    Guard,
    /// A huge page of a file system.
    Hugetlb,
    /// The slab allocator's.
    Slab,
    /// The compressed memory's.
    Zsmalloc,
    /// Not yet accepted from the hypervisor.
    Unaccepted,
}

impl PageType {
    /// Every type of any generation.
    pub const ALL: [PageType; 10] = [
        PageType::Buddy,
        PageType::Balloon,
        PageType::Offline,
        PageType::Kmemcg,
        PageType::Table,
        PageType::Guard,
        PageType::Hugetlb,
        PageType::Slab,
        PageType::Zsmalloc,
        PageType::Unaccepted,
    ];
}

/// How the cell says it.
///
/// ```text
///   mapcount       0xffffff80 is -128: buddy                       one type, an exact value
///   inverted bits  0xffffff7f: bit 7 cleared: buddy                several types, a cleared bit each
///   ids            0xf0……….: buddy                                 one type, 24 bits to spare
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeEncoding {
    /// Not at all: a buddy has a flag (2.6.37).
    Flag,
    /// A mapcount no mapped page can have (2.6.38 to 4.17).
    Mapcount,
    /// A bit cleared for each type (4.18 to 5.x).
    InvertedBits,
    /// The same with other bits: offline, no control groups, guards (6.1).
    InvertedBitsOffline,
    /// The top byte is the one type (6.12).
    Ids,
}

impl TypeEncoding {
    /// Every encoding, oldest first.
    pub const ALL: [TypeEncoding; 5] = [
        TypeEncoding::Flag,
        TypeEncoding::Mapcount,
        TypeEncoding::InvertedBits,
        TypeEncoding::InvertedBitsOffline,
        TypeEncoding::Ids,
    ];

    /// The number of a type: a mapcount, the bit that is cleared, or the top byte. `None`: not
    /// said in the cell.
    pub const fn number(self, t: PageType) -> Option<u32> {
        let number = match (self, t) {
            (TypeEncoding::Mapcount, PageType::Buddy) => 0u32.wrapping_sub(128),
            (TypeEncoding::Mapcount, PageType::Balloon) => 0u32.wrapping_sub(256),
            (TypeEncoding::Mapcount, PageType::Kmemcg) => 0u32.wrapping_sub(512),
            (TypeEncoding::InvertedBits, PageType::Buddy) => 0x80,
            (TypeEncoding::InvertedBits, PageType::Balloon) => 0x100,
            (TypeEncoding::InvertedBits, PageType::Kmemcg) => 0x200,
            (TypeEncoding::InvertedBits, PageType::Table) => 0x400,
            (TypeEncoding::InvertedBitsOffline, PageType::Buddy) => 0x80,
            (TypeEncoding::InvertedBitsOffline, PageType::Offline) => 0x100,
            (TypeEncoding::InvertedBitsOffline, PageType::Table) => 0x200,
            (TypeEncoding::InvertedBitsOffline, PageType::Guard) => 0x400,
            (TypeEncoding::Ids, PageType::Buddy) => 0xf0,
            (TypeEncoding::Ids, PageType::Offline) => 0xf1,
            (TypeEncoding::Ids, PageType::Table) => 0xf2,
            (TypeEncoding::Ids, PageType::Guard) => 0xf3,
            (TypeEncoding::Ids, PageType::Hugetlb) => 0xf4,
            (TypeEncoding::Ids, PageType::Slab) => 0xf5,
            (TypeEncoding::Ids, PageType::Zsmalloc) => 0xf6,
            (TypeEncoding::Ids, PageType::Unaccepted) => 0xf7,
            _ => return None,
        };
        Some(number)
    }

    /// The cell of a page just initialised: no type, mapped by nobody.
    pub const fn initial(self) -> u32 {
        NOTHING
    }

    /// Whether a cell says the page is of a type (`PageBuddy` and its like).
    pub const fn is(self, cell: u32, t: PageType) -> bool {
        match (self, self.number(t)) {
            (_, None) => false,
            (TypeEncoding::Flag, _) => false,
            (TypeEncoding::Mapcount, Some(value)) => cell == value,
            (TypeEncoding::InvertedBits | TypeEncoding::InvertedBitsOffline, Some(bit)) => {
                cell & (BASE | bit) == BASE
            }
            (TypeEncoding::Ids, Some(id)) => cell >> 24 == id,
        }
    }

    /// The cell of a page that becomes one of a type (`__SetPageBuddy` and its like).
    ///
    /// # Errors
    /// When it is mapped or of another type that excludes this one, or there is no such type.
    pub const fn set(self, cell: u32, t: PageType) -> Result<u32, TypeError> {
        let Some(number) = self.number(t) else {
            return Err(TypeError::NoSuchType(t));
        };
        match self {
            TypeEncoding::Ids if self.is(cell, t) => Ok(cell),
            TypeEncoding::Ids if cell == NOTHING => Ok(number << 24),
            TypeEncoding::Mapcount if cell == NOTHING => Ok(number),
            // Base bits set: whatever it is, it is no mapcount.
            TypeEncoding::InvertedBits | TypeEncoding::InvertedBitsOffline
                if cell & BASE == BASE =>
            {
                Ok(cell & !number)
            }
            _ => Err(TypeError::Taken(cell)),
        }
    }

    /// The cell of a page that is no longer one of a type (`__ClearPageBuddy` and its like).
    ///
    /// # Errors
    /// When it was not, or there is no such type.
    pub const fn clear(self, cell: u32, t: PageType) -> Result<u32, TypeError> {
        let Some(number) = self.number(t) else {
            return Err(TypeError::NoSuchType(t));
        };
        match self {
            TypeEncoding::Ids if cell == NOTHING => Ok(cell),
            _ if !self.is(cell, t) => Err(TypeError::Not(t, cell)),
            TypeEncoding::InvertedBits | TypeEncoding::InvertedBitsOffline => Ok(cell | number),
            _ => Ok(NOTHING),
        }
    }

    /// Whether a cell says any type (`page_has_type`).
    pub fn has_type(self, cell: u32) -> bool {
        match self {
            TypeEncoding::Flag | TypeEncoding::Mapcount => {
                PageType::ALL.iter().any(|&t| self.is(cell, t))
            }
            // The low seven bits catch a mapcount that fell below zero.
            TypeEncoding::InvertedBits | TypeEncoding::InvertedBitsOffline => {
                cell.cast_signed() < -128
            }
            TypeEncoding::Ids => cell.cast_signed() < 0xff00_0000_u32.cast_signed(),
        }
    }

    /// How often the page is mapped, if the cell is a mapcount (`page_mapcount`).
    pub const fn mapcount(self, cell: u32) -> i32 {
        cell.wrapping_add(1).cast_signed()
    }
}

/// A change of type that is a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeError {
    /// The generation does not say this type in the cell.
    NoSuchType(PageType),
    /// The cell is a mapcount, or says another type.
    Taken(u32),
    /// The cell does not say this type.
    Not(PageType, u32),
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeError::NoSuchType(t) => write!(f, "no page is marked {t:?} by its type"),
            TypeError::Taken(cell) => {
                write!(f, "the type cell is {cell:#x}: mapped, or of another type")
            }
            TypeError::Not(t, cell) => write!(f, "the type cell is {cell:#x}, which is not {t:?}"),
        }
    }
}

impl core::error::Error for TypeError {}
