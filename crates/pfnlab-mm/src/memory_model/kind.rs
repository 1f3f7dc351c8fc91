//! The five memory models, by name.

use alloc::boxed::Box;
use core::fmt;

use pfnlab_model::MemRange;

use super::{
    DiscontigMem, FlatMem, FlatOffset, MemoryModel, ModelError, Place, RootArray, SectionEra,
    SectionTable, SectionsSpec, SparseMem, VMEMMAP_X86_64, Vmemmap,
};

/// A memory model (`CONFIG_*MEM*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Model {
    /// `FLATMEM`: one array.
    Flat,
    /// `DISCONTIGMEM`: one array a node.
    Discontig,
    /// `SPARSEMEM_STATIC`: one array a section, all sections in one table.
    SparseStatic,
    /// `SPARSEMEM_EXTREME`: one array a section, sections in a table of roots.
    SparseExtreme,
    /// `SPARSEMEM_VMEMMAP`: one virtual array, sections in a table of roots.
    SparseVmemmap,
}

impl Model {
    /// All of them.
    pub const ALL: [Model; 5] = [
        Model::Flat,
        Model::Discontig,
        Model::SparseStatic,
        Model::SparseExtreme,
        Model::SparseVmemmap,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Model::Flat => "FLATMEM",
            Model::Discontig => "DISCONTIGMEM",
            Model::SparseStatic => "SPARSEMEM",
            Model::SparseExtreme => "SPARSEMEM_EXTREME",
            Model::SparseVmemmap => "SPARSEMEM_VMEMMAP",
        }
    }

    /// The model with this name; case does not matter.
    pub fn by_name(name: &str) -> Option<Model> {
        Model::ALL
            .into_iter()
            .find(|model| model.name().eq_ignore_ascii_case(name))
    }

    /// Whether a generation has it.
    ///
    /// ```
    /// use pfnlab_mm::Profile;
    /// use pfnlab_mm::memory_model::Model;
    /// let has = |profile| Model::Discontig.is_in(Profile::by_name(profile).unwrap().sections());
    /// assert!(has("linux-5.0") && !has("linux-6.1.0"));
    /// ```
    pub const fn is_in(self, era: SectionEra) -> bool {
        match self {
            Model::Discontig => era.has_discontigmem(),
            _ => true,
        }
    }

    /// Whether the section number stands in the page's flags: the models that cannot find a
    /// section from the address of a page.
    pub const fn section_in_flags(self) -> bool {
        matches!(self, Model::SparseStatic | Model::SparseExtreme)
    }

    /// Whether memory is divided into sections, each with descriptors or without.
    pub const fn has_sections(self) -> bool {
        !matches!(self, Model::Flat | Model::Discontig)
    }

    /// Describes RAM (ascending and disjoint) by this model, as x86-64 does. The table `spec`
    /// names gives way to the model's own.
    ///
    /// # Errors
    /// When the model cannot describe this memory.
    pub fn build(
        self,
        memory: &[MemRange],
        spec: &SectionsSpec,
        place: &mut Place<'_>,
    ) -> Result<Box<dyn MemoryModel>, ModelError> {
        let table = |table| SectionsSpec { table, ..*spec };
        let roots = match spec.table {
            SectionTable::Extreme(roots) => roots,
            SectionTable::Static => RootArray::AtFirstSection,
        };
        Ok(match self {
            Model::Flat => Box::new(FlatMem::new(
                memory,
                spec.geometry,
                FlatOffset::Zero,
                place,
            )?),
            Model::Discontig => Box::new(DiscontigMem::new(memory, spec.geometry, place)?),
            Model::SparseStatic => {
                Box::new(SparseMem::new(memory, &table(SectionTable::Static), place)?)
            }
            Model::SparseExtreme => {
                let spec = table(SectionTable::Extreme(roots));
                Box::new(SparseMem::new(memory, &spec, place)?)
            }
            Model::SparseVmemmap => {
                let spec = table(SectionTable::Extreme(roots));
                Box::new(Vmemmap::new(memory, &spec, VMEMMAP_X86_64, place)?)
            }
        })
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
