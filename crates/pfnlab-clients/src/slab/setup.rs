//! The machine that caches are on: its CPUs, its nodes, and what the command line says.

use alloc::vec::Vec;

use pfnlab_model::{CpuId, NodeId, Snapshot};

use super::order::{CpuTotals, OrderLimits};

/// Whether a CPU whose node has no partly used slab takes one of another node.
///
/// The kernel asks a cycle counter, and says yes in about one of eleven cases
/// (`remote_node_defrag_ratio`). Here it is always or never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemotePartial {
    /// Never: a new slab is made.
    #[default]
    Never,
    /// Always, from the first node of the list that has more than it needs.
    Always,
}

/// What the caches of a machine are like, beside their generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlubSetup {
    /// The CPUs: the more, the larger the slabs.
    pub cpus: CpuTotals,
    /// The node of every CPU, by number; those not named are on node 0.
    pub cpu_nodes: Vec<NodeId>,
    /// For every node the order in which nodes are tried (`node_zonelist`), by number.
    pub node_order: Vec<Vec<NodeId>>,
    /// What the command line says.
    pub limits: OrderLimits,
    /// Whether slabs of other nodes are used.
    pub remote: RemotePartial,
}

impl SlubSetup {
    /// One node and so many CPUs.
    pub fn cpus(cpus: u32) -> SlubSetup {
        SlubSetup {
            cpus: CpuTotals::all(cpus.max(1)),
            cpu_nodes: Vec::new(),
            node_order: Vec::new(),
            limits: OrderLimits::default(),
            remote: RemotePartial::default(),
        }
    }

    /// The CPUs and nodes of a snapshot.
    pub fn of(snapshot: &Snapshot) -> SlubSetup {
        let possible = snapshot
            .cpus
            .iter()
            .map(|cpu| u32::from(cpu.cpu.0) + 1)
            .max();
        let mut setup = SlubSetup::cpus(possible.unwrap_or(1));
        let online = snapshot.cpus.iter().filter(|cpu| cpu.online).count();
        setup.cpus.present = (online as u32).max(1);
        for cpu in &snapshot.cpus {
            if cpu.cpu.index() >= setup.cpu_nodes.len() {
                setup.cpu_nodes.resize(cpu.cpu.index() + 1, NodeId(0));
            }
            setup.cpu_nodes[cpu.cpu.index()] = cpu.node;
        }
        for node in &snapshot.nodes {
            if node.node.index() >= setup.node_order.len() {
                setup.node_order.resize(node.node.index() + 1, Vec::new());
            }
            let mut order = Vec::new();
            for zone in &node.zonelist {
                if !order.contains(&zone.node) {
                    order.push(zone.node);
                }
            }
            setup.node_order[node.node.index()] = order;
        }
        setup
    }
}

/// Where CPUs are, and where their nodes look next.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    cpu_nodes: Vec<NodeId>,
    node_order: Vec<Vec<NodeId>>,
    remote: RemotePartial,
}

impl Places {
    pub(super) fn of(setup: &SlubSetup) -> Places {
        Places {
            cpu_nodes: setup.cpu_nodes.clone(),
            node_order: setup.node_order.clone(),
            remote: setup.remote,
        }
    }

    pub(crate) fn node_of(&self, cpu: CpuId) -> NodeId {
        self.cpu_nodes.get(cpu.index()).copied().unwrap_or_default()
    }

    /// The other nodes a CPU of `node` may take slabs of, the nearest first.
    pub(crate) fn remote(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let order = match self.remote {
            RemotePartial::Never => &[][..],
            RemotePartial::Always => self.node_order.get(node.index()).map_or(&[][..], |o| o),
        };
        order.iter().copied().filter(move |&other| other != node)
    }
}
