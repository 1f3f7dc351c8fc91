//! All sections, and what can be asked of them.

use pfnlab_model::{NodeId, Order, Pfn, PfnRange};

use super::table::Table;
use super::{Root, RootArray, Section, SectionEra, SectionTable, SectionWordLayout};
use crate::memory_model::{Geometry, PageAddr, SectionNr};
use crate::pageblock_bits::section_bitmap_bytes;
use crate::profile::LINUX_6_12_Y;

/// All that is chosen once about sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionsSpec {
    /// Frame, section and descriptor sizes.
    pub geometry: Geometry,
    /// What the kernel generation knows.
    pub era: SectionEra,
    /// How the table is built.
    pub table: SectionTable,
    /// A section also points to page extensions or memory control groups, so that it takes 32
    /// bytes and not 16 (`CONFIG_PAGE_EXTENSION`; up to 3.8 `CONFIG_CGROUP_MEM_RES_CTLR`).
    pub wide_entry: bool,
    /// Device memory can have descriptors (`CONFIG_ZONE_DEVICE`).
    pub zone_device: bool,
    /// Memory can be taken out (`CONFIG_MEMORY_HOTREMOVE`).
    pub hotremove: bool,
    /// The order of a pageblock.
    pub pageblock_order: Order,
    /// Bits a pageblock has in the usage area (`NR_PAGEBLOCK_BITS`).
    pub pageblock_bits: u32,
}

impl SectionsSpec {
    /// A distribution's x86-64 kernel, 6.1.y or 6.12, with four page-table levels.
    pub const X86_64: SectionsSpec = SectionsSpec {
        geometry: Geometry::X86_64,
        era: LINUX_6_12_Y.sections,
        table: SectionTable::Extreme(RootArray::AtFirstSection),
        wide_entry: true,
        zone_device: true,
        hotremove: true,
        pageblock_order: match Order::new(9) {
            Ok(order) => order,
            Err(_) => unreachable!(),
        },
        pageblock_bits: 4,
    };

    /// Bytes of a section's entry in the table (`sizeof(struct mem_section)`).
    pub const fn entry_bytes(&self) -> u64 {
        if self.wide_entry { 32 } else { 16 }
    }

    /// Bytes a section keeps beside its entry (`mem_section_usage_size`).
    pub const fn usage_bytes(&self) -> u64 {
        let bitmap = section_bitmap_bytes(
            self.geometry.section_frames(),
            self.pageblock_order,
            self.pageblock_bits,
        );
        self.era.usage().bytes(&self.geometry, bitmap)
    }

    /// What the bits of a section's word mean.
    pub const fn word(&self) -> SectionWordLayout {
        self.era.word(self.zone_device)
    }
}

/// The sections of a machine (`mem_section`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections {
    pub(super) spec: SectionsSpec,
    pub(super) table: Table,
    /// Bytes reserved for the map of one whole section.
    pub(super) section_map_bytes: u64,
}

impl Sections {
    pub(super) fn new(spec: &SectionsSpec, section_map_bytes: u64) -> Sections {
        Sections {
            spec: *spec,
            table: Table::new(
                spec.table,
                spec.entry_bytes(),
                spec.geometry.section_count(),
            ),
            section_map_bytes,
        }
    }

    /// What was chosen.
    pub fn spec(&self) -> &SectionsSpec {
        &self.spec
    }

    /// Frame, section and descriptor sizes.
    pub fn geometry(&self) -> &Geometry {
        &self.spec.geometry
    }

    /// One section (`__nr_to_section`); `None` where its root is null, and beyond the last.
    pub fn get(&self, nr: SectionNr) -> Option<&Section> {
        self.table
            .get(nr)
            .filter(|_| nr.get() < self.spec.geometry.section_count())
    }

    /// The present sections, ascending (`for_each_present_section_nr`).
    pub fn present(&self) -> impl Iterator<Item = SectionNr> {
        self.table.present()
    }

    /// Where in the table a section is.
    pub fn root(&self, nr: SectionNr) -> Root {
        self.table.root(nr)
    }

    /// How many roots there can be (`NR_SECTION_ROOTS`).
    pub fn root_count(&self) -> u64 {
        self.table.root_count()
    }

    /// How many roots point to something.
    pub fn roots_allocated(&self) -> u64 {
        self.table.roots_allocated()
    }

    /// Bytes of the array of roots, zero while it is null.
    pub fn root_array_bytes(&self) -> u64 {
        self.table.root_array_bytes()
    }

    /// Bytes of the whole table.
    pub fn table_bytes(&self) -> u64 {
        self.table.bytes()
    }

    /// Bytes of all usage areas.
    pub fn usage_bytes(&self) -> u64 {
        let areas = self.present().filter_map(|nr| self.get(nr)?.usage.as_ref());
        areas.count() as u64 * self.spec.usage_bytes()
    }

    /// Bytes of all descriptors: whole sections, or where they were added later, sub-sections.
    pub fn map_bytes(&self) -> u64 {
        let layout = self.spec.word();
        let of_section = |nr| {
            let section = self.get(nr)?;
            let flags = layout.flags(section.word);
            let parts = self.spec.geometry.subsections();
            match section.subsections() {
                _ if !flags.has_mem_map => None,
                Some(there) if self.spec.era.has_subsections() && !flags.early => {
                    let part = self.section_map_bytes / u64::from(parts);
                    Some(u64::from(there.count()) * part)
                }
                _ => Some(self.section_map_bytes),
            }
        };
        self.present().filter_map(of_section).sum()
    }

    /// What a frame number of this section is added to; `None`: no descriptors.
    pub fn map_base(&self, nr: SectionNr) -> Option<PageAddr> {
        self.spec.word().map_base(self.get(nr)?.word)
    }

    /// The first descriptor of a section.
    pub fn map_start(&self, nr: SectionNr) -> Option<PageAddr> {
        let start = self.spec.geometry.section_range(nr)?.start();
        let size = self.spec.geometry.descriptor_bytes();
        self.spec.word().map_start(self.get(nr)?.word, start, size)
    }

    /// The node the frame's section was announced with.
    pub fn node_of(&self, pfn: Pfn) -> Option<NodeId> {
        let section = self.get(self.spec.geometry.section_of(pfn))?;
        section.word.is_present().then_some(section.node)
    }

    /// Whether the frame's section is present, with descriptors or not
    /// (`pfn_in_present_section`, `pfn_present`).
    pub fn pfn_present(&self, pfn: Pfn) -> bool {
        let section = self.get(self.spec.geometry.section_of(pfn));
        section.is_some_and(|section| section.word.is_present())
    }

    /// Whether the frame has a descriptor (`pfn_valid`): every frame of a section present since
    /// boot, and of others those of the sub-sections that were added.
    pub fn pfn_valid(&self, pfn: Pfn) -> bool {
        if self.spec.era.checks_address() && !self.spec.geometry.is_addressable(pfn) {
            return false;
        }
        let Some(section) = self.get(self.spec.geometry.section_of(pfn)) else {
            return false;
        };
        let early = self.spec.word().flags(section.word).early;
        section.word.is_valid() && (early || self.in_subsection(section, pfn))
    }

    /// Whether the frame has a descriptor and is online (`pfn_to_online_page`). Asks for the
    /// sub-section even in sections present since boot, so that a hole of 2 MiB is valid and not
    /// online. Device memory is not told apart within a section.
    pub fn pfn_online(&self, pfn: Pfn) -> bool {
        let Some(section) = self.get(self.spec.geometry.section_of(pfn)) else {
            return false;
        };
        let online = match self.spec.word() {
            SectionWordLayout::MapOnly => section.word.is_valid(),
            layout => layout.flags(section.word).online,
        };
        online && self.pfn_valid(pfn) && self.in_subsection(section, pfn)
    }

    /// Whether the frame's sub-section is there; always, where sections are not divided.
    fn in_subsection(&self, section: &Section, pfn: Pfn) -> bool {
        let at = self.spec.geometry.subsection_of(pfn);
        !self.spec.era.has_subsections()
            || section
                .subsections()
                .is_some_and(|there| there.contains(at))
    }

    /// The sub-sections of section `nr` that `range` touches.
    pub(super) fn touched(&self, nr: SectionNr, range: PfnRange) -> core::ops::Range<u32> {
        let geometry = &self.spec.geometry;
        let section = geometry.section_range(nr).unwrap_or_default();
        let range = range.intersection(section);
        if range.is_empty() {
            return 0..0;
        }
        let last = Pfn::new(range.end().get() - 1);
        geometry.subsection_of(range.start())..geometry.subsection_of(last) + 1
    }

    pub(crate) fn set_online(&mut self, nr: SectionNr, online: bool) {
        let layout = self.spec.word();
        if let Some(section) = self.table.get_mut(nr).filter(|s| s.word.is_present()) {
            section.word = layout.with_online(section.word, online);
        }
    }
}
