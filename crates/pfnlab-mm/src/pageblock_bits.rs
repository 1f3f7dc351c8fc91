//! Pageblock bits: the bitmap a kernel keeps a pageblock's migratetype in, bit for bit.
//!
//! ```text
//!   from the low end, 4 bits      … | s ttt | s ttt |      block 1, block 0
//!   reversed (3.16 to 5.8)        | ttt s | ttt s | …      block 0, block 1
//!   from the low end, 3 bits          … | ttt | ttt |      may cross a word
//! ```
//!
//! With sections the bitmap is in the section's usage area, else every zone has one.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{MigrateType, Order, Pfn, PfnRange};

/// Bits of a migratetype.
const TYPE_BITS: u32 = 3;
/// Bits of a word of the bitmap.
const WORD: u32 = 64;

/// How a pageblock is written down, named by what each generation brought.
///
/// | era | kernels | bits | order in the word |
/// |---|---|---|---|
/// | `TypeOnly` | 2.6.37 | 3 | from the low end |
/// | `SkipBit` | 3.8, with compaction | 4 | from the low end |
/// | `Reversed` | 4.14, 5.0 | 4 | from the high end |
/// | `LowEndAgain` | 6.1, 6.12 | 4 | from the low end |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageblockEra {
    /// The type and nothing else, bit by bit.
    TypeOnly,
    /// The type, and whether compaction may skip the block.
    SkipBit,
    /// The same, the first block at the high end of the word.
    Reversed,
    /// The same, at the low end again.
    LowEndAgain,
}

impl PageblockEra {
    /// Every era, oldest first.
    pub const ALL: [PageblockEra; 4] = [
        PageblockEra::TypeOnly,
        PageblockEra::SkipBit,
        PageblockEra::Reversed,
        PageblockEra::LowEndAgain,
    ];

    /// Bits a pageblock has (`NR_PAGEBLOCK_BITS`).
    pub const fn bits(self) -> u32 {
        match self {
            PageblockEra::TypeOnly => TYPE_BITS,
            PageblockEra::SkipBit | PageblockEra::Reversed | PageblockEra::LowEndAgain => {
                TYPE_BITS + 1
            }
        }
    }

    /// The number of a migratetype (`enum migratetype`); `None`: the kernel has no such type.
    pub const fn number(self, mt: MigrateType, built: TypeOptions) -> Option<u8> {
        let old = self.is_old();
        let built_cma = built.cma && !matches!(self, PageblockEra::TypeOnly);
        match mt {
            MigrateType::Unmovable => Some(0),
            MigrateType::Movable => Some(if old { 2 } else { 1 }),
            MigrateType::Reclaimable => Some(if old { 1 } else { 2 }),
            MigrateType::Reserve if old => Some(3),
            MigrateType::HighAtomic if !old => Some(3),
            MigrateType::Reserve | MigrateType::HighAtomic => None,
            MigrateType::Cma if built_cma => Some(4),
            MigrateType::Cma => None,
            MigrateType::Isolate if !self.isolates(built) => None,
            MigrateType::Isolate => Some(if built_cma { 5 } else { 4 }),
        }
    }

    /// How many numbers there are (`MIGRATE_TYPES`).
    pub const fn count(self, built: TypeOptions) -> u8 {
        let cma = match self {
            PageblockEra::TypeOnly => false,
            _ => built.cma,
        };
        PCPTYPES + 1 + cma as u8 + self.isolates(built) as u8
    }

    /// 2.6.37 always can.
    const fn isolates(self, built: TypeOptions) -> bool {
        built.isolation || matches!(self, PageblockEra::TypeOnly)
    }

    /// Reserves are blocks of their own, and movable comes last of the ordinary types.
    const fn is_old(self) -> bool {
        matches!(self, PageblockEra::TypeOnly | PageblockEra::SkipBit)
    }

    /// The number that is stored when a block is to become type `number`
    /// (`set_pageblock_migratetype`): with mobility grouping off, unmovable for ordinary types,
    /// and in the older eras for all.
    pub const fn stored(self, number: u8, grouping: bool) -> u8 {
        if !grouping && (self.is_old() || number < PCPTYPES) {
            0
        } else {
            number
        }
    }

    /// The first frame a zone's bitmap speaks of, in a kernel without sections: 2.6.37 counts from
    /// the zone itself, later ones from its first pageblock.
    const fn zone_base(self, start: Pfn, order: Order) -> Pfn {
        match self {
            PageblockEra::TypeOnly => start,
            PageblockEra::SkipBit | PageblockEra::Reversed | PageblockEra::LowEndAgain => {
                start.align_down(order)
            }
        }
    }
}

/// What a kernel was built with, as far as it has migratetypes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TypeOptions {
    /// Contiguous memory areas (`CONFIG_CMA`).
    pub cma: bool,
    /// Blocks can be taken out of use (`CONFIG_MEMORY_ISOLATION`).
    pub isolation: bool,
}

/// Types below this are cached per CPU and ordinary (`MIGRATE_PCPTYPES`).
const PCPTYPES: u8 = 3;

/// How a kernel came to its pageblock order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageblockSize {
    /// Huge pages of one size, as on x86: theirs.
    HugePage(Order),
    /// Huge pages whose size is only known at boot, as on powerpc; the order may be above the
    /// largest, and zero where there are none.
    AtBoot(u8),
    /// No huge pages: the largest order.
    TopOrder,
}

/// The order of a pageblock (`set_pageblock_order`), given the largest order there is.
pub const fn pageblock_order(size: PageblockSize, top: Order) -> Order {
    match size {
        PageblockSize::HugePage(order) if order.get() < top.get() => order,
        PageblockSize::AtBoot(order) if 0 < order && order < top.get() => match Order::new(order) {
            Ok(order) => order,
            Err(_) => top,
        },
        _ => top,
    }
}

/// Bytes of the bitmap of a section (`usemap_size`).
pub const fn section_bitmap_bytes(section_frames: u64, order: Order, bits: u32) -> u64 {
    let blocks = section_frames >> order.get();
    (blocks * bits as u64).div_ceil(WORD as u64) * 8
}

/// Bytes of the bitmap of a zone, in a kernel without sections (`usemap_size`).
pub const fn zone_bitmap_bytes(span: PfnRange, order: Order, era: PageblockEra) -> u64 {
    let base = era.zone_base(span.start(), order);
    let frames = span.end().get() - base.get();
    let blocks = frames.div_ceil(order.frames());
    (blocks * era.bits() as u64).div_ceil(WORD as u64) * 8
}

/// Frames below which a machine is too small for blocks of one type each: with fewer, mobility
/// grouping is off (`build_all_zonelists`).
///
/// ```
/// use pfnlab_mm::pageblock_bits::grouping_threshold;
/// use pfnlab_model::Order;
/// assert_eq!(grouping_threshold(Order::new(9).unwrap(), 5), 2560);
/// ```
pub const fn grouping_threshold(order: Order, migratetypes: u64) -> u64 {
    order.frames().saturating_mul(migratetypes)
}

/// A bitmap of pageblocks. All zero at first: every block unmovable, none to be skipped.
///
/// ```
/// use pfnlab_mm::pageblock_bits::{PageblockBits, PageblockEra};
/// use pfnlab_model::{Order, Pfn, PfnRange};
/// let section = PfnRange::sized(Pfn::new(0x8000), 0x8000);
/// let order = Order::new(9).unwrap();
/// let mut bits = PageblockBits::of_section(section, order, PageblockEra::LowEndAgain);
/// bits.set_number(Pfn::new(0x8000), 1)?;
/// bits.set_skip(Pfn::new(0x8200), true)?;
/// assert_eq!(bits.words()[0], 0x81);
/// # Ok::<(), pfnlab_mm::pageblock_bits::PageblockBitsError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PageblockBits {
    era: PageblockEra,
    order: Order,
    /// The frames it speaks of.
    range: PfnRange,
    /// The frame blocks count from: at most the first of `range`.
    base: Pfn,
    words: Vec<u64>,
}

impl PageblockBits {
    /// The bitmap of a section.
    pub fn of_section(section: PfnRange, order: Order, era: PageblockEra) -> PageblockBits {
        let bytes = section_bitmap_bytes(section.frames(), order, era.bits());
        PageblockBits {
            era,
            order,
            range: section,
            base: section.start(),
            words: vec![0; (bytes / 8) as usize],
        }
    }

    /// The bitmap of a zone, in a kernel without sections.
    pub fn of_zone(span: PfnRange, order: Order, era: PageblockEra) -> PageblockBits {
        let bytes = zone_bitmap_bytes(span, order, era);
        PageblockBits {
            era,
            order,
            range: span,
            base: era.zone_base(span.start(), order),
            words: vec![0; (bytes / 8) as usize],
        }
    }

    /// The words, lowest first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.words.len() as u64 * 8
    }

    /// The frames it speaks of.
    pub fn range(&self) -> PfnRange {
        self.range
    }

    /// The first bit of the frame's pageblock (`pfn_to_bitidx`); `None`: not in
    /// [`PageblockBits::range`].
    pub fn index(&self, pfn: Pfn) -> Option<u64> {
        let block = |()| pfn.since(self.base) >> self.order.get();
        let inside = self.range.contains(pfn).then_some(());
        inside
            .map(block)
            .map(|block| block * u64::from(self.era.bits()))
    }

    /// The number of the type of the frame's pageblock (`get_pageblock_migratetype`); `None`: not
    /// in [`PageblockBits::range`].
    pub fn number(&self, pfn: Pfn) -> Option<u8> {
        let index = self.index(pfn)?;
        let bits = (0..TYPE_BITS).map(|bit| u8::from(self.bit(index, bit)) << bit);
        Some(bits.sum())
    }

    /// Changes it (`set_pageblock_flags_group`, `set_pfnblock_flags_mask`).
    ///
    /// # Errors
    /// When the frame is not in [`PageblockBits::range`], or the number has more than three bits.
    pub fn set_number(&mut self, pfn: Pfn, number: u8) -> Result<(), PageblockBitsError> {
        if number >= 1 << TYPE_BITS {
            return Err(PageblockBitsError::Number(number));
        }
        let index = self.index(pfn).ok_or(self.outside(pfn))?;
        for bit in 0..TYPE_BITS {
            self.set_bit(index, bit, number >> bit & 1 == 1);
        }
        Ok(())
    }

    /// Whether compaction may skip the frame's pageblock (`get_pageblock_skip`); never, where
    /// there is no such bit. `None`: not in [`PageblockBits::range`].
    pub fn skip(&self, pfn: Pfn) -> Option<bool> {
        let index = self.index(pfn)?;
        Some(self.era.bits() > TYPE_BITS && self.bit(index, TYPE_BITS))
    }

    /// Changes it (`set_pageblock_skip`, `clear_pageblock_skip`); nothing, where there is no such
    /// bit.
    ///
    /// # Errors
    /// When the frame is not in [`PageblockBits::range`].
    pub fn set_skip(&mut self, pfn: Pfn, skip: bool) -> Result<(), PageblockBitsError> {
        let index = self.index(pfn).ok_or(self.outside(pfn))?;
        if self.era.bits() > TYPE_BITS {
            self.set_bit(index, TYPE_BITS, skip);
        }
        Ok(())
    }

    fn outside(&self, pfn: Pfn) -> PageblockBitsError {
        PageblockBitsError::Outside {
            pfn,
            range: self.range,
        }
    }

    fn bit(&self, index: u64, bit: u32) -> bool {
        let (word, shift) = self.position(index, bit);
        self.words[word] >> shift & 1 == 1
    }

    fn set_bit(&mut self, index: u64, bit: u32, to: bool) {
        let (word, shift) = self.position(index, bit);
        self.words[word] = self.words[word] & !(1 << shift) | u64::from(to) << shift;
    }

    /// Where bit `bit` of the block whose bits start at `index` is: its word, and in it.
    fn position(&self, index: u64, bit: u32) -> (usize, u32) {
        match self.era {
            PageblockEra::Reversed => {
                // The whole field is mirrored, the value in it is not: a type ends at bit 2.
                let start = (index % u64::from(WORD)) as u32;
                let last = if bit < TYPE_BITS { TYPE_BITS - 1 } else { bit };
                let low = WORD - (start + last) - 1;
                let within = if bit < TYPE_BITS { bit } else { 0 };
                ((index / u64::from(WORD)) as usize, low + within)
            }
            PageblockEra::TypeOnly | PageblockEra::SkipBit | PageblockEra::LowEndAgain => {
                let at = index + u64::from(bit);
                (
                    (at / u64::from(WORD)) as usize,
                    (at % u64::from(WORD)) as u32,
                )
            }
        }
    }
}

impl fmt::Debug for PageblockBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pageblock-bits:{} {:x?}", self.range, self.words)
    }
}

/// A change that cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageblockBitsError {
    /// The bitmap does not speak of the frame.
    Outside {
        /// The frame.
        pfn: Pfn,
        /// What it does speak of.
        range: PfnRange,
    },
    /// A number no migratetype can have.
    Number(u8),
}

impl fmt::Display for PageblockBitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageblockBitsError::Outside { pfn, range } => {
                write!(
                    f,
                    "frame {pfn} is not in {range}, which the bitmap speaks of"
                )
            }
            PageblockBitsError::Number(number) => {
                write!(
                    f,
                    "{number} does not fit in the three bits of a migratetype"
                )
            }
        }
    }
}

impl core::error::Error for PageblockBitsError {}
