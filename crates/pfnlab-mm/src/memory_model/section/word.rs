//! One section in one word: flags below, and above them first a node, later a biased pointer.

use core::fmt;

use pfnlab_model::{NodeId, Pfn};

use crate::memory_model::PageAddr;

/// `SECTION_MARKED_PRESENT`.
const PRESENT: u64 = 1 << 0;
/// `SECTION_HAS_MEM_MAP`.
const HAS_MEM_MAP: u64 = 1 << 1;
/// `SECTION_IS_ONLINE`.
const ONLINE: u64 = 1 << 2;
/// `SECTION_IS_EARLY`.
const EARLY: u64 = 1 << 3;
/// `SECTION_TAINT_ZONE_DEVICE`.
const DEVICE: u64 = 1 << 4;

/// The word of a section (`mem_section.section_mem_map`). Zero: there is no such section.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SectionWord(u64);

impl SectionWord {
    /// The word with these bits.
    pub const fn from_bits(bits: u64) -> SectionWord {
        SectionWord(bits)
    }

    /// Its bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether the section was announced: there is memory (`present_section`).
    pub const fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// Whether it has descriptors (`valid_section`). Never without being present.
    pub const fn is_valid(self) -> bool {
        self.0 & HAS_MEM_MAP != 0
    }

    /// The word without its node or its map.
    pub(super) const fn flags_only(self, layout: SectionWordLayout) -> SectionWord {
        SectionWord(self.0 & layout.flag_mask())
    }
}

impl fmt::Debug for SectionWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "section-word:{:#x}", self.0)
    }
}

/// The flags of a section's word. A flag its generation does not have is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SectionFlags {
    /// Announced: there is memory.
    pub present: bool,
    /// There are descriptors.
    pub has_mem_map: bool,
    /// Its memory block is online.
    pub online: bool,
    /// Present since boot.
    pub early: bool,
    /// Some of its frames are device memory.
    pub device: bool,
}

/// How many low bits of the word are flags, and which.
///
/// ```text
///   early phase    |          node          |flags|
///   attached       | map - start * size     |flags|     the low bits of the base are zero
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionWordLayout {
    /// Present, map.
    MapOnly,
    /// Present, map, online.
    Online,
    /// Present, map, online, early.
    Early,
    /// Present, map, online, early, device.
    EarlyDevice,
}

impl SectionWordLayout {
    /// Every layout.
    pub const ALL: [SectionWordLayout; 4] = [
        SectionWordLayout::MapOnly,
        SectionWordLayout::Online,
        SectionWordLayout::Early,
        SectionWordLayout::EarlyDevice,
    ];

    /// The bits that are flags, which is also where the node starts (`SECTION_NID_SHIFT`).
    pub const fn shift(self) -> u32 {
        match self {
            SectionWordLayout::MapOnly => 2,
            SectionWordLayout::Online => 3,
            SectionWordLayout::Early => 4,
            SectionWordLayout::EarlyDevice => 5,
        }
    }

    const fn flag_mask(self) -> u64 {
        (1 << self.shift()) - 1
    }

    /// A section just announced (`sparse_encode_early_nid`).
    pub const fn announce(self, node: NodeId) -> SectionWord {
        let online = ONLINE & self.flag_mask();
        SectionWord((node.0 as u64) << self.shift() | PRESENT | online)
    }

    /// The node of a section announced and not yet attached (`sparse_early_nid`).
    pub const fn early_node(self, word: SectionWord) -> NodeId {
        NodeId((word.0 >> self.shift()) as u16)
    }

    /// A section hot-added and not yet attached (`section_mark_present`).
    pub const fn appear(self) -> SectionWord {
        SectionWord(PRESENT)
    }

    /// The word once the descriptors of the section that starts at `start` are at `map`
    /// (`sparse_encode_mem_map`): biased, so that adding a frame number gives its page. The flags
    /// so far stay; `early` marks a section present since boot, where there is such a mark.
    /// `None`: the biased pointer has low bits.
    pub const fn attach(
        self,
        word: SectionWord,
        map: PageAddr,
        start: Pfn,
        descriptor_bytes: u64,
        early: bool,
    ) -> Option<SectionWord> {
        let base = map.back(start.get(), descriptor_bytes).get();
        if base & self.flag_mask() != 0 {
            return None;
        }
        let early = if early { EARLY & self.flag_mask() } else { 0 };
        let flags = word.0 & self.flag_mask();
        Some(SectionWord(base | flags | HAS_MEM_MAP | early))
    }

    /// What a frame number is added to (`__section_mem_map_addr`); `None`: no descriptors.
    pub const fn map_base(self, word: SectionWord) -> Option<PageAddr> {
        if word.is_valid() {
            Some(PageAddr::new(word.0 & !self.flag_mask()))
        } else {
            None
        }
    }

    /// The first descriptor of the section that starts at `start` (`sparse_decode_mem_map`).
    pub const fn map_start(
        self,
        word: SectionWord,
        start: Pfn,
        descriptor_bytes: u64,
    ) -> Option<PageAddr> {
        match self.map_base(word) {
            Some(base) => Some(base.forward(start.get(), descriptor_bytes)),
            None => None,
        }
    }

    /// The flags of a word.
    pub const fn flags(self, word: SectionWord) -> SectionFlags {
        let flags = word.0 & self.flag_mask();
        SectionFlags {
            present: flags & PRESENT != 0,
            has_mem_map: flags & HAS_MEM_MAP != 0,
            online: flags & ONLINE != 0,
            early: flags & EARLY != 0,
            device: flags & DEVICE != 0,
        }
    }

    /// The word with its online flag changed, where there is one (`online_mem_sections`,
    /// `offline_mem_sections`).
    pub const fn with_online(self, word: SectionWord, online: bool) -> SectionWord {
        let flag = ONLINE & self.flag_mask();
        SectionWord(if online {
            word.0 | flag
        } else {
            word.0 & !flag
        })
    }

    /// The word with its mark for device memory set, where there is one.
    pub const fn with_device(self, word: SectionWord) -> SectionWord {
        SectionWord(word.0 | DEVICE & self.flag_mask())
    }
}
