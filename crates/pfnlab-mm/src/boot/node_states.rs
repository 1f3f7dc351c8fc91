//! What each node has: memory, CPUs.

use alloc::vec::Vec;

use pfnlab_model::{NodeId, NodeMask, ZoneId, ZoneKind};

/// The sets of nodes a kernel keeps (`node_states`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeStates {
    /// Nodes there can ever be (`N_POSSIBLE`).
    pub possible: NodeMask,
    /// Nodes that are there (`N_ONLINE`).
    pub online: NodeMask,
    /// Nodes with a page in a zone up to Normal (`N_NORMAL_MEMORY`).
    pub normal_memory: NodeMask,
    /// The same, or in HighMem (`N_HIGH_MEMORY`).
    pub high_memory: NodeMask,
    /// Nodes with any memory (`N_MEMORY`).
    pub memory: NodeMask,
    /// Nodes with a CPU (`N_CPU`).
    pub cpu: NodeMask,
}

impl NodeStates {
    /// The states once the zones are known, as 4.14 and later kernels find them
    /// (`check_for_memory`): `zones` gives the present frames of each zone, `cpus` the node of
    /// each CPU.
    pub fn new(
        possible: NodeMask,
        online: NodeMask,
        zones: &[(ZoneId, u64)],
        cpus: &[NodeId],
    ) -> NodeStates {
        let populated = || zones.iter().filter(|(_, present)| *present > 0);
        // Of a node only its lowest zone with memory counts, and the movable zone not at all.
        let lowest = |node: NodeId| {
            let kinds = populated().filter(|(zone, _)| zone.node == node);
            let below = kinds.filter(|(zone, _)| zone.kind < ZoneKind::Movable);
            below.map(|(zone, _)| zone.kind).min()
        };
        let nodes = |test: &dyn Fn(ZoneKind) -> bool| -> NodeMask {
            let with = possible
                .iter()
                .filter(|&node| lowest(node).is_some_and(test));
            with.collect()
        };
        let has_memory = |node: &NodeId| populated().any(|(zone, _)| zone.node == *node);
        NodeStates {
            possible,
            online,
            normal_memory: nodes(&|kind| kind <= ZoneKind::Normal),
            high_memory: nodes(&|_| true),
            memory: possible.iter().filter(has_memory).collect(),
            cpu: possible.iter().filter(|node| cpus.contains(node)).collect(),
        }
    }

    /// The lowest node online (`first_online_node`); it need not have memory. Node 0 when none is.
    pub fn first_online(&self) -> NodeId {
        self.online.iter().next().unwrap_or_default()
    }
}

/// The node of every CPU: its own, or for one whose node is unknown or offline the next in turn of
/// those online, ascending (`numa_init_array`). Node 0 when none is online.
pub fn deal_cpus(cpus: &[Option<NodeId>], online: NodeMask) -> Vec<NodeId> {
    let nodes: Vec<NodeId> = online.iter().collect();
    let mut turns = nodes.iter().copied().cycle();
    let mut deal = |node: &Option<NodeId>| {
        node.filter(|node| online.contains(*node))
            .or_else(|| turns.next())
            .unwrap_or_default()
    };
    cpus.iter().map(&mut deal).collect()
}
