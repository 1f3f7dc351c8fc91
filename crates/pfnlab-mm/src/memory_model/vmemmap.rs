//! SPARSEMEM_VMEMMAP: one virtual array for all frames there can be, backed where there is RAM.

use alloc::boxed::Box;

use pfnlab_model::{MemRange, NodeId, Pfn, PfnRange};

use super::section::Maps;
use super::{
    ActivateError, DeactivateError, Deactivated, MemoryModel, ModelError, PageAddr, Place,
    SectionNr, Sections, SectionsSpec,
};

/// Where the virtual array of x86-64 starts with four page-table levels and no address
/// randomisation (`VMEMMAP_START`).
pub const VMEMMAP_X86_64: PageAddr = PageAddr::new(0xffff_ea00_0000_0000);

/// One virtual array of descriptors (`vmemmap`). Its arithmetic works for every frame; only
/// [`MemoryModel::pfn_valid`] knows where something is mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vmemmap {
    sections: Sections,
    base: PageAddr,
}

impl Vmemmap {
    /// Announces all sections with RAM and backs their part of the array (`sparse_init`). A section
    /// no place is found for ends up absent.
    ///
    /// # Errors
    /// When there is no RAM, or `base` cannot be encoded.
    pub fn new(
        memory: &[MemRange],
        spec: &SectionsSpec,
        base: PageAddr,
        place: &mut Place<'_>,
    ) -> Result<Vmemmap, ModelError> {
        let sections = Sections::boot(memory, spec, Maps::At(base), place)?;
        Ok(Vmemmap { sections, base })
    }

    /// Adds whole sub-sections of one section (`section_activate`).
    ///
    /// # Errors
    /// When `range` is not such, or something of it is already there; nothing changed then.
    pub fn activate(&mut self, range: PfnRange, node: NodeId) -> Result<PageAddr, ActivateError> {
        let geometry = *self.sections.geometry();
        let section = geometry.section_range(geometry.section_of(range.start()));
        let start = section.ok_or(ActivateError::BeyondTheLast(range))?.start();
        let start = self.base.forward(start.get(), geometry.descriptor_bytes());
        self.sections.activate(range, node, start)
    }

    /// Takes whole sub-sections of one section away (`section_deactivate`).
    ///
    /// # Errors
    /// When `range` is not such, or something of it is not there; nothing changed then.
    pub fn deactivate(&mut self, range: PfnRange) -> Result<Deactivated, DeactivateError> {
        self.sections.deactivate(range)
    }

    /// Marks a present section online or offline (`online_mem_sections`).
    pub fn set_online(&mut self, nr: SectionNr, online: bool) {
        self.sections.set_online(nr, online);
    }
}

impl MemoryModel for Vmemmap {
    fn pfn_to_page(&self, pfn: Pfn) -> Option<PageAddr> {
        let size = self.sections.geometry().descriptor_bytes();
        Some(self.base.forward(pfn.get(), size))
    }

    fn page_to_pfn(&self, page: PageAddr) -> Option<Pfn> {
        let size = self.sections.geometry().descriptor_bytes();
        page.index_from(self.base, size).map(Pfn::new)
    }

    fn pfn_valid(&self, pfn: Pfn) -> bool {
        self.sections.pfn_valid(pfn)
    }

    fn cost(&self) -> u64 {
        self.sections.map_bytes()
    }

    fn sections(&self) -> Option<&Sections> {
        Some(&self.sections)
    }

    fn add_section(&mut self, range: PfnRange, node: NodeId) -> Result<(), ActivateError> {
        self.activate(range, node).map(|_| ())
    }

    fn remove_section(&mut self, range: PfnRange) -> Result<(), DeactivateError> {
        self.deactivate(range).map(|_| ())
    }

    fn set_section_online(&mut self, nr: SectionNr, online: bool) {
        self.set_online(nr, online);
    }

    fn boxed_clone(&self) -> Box<dyn MemoryModel> {
        Box::new(self.clone())
    }
}
