//! SPARSEMEM without a virtual map: one array for each section.

use alloc::boxed::Box;

use alloc::collections::BTreeMap;

use pfnlab_model::{MemRange, NodeId, Pfn, PfnRange};

use super::section::Maps;
use super::{
    ActivateError, DeactivateError, Deactivated, MapPart, MapRequest, MemoryModel, ModelError,
    PageAddr, Place, SectionNr, Sections, SectionsSpec, one_after_another,
};

/// Where the arrays of sections lie that come while the machine runs: in the direct map of x86-64,
/// behind the highest frame there can be.
const BEHIND_ALL: u64 = 0xffff_9880_0000_0000;

/// One array of descriptors a section. Descriptors of neighbouring sections are not neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparseMem {
    sections: Sections,
    /// Which section's array starts where, so that a page finds its section without its flags.
    starts: BTreeMap<PageAddr, SectionNr>,
}

impl SparseMem {
    /// Announces all sections with RAM and gives each its array (`sparse_init`). A section no
    /// place is found for ends up absent.
    ///
    /// # Errors
    /// When there is no RAM, or a place cannot be encoded.
    pub fn new(
        memory: &[MemRange],
        spec: &SectionsSpec,
        place: &mut Place<'_>,
    ) -> Result<SparseMem, ModelError> {
        let sections = Sections::boot(memory, spec, Maps::Placed, place)?;
        let starts = sections
            .present()
            .filter_map(|nr| Some((sections.map_start(nr)?, nr)))
            .collect();
        Ok(SparseMem { sections, starts })
    }

    /// The frame of a descriptor whose flags say section `nr`: the kernel's own way.
    pub fn page_to_pfn_of(&self, page: PageAddr, nr: SectionNr) -> Option<Pfn> {
        let base = self.sections.map_base(nr)?;
        let size = self.sections.geometry().descriptor_bytes();
        page.index_from(base, size).map(Pfn::new)
    }

    /// Adds one whole section (`sparse_add_section`).
    ///
    /// # Errors
    /// When `range` is not one whole absent section, or no place is found; nothing changed then.
    pub fn activate(
        &mut self,
        range: PfnRange,
        request_node: NodeId,
        place: &mut Place<'_>,
    ) -> Result<PageAddr, ActivateError> {
        let nr = self.sections.check_whole(range)?;
        let geometry = *self.sections.geometry();
        let bytes = geometry.section_map_bytes(false);
        let request = MapRequest {
            part: MapPart::Map,
            node: request_node,
            exact_node: false,
            bytes,
            align: geometry.page_bytes(),
        };
        let start = place(&request).ok_or(ActivateError::NoPlace(bytes))?;
        let page = self.sections.activate(range, request_node, start)?;
        self.starts.insert(start, nr);
        Ok(page)
    }

    /// Takes one whole section away (`sparse_remove_section`).
    ///
    /// # Errors
    /// When `range` is not one whole present section.
    pub fn deactivate(&mut self, range: PfnRange) -> Result<Deactivated, DeactivateError> {
        let start = self
            .sections
            .map_start(self.sections.geometry().section_of(range.start()));
        let done = self.sections.deactivate(range)?;
        if let Some(start) = start.filter(|_| done.section_gone) {
            self.starts.remove(&start);
        }
        Ok(done)
    }

    /// Marks a present section online or offline (`online_mem_sections`).
    pub fn set_online(&mut self, nr: SectionNr, online: bool) {
        self.sections.set_online(nr, online);
    }
}

impl MemoryModel for SparseMem {
    fn pfn_to_page(&self, pfn: Pfn) -> Option<PageAddr> {
        let geometry = self.sections.geometry();
        let base = self.sections.map_base(geometry.section_of(pfn))?;
        Some(base.forward(pfn.get(), geometry.descriptor_bytes()))
    }

    fn page_to_pfn(&self, page: PageAddr) -> Option<Pfn> {
        let (_, &nr) = self.starts.range(..=page).next_back()?;
        let pfn = self.page_to_pfn_of(page, nr)?;
        (self.sections.geometry().section_of(pfn) == nr).then_some(pfn)
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
        let bytes = self.sections.geometry().section_map_bytes(false);
        let nr = self.sections.geometry().section_of(range.start());
        let start = BEHIND_ALL.wrapping_add(nr.get() * bytes);
        let mut place = one_after_another(start);
        self.activate(range, node, &mut place).map(|_| ())
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
