//! DISCONTIGMEM: one array for each node (up to 5.13).

use alloc::boxed::Box;
use alloc::vec::Vec;

use pfnlab_model::{MemRange, NodeId, Pfn, PfnRange};

use super::flatmem::whole_blocks;
use super::{Geometry, MapArray, MapPart, MapRequest, MemoryModel, ModelError, PageAddr, Place};

/// One array of descriptors a node (`node_mem_map`), from its first to its last frame.
///
/// Which node a frame is on (`arch_pfn_to_nid`) was the architecture's to say; here the RAM says
/// it, so a frame in a hole is on no node and not valid, though an array covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscontigMem {
    geometry: Geometry,
    memory: Vec<MemRange>,
    nodes: Vec<NodeMap>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NodeMap {
    node: NodeId,
    /// Where the array starts.
    address: PageAddr,
    /// The frames it covers: the node's span in whole blocks of the largest order.
    covers: PfnRange,
}

impl DiscontigMem {
    /// Describes RAM by one array a node, asking for a place for each, nodes ascending.
    ///
    /// # Errors
    /// When there is no RAM, some of it is out of reach, or there is no place for an array.
    pub fn new(
        memory: &[MemRange],
        geometry: Geometry,
        place: &mut Place<'_>,
    ) -> Result<DiscontigMem, ModelError> {
        let memory = geometry.sorted(memory)?;
        let mut ids: Vec<NodeId> = memory.iter().map(|m| m.node).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut nodes = Vec::new();
        for node in ids {
            let covers = span(&memory, node);
            let bytes = covers.frames() * geometry.descriptor_bytes();
            let request = MapRequest {
                part: MapPart::Map,
                node,
                exact_node: false,
                bytes,
                align: geometry.page_bytes(),
            };
            let address = place(&request).ok_or(ModelError::NoPlace(bytes))?;
            nodes.push(NodeMap {
                node,
                address,
                covers,
            });
        }
        Ok(DiscontigMem {
            geometry,
            memory,
            nodes,
        })
    }

    /// The node a frame of RAM is on (`arch_pfn_to_nid`).
    pub fn node_of(&self, pfn: Pfn) -> Option<NodeId> {
        let at = self.memory.partition_point(|m| m.range.end() <= pfn);
        let memory = self.memory.get(at)?;
        memory.range.contains(pfn).then_some(memory.node)
    }

    /// The frame of a descriptor whose flags say `node`: the kernel's own way.
    pub fn page_to_pfn_of(&self, page: PageAddr, node: NodeId) -> Option<Pfn> {
        let map = self.nodes.iter().find(|map| map.node == node)?;
        map.pfn_at(page, self.geometry.descriptor_bytes())
    }
}

/// From a node's first frame to its last, in whole blocks.
fn span(memory: &[MemRange], node: NodeId) -> PfnRange {
    let mut of_node = memory.iter().filter(|m| m.node == node).map(|m| m.range);
    let first = of_node.next().expect("only nodes with memory are asked");
    let end = of_node.next_back().map_or(first.end(), PfnRange::end);
    whole_blocks(first.start(), end)
}

impl NodeMap {
    fn pfn_at(&self, page: PageAddr, size: u64) -> Option<Pfn> {
        let index = page.index_from(self.address, size)?;
        (index < self.covers.frames()).then(|| self.covers.start().offset(index))
    }
}

impl MemoryModel for DiscontigMem {
    fn pfn_to_page(&self, pfn: Pfn) -> Option<PageAddr> {
        let node = self.node_of(pfn)?;
        let map = self.nodes.iter().find(|map| map.node == node)?;
        let index = pfn.since(map.covers.start());
        Some(map.address.forward(index, self.geometry.descriptor_bytes()))
    }

    fn page_to_pfn(&self, page: PageAddr) -> Option<Pfn> {
        let size = self.geometry.descriptor_bytes();
        self.nodes.iter().find_map(|map| map.pfn_at(page, size))
    }

    fn pfn_valid(&self, pfn: Pfn) -> bool {
        self.node_of(pfn).is_some()
    }

    fn cost(&self) -> u64 {
        let frames: u64 = self.nodes.iter().map(|map| map.covers.frames()).sum();
        frames * self.geometry.descriptor_bytes()
    }

    fn arrays(&self) -> Vec<MapArray> {
        let array = |map: &NodeMap| MapArray {
            node: Some(map.node),
            covers: map.covers,
            start: map.address,
        };
        self.nodes.iter().map(array).collect()
    }

    fn boxed_clone(&self) -> Box<dyn MemoryModel> {
        Box::new(self.clone())
    }
}
