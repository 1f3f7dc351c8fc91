//! FLATMEM: one array for all frames of a machine without nodes.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{MemRange, NodeId, Order, Pfn, PfnRange};

use super::{Geometry, MapArray, MapPart, MapRequest, MemoryModel, ModelError, PageAddr, Place};

/// The frame the array counts from (`ARCH_PFN_OFFSET`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FlatOffset {
    /// Frame 0, as on x86.
    #[default]
    Zero,
    /// The first frame of RAM, as on arm.
    FirstFrame,
}

/// One array of descriptors (`mem_map`).
///
/// The array covers all RAM rounded outward to whole blocks of the largest order, so that the
/// arithmetic of buddies never leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatMem {
    geometry: Geometry,
    /// Where the descriptor of frame `offset` is, or would be.
    mem_map: PageAddr,
    offset: Pfn,
    /// The frames the array covers.
    covers: PfnRange,
    /// The first frame behind all RAM (`max_mapnr` counted from `offset`).
    end: Pfn,
}

impl FlatMem {
    /// Describes RAM by one array.
    ///
    /// # Errors
    /// When there is none, when it is on more than one node or out of reach, or when no place is
    /// found.
    pub fn new(
        memory: &[MemRange],
        geometry: Geometry,
        offset: FlatOffset,
        place: &mut Place<'_>,
    ) -> Result<FlatMem, ModelError> {
        let memory = geometry.sorted(memory)?;
        let (first, last) = (memory[0], memory[memory.len() - 1]);
        let mut nodes: Vec<NodeId> = memory.iter().map(|memory| memory.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        if nodes.len() > 1 {
            return Err(ModelError::SeveralNodes(nodes.len()));
        }
        let covers = whole_blocks(first.range.start(), last.range.end());
        let bytes = covers.frames() * geometry.descriptor_bytes();
        let request = MapRequest {
            part: MapPart::Map,
            node: first.node,
            exact_node: false,
            bytes,
            align: geometry.page_bytes(),
        };
        let start = place(&request).ok_or(ModelError::NoPlace(bytes))?;
        let offset = match offset {
            FlatOffset::Zero => Pfn::default(),
            FlatOffset::FirstFrame => first.range.start(),
        };
        let base = start.back(covers.start().get(), geometry.descriptor_bytes());
        Ok(FlatMem {
            geometry,
            mem_map: base.forward(offset.get(), geometry.descriptor_bytes()),
            offset,
            covers,
            end: last.range.end(),
        })
    }

    /// The frames the array covers.
    pub fn covers(&self) -> PfnRange {
        self.covers
    }
}

/// From `start` to `end`, rounded outward to whole blocks of the largest order.
pub(super) fn whole_blocks(start: Pfn, end: Pfn) -> PfnRange {
    let (start, end) = (start.align_down(Order::MAX), end.align_up(Order::MAX));
    PfnRange::new(start, end).expect("rounded outward")
}

impl MemoryModel for FlatMem {
    fn pfn_to_page(&self, pfn: Pfn) -> Option<PageAddr> {
        let index = pfn.get().checked_sub(self.offset.get())?;
        Some(
            self.mem_map
                .forward(index, self.geometry.descriptor_bytes()),
        )
    }

    fn page_to_pfn(&self, page: PageAddr) -> Option<Pfn> {
        let index = page.index_from(self.mem_map, self.geometry.descriptor_bytes())?;
        Some(Pfn::new(index.checked_add(self.offset.get())?))
    }

    fn pfn_valid(&self, pfn: Pfn) -> bool {
        self.offset <= pfn && pfn < self.end
    }

    fn cost(&self) -> u64 {
        self.covers.frames() * self.geometry.descriptor_bytes()
    }

    fn arrays(&self) -> Vec<MapArray> {
        let size = self.geometry.descriptor_bytes();
        let base = self.mem_map.back(self.offset.get(), size);
        vec![MapArray {
            node: None,
            covers: self.covers,
            start: base.forward(self.covers.start().get(), size),
        }]
    }

    fn boxed_clone(&self) -> Box<dyn MemoryModel> {
        Box::new(self.clone())
    }
}
