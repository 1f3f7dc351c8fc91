//! The marks below which a node's own pages are not reclaimed.

use crate::profile::{Policy, Told, told};
use pfnlab_model::NodeId;

use crate::Mm;

/// What the marks of node reclaim are computed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeReclaim {
    /// For a zone (up to 4.7).
    PerZone,
    /// For a node: the sum over its zones.
    PerNode,
}

impl Policy for NodeReclaim {
    const DECIDES: &'static str = "what the marks of node reclaim are counted for";

    fn told(self) -> Told {
        match self {
            NodeReclaim::PerZone => {
                told("for a zone", "min_unmapped_pages of the zone (up to 4.7)")
            }
            NodeReclaim::PerNode => told(
                "for a node: the sum over its zones",
                "min_unmapped_pages of the node (4.8)",
            ),
        }
    }
}

/// `vm.min_unmapped_ratio`, percent.
const MIN_UNMAPPED_RATIO: u64 = 1;
/// `vm.min_slab_ratio`, percent.
const MIN_SLAB_RATIO: u64 = 5;

/// How little a node keeps when its own pages are reclaimed; frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeReclaimMarks {
    /// Of file pages that are not mapped (`min_unmapped_pages`).
    pub min_unmapped: u64,
    /// Of reclaimable slab pages (`min_slab_pages`).
    pub min_slab: u64,
}

impl Mm {
    /// The marks of a node (`setup_min_unmapped_ratio`, `setup_min_slab_ratio`), as they are in its
    /// zone of index `zone`: the same in all of them where they are the node's. `None`: there is no
    /// such zone.
    pub fn node_reclaim_marks(&self, node: NodeId, zone: usize) -> Option<NodeReclaimMarks> {
        let kinds = self.config.zones.len();
        let zones = self.zones.chunks(kinds).nth(node.index())?;
        let counted = match self.profile.node_reclaim {
            NodeReclaim::PerZone => core::slice::from_ref(zones.get(zone)?),
            NodeReclaim::PerNode => zones.get(zone).map(|_| zones)?,
        };
        let share = |ratio| counted.iter().map(|zone| zone.managed * ratio / 100).sum();
        Some(NodeReclaimMarks {
            min_unmapped: share(MIN_UNMAPPED_RATIO),
            min_slab: share(MIN_SLAB_RATIO),
        })
    }
}
