//! What the walk over memory asks: which frames there are, and whose they are.

use alloc::vec::Vec;

use pfnlab_model::{Machine, MemRange, NodeId, Pfn, PfnRange, runs};

/// What the tables' walk asks about memory.
pub trait Sections {
    /// Frames of a section (`PAGES_PER_SECTION`), a power of two.
    fn section_frames(&self) -> u64;
    /// The nodes with memory, ascending (`N_MEMORY`).
    fn nodes(&self) -> Vec<NodeId>;
    /// From a node's first frame to its last, holes and other nodes' frames included.
    fn span(&self, node: NodeId) -> PfnRange;
    /// Whether a frame has a descriptor (`pfn_valid`).
    fn is_valid(&self, pfn: Pfn) -> bool;
    /// The node a frame with a descriptor says it belongs to (`pfn_to_nid`).
    fn node_of(&self, pfn: Pfn) -> NodeId;
}

/// Which node a frame without memory belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoleRule {
    /// What its descriptor says: the node of the next memory, or of the last (`pfn_to_nid`).
    #[default]
    Descriptor,
    /// The first node (`early_pfn_to_nid`, as in 4.14.0).
    FirstNode,
}

/// Memory by sections: one that holds any memory is present, and every frame in it has a
/// descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionMap {
    section_frames: u64,
    memory: Vec<MemRange>,
    holes: HoleRule,
}

impl SectionMap {
    /// Memory in sections of `section_frames`, a power of two.
    pub fn new(section_frames: u64, memory: &[MemRange]) -> SectionMap {
        assert!(section_frames.is_power_of_two());
        let mut memory = memory.to_vec();
        memory.sort_by_key(|range| range.range.start());
        SectionMap {
            section_frames,
            memory,
            holes: HoleRule::default(),
        }
    }

    /// Memory was plugged in.
    pub fn add(&mut self, memory: MemRange) {
        self.memory.push(memory);
        self.memory.sort_by_key(|range| range.range.start());
    }

    /// Memory was taken out.
    pub fn remove(&mut self, gone: PfnRange) {
        let parts = self.memory.iter().flat_map(|memory| {
            let parts = runs::without(&[memory.range], gone).into_iter();
            let node = memory.node;
            parts.map(move |range| MemRange { range, node })
        });
        self.memory = parts.collect();
    }

    /// With another rule for holes.
    #[must_use]
    pub fn holes(self, holes: HoleRule) -> SectionMap {
        SectionMap { holes, ..self }
    }
}

impl From<&Machine> for SectionMap {
    fn from(machine: &Machine) -> SectionMap {
        SectionMap::new(machine.section_frames(), machine.memory())
    }
}

impl Sections for SectionMap {
    fn section_frames(&self) -> u64 {
        self.section_frames
    }

    fn nodes(&self) -> Vec<NodeId> {
        let mut nodes: Vec<_> = self.memory.iter().map(|range| range.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    fn span(&self, node: NodeId) -> PfnRange {
        let own = || self.memory.iter().filter(|range| range.node == node);
        let start = own().map(|range| range.range.start()).min();
        let end = own().map(|range| range.range.end()).max();
        start
            .zip(end)
            .and_then(|(start, end)| PfnRange::new(start, end))
            .unwrap_or(PfnRange::sized(Pfn::new(0), 0))
    }

    fn is_valid(&self, pfn: Pfn) -> bool {
        let start = pfn.get() & !(self.section_frames - 1);
        let section = PfnRange::sized(Pfn::new(start), self.section_frames);
        self.memory
            .iter()
            .any(|range| range.range.overlaps(section))
    }

    fn node_of(&self, pfn: Pfn) -> NodeId {
        let next = self.memory.iter().find(|range| pfn < range.range.end());
        let inside = next.is_some_and(|range| range.range.contains(pfn));
        match self.holes {
            HoleRule::FirstNode if !inside => self.nodes().first().copied().unwrap_or_default(),
            HoleRule::FirstNode | HoleRule::Descriptor => next
                .or(self.memory.last())
                .map_or(NodeId(0), |range| range.node),
        }
    }
}
