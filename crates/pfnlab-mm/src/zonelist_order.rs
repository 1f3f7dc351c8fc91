//! Zonelists of nodes or of kinds: whether all of a near node is asked before a far one
//! (`numa_zonelist_order`).

use crate::profile::{Policy, Told, told};
use pfnlab_model::ZoneKind;

/// In which order the zones of several nodes are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderPolicy {
    /// Whichever of the two spares low memory better (`default_zonelist_order`, up to 3.8).
    Heuristic,
    /// Node by node (since 4.14).
    Nodes,
}

impl Policy for OrderPolicy {
    const DECIDES: &'static str = "in which order the zones of several nodes are asked";

    fn told(self) -> Told {
        match self {
            OrderPolicy::Heuristic => told(
                "node by node, or kind by kind where that spares low memory",
                "default_zonelist_order",
            ),
            OrderPolicy::Nodes => told(
                "node by node",
                "build_zonelists (zone order is gone by 4.14)",
            ),
        }
    }
}

/// One of the orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZonelistOrder {
    /// All zones of the nearest node, then all of the next.
    Node,
    /// The highest zones of all nodes, then the next lower ones: low memory is asked last.
    Zone,
}

/// What a node has, in frames.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NodeMemory {
    /// In zones for devices that cannot reach all memory.
    pub(crate) low: u64,
    /// In all zones.
    pub(crate) total: u64,
    /// Whether it has Normal memory.
    pub(crate) normal: bool,
}

impl NodeMemory {
    /// Counts a populated zone.
    pub(crate) fn add(&mut self, kind: ZoneKind, frames: u64) {
        if matches!(kind, ZoneKind::Dma | ZoneKind::Dma32) {
            self.low += frames;
        }
        self.normal |= kind == ZoneKind::Normal && frames > 0;
        self.total += frames;
    }
}

impl OrderPolicy {
    /// The order for a machine of such nodes.
    ///
    /// Node by node, if there is no low memory to spare or there is hardly anything else: when a
    /// node has no Normal zone, when more than half of all memory is low, or when 70 percent of a
    /// node of more than average size are.
    pub(crate) fn choose(self, nodes: &[NodeMemory]) -> ZonelistOrder {
        match self {
            OrderPolicy::Nodes => return ZonelistOrder::Node,
            OrderPolicy::Heuristic => {}
        }
        let low: u64 = nodes.iter().map(|node| node.low).sum();
        let total: u64 = nodes.iter().map(|node| node.total).sum();
        if nodes.iter().any(|node| !node.normal) || low == 0 || low > total / 2 {
            return ZonelistOrder::Node;
        }
        let average = total / (nodes.len() as u64 + 1);
        let mostly_low = |node: &NodeMemory| {
            node.low > 0 && node.total > average && node.low > node.total * 70 / 100
        };
        if nodes.iter().any(mostly_low) {
            ZonelistOrder::Node
        } else {
            ZonelistOrder::Zone
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(nodes: &[&[(ZoneKind, u64)]]) -> ZonelistOrder {
        let memory = |zones: &&[(ZoneKind, u64)]| {
            let mut memory = NodeMemory::default();
            for &(kind, frames) in *zones {
                memory.add(kind, frames);
            }
            memory
        };
        let nodes: Vec<_> = nodes.iter().map(memory).collect();
        OrderPolicy::Heuristic.choose(&nodes)
    }

    use ZoneKind::{Dma, Dma32, Movable, Normal};
    use alloc::vec::Vec;

    /// What 2.6.37 and 3.8 chose on these machines (present frames as recorded).
    #[test]
    fn recorded_machines_are_ordered_as_the_kernel_did() {
        let one_and_one: [&[_]; 2] = [&[(Dma, 3913), (Dma32, 254_016)], &[(Dma32, 258_016)]];
        assert_eq!(order(&one_and_one), ZonelistOrder::Node);
        let six_and_six: [&[_]; 2] = [
            &[(Dma, 3913), (Dma32, 770_080), (Normal, 774_144)],
            &[(Normal, 1_548_288)],
        ];
        assert_eq!(order(&six_and_six), ZonelistOrder::Zone);
        let movable: [&[_]; 1] = [&[(Dma, 3913), (Dma32, 360_864), (Movable, 151_168)]];
        assert_eq!(order(&movable), ZonelistOrder::Node);
    }

    /// 8 GiB as two nodes of 4 GiB: three quarters of the first are low memory.
    #[test]
    fn a_large_node_of_low_memory_means_node_order() {
        let four_and_four: [&[_]; 2] = [
            &[(Dma, 3913), (Dma32, 770_080), (Normal, 258_048)],
            &[(Normal, 1_032_192)],
        ];
        assert_eq!(order(&four_and_four), ZonelistOrder::Node);
    }
}
