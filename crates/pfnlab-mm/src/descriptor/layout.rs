//! Where the fields of the flags word are.

use core::fmt;

/// Bits of a process id kept for NUMA balancing (`LAST__PID_SHIFT`).
const LAST_PID_BITS: u32 = 8;
/// Bits of a tag (`KASAN_TAG_WIDTH`).
const KASAN_TAG_BITS: u32 = 8;
/// Bits of a generation of the LRU (`LRU_GEN_WIDTH`).
const LRU_GEN_BITS: u32 = 3;
/// Bits of references counted within one, if there is room (`LRU_REFS_WIDTH`).
const LRU_REFS_BITS: u32 = 2;

/// What a kernel was built with, as far as its flags word depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutSpec {
    /// Bits of the word (`BITS_PER_LONG`): 32 or 64.
    pub word_bits: u32,
    /// How many flags there are (`NR_PAGEFLAGS`): [`super::FlagNumbers::count`].
    pub flags: u32,
    /// Kinds of zone (`MAX_NR_ZONES`): 1 to 8.
    pub zones: u32,
    /// Bits of a node number (`NODES_SHIFT`).
    pub nodes_shift: u32,
    /// Bits of a section number (`SECTIONS_SHIFT`); `None`: no sections.
    pub sections_shift: Option<u32>,
    /// Whether a section is found without the word: by a virtual array of descriptors.
    pub vmemmap: bool,
    /// For NUMA balancing: CPUs there can be (`NR_CPUS`). The last CPU and process that used a
    /// page stand in the word if there is room.
    pub balancing_cpus: Option<u32>,
    /// Whether pages are tagged (`CONFIG_KASAN_SW_TAGS`, `CONFIG_KASAN_HW_TAGS`).
    pub kasan_tags: bool,
    /// Whether the LRU has generations (`CONFIG_LRU_GEN`, 6.1+).
    pub lru_gen: bool,
}

impl LayoutSpec {
    /// A 64-bit x86 kernel: 46 address bits, sections of 128 MiB found by a virtual array, five
    /// kinds of zone, 64 nodes, and nothing that is optional.
    pub const X86_64: LayoutSpec = LayoutSpec {
        word_bits: 64,
        flags: 23,
        zones: 5,
        nodes_shift: 6,
        sections_shift: Some(19),
        vmemmap: true,
        balancing_cpus: None,
        kasan_tags: false,
        lru_gen: false,
    };
}

/// One field of the flags word.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Field {
    /// Bits it has; none: the fact is not in the word.
    pub width: u32,
    /// Where it starts, or would (`SECTIONS_PGOFF` and its like).
    pub offset: u32,
}

impl Field {
    /// What its accessors shift by: nothing, when it has no bits (`SECTIONS_PGSHIFT`).
    pub const fn shift(self) -> u32 {
        if self.width == 0 { 0 } else { self.offset }
    }

    /// Its bits, at the bottom of a word (`SECTIONS_MASK`).
    pub const fn mask(self) -> u64 {
        if self.width < 64 {
            (1 << self.width) - 1
        } else {
            u64::MAX
        }
    }

    /// Its bits where they are.
    pub const fn mask_in_place(self) -> u64 {
        self.mask() << self.shift()
    }

    /// What it says in `word`.
    pub const fn read(self, word: u64) -> u64 {
        word >> self.shift() & self.mask()
    }

    /// `word`, saying `value` there; bits that do not fit are lost.
    pub const fn write(self, word: u64, value: u64) -> u64 {
        word & !self.mask_in_place() | (value & self.mask()) << self.shift()
    }
}

/// Where the fields of the flags word are (`page-flags-layout.h`): packed downward from the top.
///
/// ```
/// use pfnlab_mm::descriptor::{FlagsLayout, LayoutSpec};
/// let layout = FlagsLayout::new(LayoutSpec::X86_64).unwrap();
/// assert_eq!((layout.node.width, layout.node.offset), (6, 58));
/// assert_eq!((layout.zone.width, layout.zone.offset), (3, 55));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagsLayout {
    /// What it was made from.
    pub spec: LayoutSpec,
    /// The number of the section.
    pub section: Field,
    /// The number of the node.
    pub node: Field,
    /// The index of the zone.
    pub zone: Field,
    /// The last CPU and process that used the page.
    pub last_cpupid: Field,
    /// The tag.
    pub kasan_tag: Field,
    /// The generation.
    pub lru_gen: Field,
    /// References within a generation.
    pub lru_refs: Field,
}

impl FlagsLayout {
    /// Lays out a flags word.
    ///
    /// # Errors
    /// When the fields and flags do not fit, or a number is out of bounds.
    pub const fn new(spec: LayoutSpec) -> Result<FlagsLayout, LayoutError> {
        if spec.word_bits != 32 && spec.word_bits != 64 {
            return Err(LayoutError::WordBits(spec.word_bits));
        }
        if spec.nodes_shift > 16 {
            return Err(LayoutError::Nodes(spec.nodes_shift));
        }
        let zones = match spec.zones {
            1 => 0,
            2 => 1,
            3 | 4 => 2,
            5..=8 => 3,
            zones => return Err(LayoutError::Zones(zones)),
        };
        let sections = match spec.sections_shift {
            Some(shift) if !spec.vmemmap => shift,
            _ => 0,
        };
        let kasan = if spec.kasan_tags { KASAN_TAG_BITS } else { 0 };
        let lru_gen = if spec.lru_gen { LRU_GEN_BITS } else { 0 };
        let mut room = Room(spec.word_bits);
        // In the order in which room is given away, which is not the order of the fields.
        if !room.take(spec.flags)
            || !room.take(sections)
            || !room.take(zones)
            || !room.take(lru_gen)
        {
            return Err(LayoutError::NoRoom(spec));
        }
        let nodes = if room.take(spec.nodes_shift) {
            spec.nodes_shift
        } else if sections == 0 {
            // Nothing else says which node a page is on.
            return Err(LayoutError::NoRoom(spec));
        } else {
            0
        };
        if !room.take(kasan) {
            return Err(LayoutError::NoRoom(spec));
        }
        let cpupid = cpupid_bits(spec.balancing_cpus);
        let cpupid = if room.take(cpupid) { cpupid } else { 0 };
        let refs = match lru_gen {
            0 => 0,
            _ if room.0 < LRU_REFS_BITS => room.0,
            _ => LRU_REFS_BITS,
        };
        let mut top = spec.word_bits;
        Ok(FlagsLayout {
            spec,
            section: below(&mut top, sections),
            node: below(&mut top, nodes),
            zone: below(&mut top, zones),
            last_cpupid: below(&mut top, cpupid),
            kasan_tag: below(&mut top, kasan),
            lru_gen: below(&mut top, lru_gen),
            lru_refs: below(&mut top, refs),
        })
    }

    /// Whether the node of a page is not in its flags, but in a table by section
    /// (`NODE_NOT_IN_PAGE_FLAGS`).
    pub const fn node_in_table(&self) -> bool {
        self.spec.nodes_shift != 0 && self.node.width == 0
    }

    /// Whether the last CPU and process have a field of their own beside the word
    /// (`LAST_CPUPID_NOT_IN_PAGE_FLAGS`).
    pub const fn last_cpupid_beside(&self) -> bool {
        self.spec.balancing_cpus.is_some() && self.last_cpupid.width == 0
    }

    /// Bits of the last CPU and process, in the word or beside it (`LAST_CPUPID_SHIFT`).
    pub const fn last_cpupid_shift(&self) -> u32 {
        cpupid_bits(self.spec.balancing_cpus)
    }

    /// All fields, from the top down.
    pub const fn fields(&self) -> [Field; 7] {
        [
            self.section,
            self.node,
            self.zone,
            self.last_cpupid,
            self.kasan_tag,
            self.lru_gen,
            self.lru_refs,
        ]
    }

    /// The lowest bit that belongs to a field.
    pub const fn fields_end(&self) -> u32 {
        self.lru_refs.offset
    }
}

/// Bits of a word not yet given away.
struct Room(u32);

impl Room {
    const fn take(&mut self, bits: u32) -> bool {
        let fits = bits <= self.0;
        if fits {
            self.0 -= bits;
        }
        fits
    }
}

const fn below(top: &mut u32, width: u32) -> Field {
    *top -= width;
    Field {
        width,
        offset: *top,
    }
}

/// Bits to tell `cpus` apart, and those of a process id.
const fn cpupid_bits(cpus: Option<u32>) -> u32 {
    match cpus {
        Some(0 | 1) => LAST_PID_BITS,
        Some(cpus) => LAST_PID_BITS + u32::BITS - (cpus - 1).leading_zeros(),
        None => 0,
    }
}

/// A flags word that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// A word of neither 32 nor 64 bits.
    WordBits(u32),
    /// No zones, or more than eight.
    Zones(u32),
    /// Node numbers of more than 16 bits.
    Nodes(u32),
    /// The fields and flags do not fit.
    NoRoom(LayoutSpec),
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::WordBits(bits) => write!(f, "a flags word has 32 or 64 bits, not {bits}"),
            LayoutError::Zones(zones) => {
                write!(f, "a kernel has 1 to 8 kinds of zone, not {zones}")
            }
            LayoutError::Nodes(bits) => write!(f, "a node number has at most 16 bits, not {bits}"),
            LayoutError::NoRoom(spec) => write!(
                f,
                "{} flags, {} kinds of zone and {} bits of a node do not fit in {} bits",
                spec.flags, spec.zones, spec.nodes_shift, spec.word_bits
            ),
        }
    }
}

impl core::error::Error for LayoutError {}
