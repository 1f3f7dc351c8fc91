//! The memory map of a machine: which frames have a page descriptor, where it is, and what its
//! words say.
//!
//! Looked at when a machine boots or a state is resumed, and when a frame turns out to be no
//! zone's: never on the way of an ordinary request.
//!
//! - [`MemMap`]: the memory model and the flags word of one kernel on one machine.
//! - `charge`: the boot allocator is asked for its memory. [`MapPiece`]: what it gave.
//! - `page`: the descriptor of one frame.

mod charge;
mod error;
mod page;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{MemRange, MemoryError, NodeId, Pfn, PfnRange, ZoneId};

use crate::descriptor::{
    FlagNumbers, FlagOptions, FlagsLayout, LayoutSpec, Links, LinksError, SectionNodes,
};
use crate::memory_model::{
    Geometry, GeometrySpec, MemoryModel, Model, Place, RootArray, SectionTable, SectionsSpec,
    Vmemmap, one_after_another,
};
use crate::{Config, Profile};

pub(crate) use charge::charged;
pub use charge::{MapPiece, PieceKind};
pub use error::MemMapError;
pub use page::PageView;

/// Bytes in a page frame.
const PAGE: u64 = 4096;

/// The memory map of one kernel on one machine.
#[derive(Clone)]
pub struct MemMap {
    kind: Model,
    model: Box<dyn MemoryModel>,
    layout: FlagsLayout,
    numbers: FlagNumbers,
    nodes: Option<SectionNodes>,
    nodes_shift: u32,
    pieces: Vec<MapPiece>,
}

impl MemMap {
    /// A map that takes nothing of the machine's memory: it lies behind all of it. Sections have
    /// `section_frames` frames.
    ///
    /// # Errors
    /// When the memory model of `config` cannot describe this memory.
    pub fn aside(
        memory: &[MemRange],
        section_frames: u64,
        profile: &Profile,
        config: &Config,
    ) -> Result<MemMap, MemMapError> {
        let end = memory
            .iter()
            .map(|memory| memory.range.end())
            .max()
            .unwrap_or_default();
        let start = config.arch.direct_map().wrapping_add(end.get() * PAGE);
        let mut place = one_after_another(start);
        MemMap::new(memory, section_frames, profile, config, &mut place)
    }

    fn new(
        memory: &[MemRange],
        section_frames: u64,
        profile: &Profile,
        config: &Config,
        place: &mut Place<'_>,
    ) -> Result<MemMap, MemMapError> {
        let spec = sections_spec(section_frames, profile, config)?;
        let kind = config.memory_model;
        let model: Box<dyn MemoryModel> = match (kind, config.arch.vmemmap()) {
            (Model::SparseVmemmap, None) => return Err(MemMapError::NoVirtualArray(config.arch)),
            (Model::SparseVmemmap, Some(base)) => {
                Box::new(Vmemmap::new(memory, &spec, base, place)?)
            }
            _ => kind.build(memory, &spec, place)?,
        };
        let numbers = FlagNumbers::new(profile.descriptor, flag_options(config));
        let nodes_shift = config.max_nodes.next_power_of_two().trailing_zeros();
        let layout = FlagsLayout::new(LayoutSpec {
            word_bits: config.arch.word_bits(),
            flags: numbers.count(),
            zones: config.zones.len() as u32,
            nodes_shift,
            sections_shift: kind
                .has_sections()
                .then(|| spec.geometry.section_number_bits()),
            vmemmap: kind == Model::SparseVmemmap,
            balancing_cpus: config.balancing_cpus,
            kasan_tags: false,
            lru_gen: profile.descriptor.has_lru_generations(),
        })?;
        let nodes = match model.sections() {
            Some(sections) if layout.node_in_table() => {
                Some(SectionNodes::new(sections, nodes_shift))
            }
            _ => None,
        };
        Ok(MemMap {
            kind,
            model,
            layout,
            numbers,
            nodes,
            nodes_shift,
            pieces: Vec::new(),
        })
    }

    /// Whole sections get descriptors while the machine runs.
    ///
    /// # Errors
    /// When the model has no sections, or there is no place for the descriptors.
    pub(crate) fn add(&mut self, range: PfnRange, node: NodeId) -> Result<(), MemoryError> {
        if self.model.sections().is_none() {
            return Err(MemoryError::Unsupported);
        }
        let mut done = PfnRange::sized(range.start(), 0);
        for section in self.sections_in(range) {
            if self.model.add_section(section, node).is_err() {
                // What was added before goes again, so that nothing changed.
                let _ = self.remove(done);
                return Err(MemoryError::Exists(section.start()));
            }
            done = PfnRange::sized(range.start(), done.frames() + section.frames());
        }
        self.renumber();
        Ok(())
    }

    /// Whole sections lose their descriptors.
    ///
    /// # Errors
    /// When a section is not there.
    pub(crate) fn remove(&mut self, range: PfnRange) -> Result<(), MemoryError> {
        for section in self.sections_in(range) {
            let removed = self.model.remove_section(section);
            removed.map_err(|_| MemoryError::NotThere(section.start()))?;
        }
        self.renumber();
        Ok(())
    }

    /// Whole sections are on- or offline.
    pub(crate) fn set_online(&mut self, range: PfnRange, online: bool) {
        for section in self.sections_in(range) {
            let geometry = self.model.sections().map(|sections| *sections.geometry());
            if let Some(geometry) = geometry {
                let nr = geometry.section_of(section.start());
                self.model.set_section_online(nr, online);
            }
        }
    }

    /// The sections that make up a range.
    fn sections_in(&self, range: PfnRange) -> Vec<PfnRange> {
        let sections = self.model.sections();
        let frames = sections.map_or(0, |all| all.geometry().section_frames());
        let count = range.frames().checked_div(frames).unwrap_or(0);
        let section = |at| PfnRange::sized(range.start().offset(at * frames), frames);
        (0..count).map(section).collect()
    }

    /// The table of the sections' nodes, made anew.
    fn renumber(&mut self) {
        if let (Some(nodes), Some(sections)) = (&mut self.nodes, self.model.sections()) {
            *nodes = SectionNodes::new(sections, self.nodes_shift);
        }
    }

    /// Which memory model.
    pub fn kind(&self) -> Model {
        self.kind
    }

    /// The memory model.
    pub fn model(&self) -> &dyn MemoryModel {
        &*self.model
    }

    /// Where the fields of a descriptor's flags word are.
    pub fn layout(&self) -> &FlagsLayout {
        &self.layout
    }

    /// Which bit of it each flag is.
    pub fn numbers(&self) -> &FlagNumbers {
        &self.numbers
    }

    /// The node of each section, where the flags word has no room for a node.
    pub fn section_nodes(&self) -> Option<&SectionNodes> {
        self.nodes.as_ref()
    }

    /// What was taken of the machine's memory for all this, in order; nothing, when it was not
    /// charged.
    pub fn pieces(&self) -> &[MapPiece] {
        &self.pieces
    }

    /// Bytes of all that describes the machine: descriptors, usage areas, the section table, and
    /// the table of their nodes.
    pub fn cost(&self) -> u64 {
        let sections = self.model.sections();
        let tables = sections.map_or(0, |all| all.usage_bytes() + all.table_bytes());
        let nodes = self.nodes.as_ref().map_or(0, SectionNodes::bytes);
        self.model.cost() + tables + nodes
    }

    /// Where a frame belongs that is in the zone of index `kind` of `node`.
    pub fn links(&self, pfn: Pfn, node: NodeId, kind: usize) -> Links {
        let section = self.model.sections();
        Links {
            zone: kind as u8,
            node,
            section: section.map_or_else(Default::default, |s| s.geometry().section_of(pfn)),
        }
    }

    /// The number that two frames must share to be buddies, if they are in a zone
    /// (`page_zone_id`).
    ///
    /// # Errors
    /// When a number has no room in the flags word.
    pub(crate) fn zone_id(&self, pfn: Pfn, zone: ZoneId, kind: usize) -> Result<u64, LinksError> {
        let word = self.layout.set_links(0, self.links(pfn, zone.node, kind))?;
        Ok(self.layout.zone_id(word))
    }
}

impl fmt::Debug for MemMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemMap")
            .field("kind", &self.kind)
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

/// What a kernel chose about sections, on a machine with sections of so many frames.
fn sections_spec(
    section_frames: u64,
    profile: &Profile,
    config: &Config,
) -> Result<SectionsSpec, MemMapError> {
    let arch = config.arch.geometry().spec();
    if !section_frames.is_power_of_two() {
        return Err(MemMapError::Section(section_frames));
    }
    let geometry = Geometry::new(GeometrySpec {
        section_bits: section_frames.trailing_zeros() + arch.page_bits,
        descriptor_bytes: profile.descriptor.bytes(config.descriptor_bytes),
        ..arch
    })?;
    Ok(SectionsSpec {
        geometry,
        era: profile.sections,
        table: SectionTable::Extreme(RootArray::AtFirstSection),
        wide_entry: config.page_extension,
        zone_device: config.zone_index(pfnlab_model::ZoneKind::Device).is_some(),
        hotremove: config.hot_remove,
        pageblock_order: config.pageblock_order,
        ..SectionsSpec::X86_64
    })
}

/// The flags a kernel's pages have. In a word of 32 bits there is no room for all.
fn flag_options(config: &Config) -> FlagOptions {
    let narrow = config.arch.word_bits() < 64;
    FlagOptions {
        uncached: !narrow,
        idle_tracking: !narrow,
        ..FlagOptions::X86_64
    }
}
