//! The node of each section, for layouts whose flags word has no room for it.

use alloc::vec::Vec;

use pfnlab_model::NodeId;

use crate::memory_model::{SectionNr, Sections};

/// The node of each section (`section_to_node_table`), looked up with the section number that
/// stands in the flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionNodes {
    nodes: Vec<NodeId>,
    /// All sections there can be.
    sections: u64,
    entry_bytes: u64,
}

impl SectionNodes {
    /// The table of a machine's sections, for node numbers of `nodes_shift` bits.
    pub fn new(sections: &Sections, nodes_shift: u32) -> SectionNodes {
        let mut nodes = Vec::new();
        for nr in sections.present() {
            nodes.resize(nr.get() as usize + 1, NodeId(0));
            if let (Some(entry), Some(section)) = (nodes.last_mut(), sections.get(nr)) {
                *entry = section.node;
            }
        }
        SectionNodes {
            nodes,
            sections: sections.geometry().section_count(),
            entry_bytes: if nodes_shift > 8 { 2 } else { 1 },
        }
    }

    /// The node of a section; node 0 for sections nobody announced, as a zeroed table says.
    pub fn node(&self, nr: SectionNr) -> NodeId {
        let at = usize::try_from(nr.get()).ok();
        at.and_then(|at| self.nodes.get(at))
            .copied()
            .unwrap_or_default()
    }

    /// Bytes of the table: one for each section there can be, two with more than 256 nodes.
    pub fn bytes(&self) -> u64 {
        self.sections * self.entry_bytes
    }
}
