//! Memory models: how a kernel gets from a frame number to its page descriptor, and back.
//!
//! ```text
//!   FLATMEM            one array                      pfn ─────────────► mem_map[pfn - offset]
//!   DISCONTIGMEM       one array a node               pfn ─► node ─────► node_mem_map[pfn - start]
//!   SPARSEMEM          one array a section            pfn ─► section ──► section_mem_map + pfn
//!   SPARSEMEM_EXTREME  the same, sections in roots    pfn ─► root ─► section ─► … + pfn
//!   SPARSEMEM_VMEMMAP  one virtual array with holes   pfn ─────────────► vmemmap + pfn
//! ```
//!
//! No descriptor is stored anywhere: a page is an address, and what stands there is derived on
//! demand ([`crate::descriptor`]). The allocator consults the model it was built with where a kernel
//! would fail without descriptors ([`crate::memmap`]).
//!
//! - [`MemoryModel`]: the interface. [`Model`]: the five of them, and [`Model::build`].
//! - [`PageAddr`]: the address of a descriptor. [`Geometry`]: section, frame and descriptor sizes.
//! - [`FlatMem`], [`DiscontigMem`], [`SparseMem`], [`Vmemmap`]: one file each.
//! - [`Sections`]: the section table both sparse conversions share: announced, given its maps,
//!   activated and deactivated. [`SectionWord`]: the one word that encodes all of that.
//! - [`SectionEra`]: what changed between kernel generations, as data.

mod address;
mod discontigmem;
mod error;
mod flatmem;
mod geometry;
mod kind;
mod place;
mod section;
mod sparsemem;
mod vmemmap;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{NodeId, Pfn, PfnRange};

pub use address::PageAddr;
pub use discontigmem::DiscontigMem;
pub use error::ModelError;
pub use flatmem::{FlatMem, FlatOffset};
pub use geometry::{Geometry, GeometryError, GeometrySpec, SectionNr};
pub use kind::Model;
pub use place::{MapPart, MapRequest, Place, one_after_another};
pub use section::{
    ActivateError, DeactivateError, Deactivated, Group, Root, RootArray, Section, SectionEra,
    SectionFlags, SectionTable, SectionWord, SectionWordLayout, Sections, SectionsSpec,
    Subsections, UsageLayout,
};
pub use sparsemem::SparseMem;
pub use vmemmap::{VMEMMAP_X86_64, Vmemmap};

/// One array of descriptors that covers frames without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapArray {
    /// Whose it is; `None`: the whole machine's.
    pub node: Option<NodeId>,
    /// The frames it has descriptors for.
    pub covers: PfnRange,
    /// The first of those.
    pub start: PageAddr,
}

/// How frames and page descriptors find each other.
///
/// ```
/// use pfnlab_mm::memory_model::{MemoryModel, Model, SectionsSpec, one_after_another};
/// use pfnlab_model::{MachineSpec, NodeSpec, Pfn};
/// let node = NodeSpec {
///     cpus: vec![0],
///     ram: vec!["1M..1G".parse().unwrap()],
///     ..NodeSpec::default()
/// };
/// let machine = MachineSpec { nodes: vec![node], ..MachineSpec::default() }.build().unwrap();
/// let mut place = one_after_another(0xffff_8880_1000_0000);
/// for model in Model::ALL {
///     let model = model.build(machine.memory(), &SectionsSpec::X86_64, &mut place).unwrap();
///     let page = model.pfn_to_page(Pfn::new(0x12345)).unwrap();
///     assert_eq!(model.page_to_pfn(page), Some(Pfn::new(0x12345)));
///     assert_eq!(model.cost(), 16 << 20); // 64 bytes for each of 2^18 frames
/// }
/// ```
pub trait MemoryModel: fmt::Debug + Send + Sync {
    /// The descriptor of a frame (`pfn_to_page`). Pure arithmetic where the kernel's is, so an
    /// answer does not mean that the descriptor exists; `None` where the arithmetic has nothing to
    /// start from.
    fn pfn_to_page(&self, pfn: Pfn) -> Option<PageAddr>;

    /// The frame of a descriptor (`page_to_pfn`); `None` when no descriptor starts there.
    ///
    /// Models that read the node or the section from the page's flags find the same by the
    /// address here; [`DiscontigMem::page_to_pfn_of`] and [`SparseMem::page_to_pfn_of`] are the
    /// kernel's own way.
    fn page_to_pfn(&self, page: PageAddr) -> Option<Pfn>;

    /// Whether the frame has a descriptor (`pfn_valid`); true for holes that have one.
    fn pfn_valid(&self, pfn: Pfn) -> bool;

    /// Bytes of all descriptors, those of holes included.
    fn cost(&self) -> u64;

    /// The arrays of descriptors, by node; empty for models with sections.
    fn arrays(&self) -> Vec<MapArray> {
        Vec::new()
    }

    /// The section table; `None` for models without sections.
    fn sections(&self) -> Option<&Sections> {
        None
    }

    /// A whole section gets descriptors while the machine runs, behind all memory there can be.
    ///
    /// # Errors
    /// When it has some, it is not one whole section, or the model has no sections.
    fn add_section(&mut self, range: PfnRange, _node: NodeId) -> Result<(), ActivateError> {
        Err(ActivateError::NotWhole(range))
    }

    /// A whole section loses its descriptors.
    ///
    /// # Errors
    /// When it has none, it is not one whole section, or the model has no sections.
    fn remove_section(&mut self, range: PfnRange) -> Result<(), DeactivateError> {
        Err(DeactivateError::NotWhole(range))
    }

    /// A section is on- or offline, where that is noted.
    fn set_section_online(&mut self, _nr: SectionNr, _online: bool) {}

    /// The same once more.
    fn boxed_clone(&self) -> Box<dyn MemoryModel>;
}

impl Clone for Box<dyn MemoryModel> {
    fn clone(&self) -> Box<dyn MemoryModel> {
        (**self).boxed_clone()
    }
}
