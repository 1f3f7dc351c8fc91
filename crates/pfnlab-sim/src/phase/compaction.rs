//! Compaction: what is in use is moved together.

use pfnlab_model::{CompactGoal, CpuId, MemoryOp, NodeId, Op, Order};

use crate::phase::{Phase, Site, Table};

plain! {
    /// Nodes are compacted, one after the other. Whoever asked for movable memory has it moved.
    pub struct Compaction {
        /// The nodes, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub nodes: Vec<NodeId> = vec![NodeId(0)],
        /// Until a block of this order can be had, where that is likely. Left out: everything that can
        /// be moved is.
        #[cfg_attr(feature = "schema", schemars(with = "Option<u8>", range(max = 10)))]
        pub order: Option<Order> = None,
        /// Only where much of what is free is in small blocks, and until it is not; `order` is not
        /// looked at then.
        pub proactive: bool = false,
        /// The CPU it is done on.
        #[cfg_attr(feature = "schema", schemars(with = "u16"))]
        pub cpu: CpuId = CpuId(0),
    }
}

/// What is still to be done, the next at the end.
#[derive(Clone, Debug)]
pub(crate) struct Running(Vec<Op>);

impl Compaction {
    pub(crate) fn at(&self, _: &Site) -> Running {
        let goal = match (self.proactive, self.order) {
            (true, _) => CompactGoal::Proactive,
            (false, Some(order)) => CompactGoal::Order(order),
            (false, None) => CompactGoal::All,
        };
        let cpu = self.cpu;
        let one = |&node: &NodeId| Op::Memory(MemoryOp::Compact { node, goal, cpu });
        Running(self.nodes.iter().rev().map(one).collect())
    }
}

impl Phase for Running {
    fn next_op(&mut self, _: &mut Table) -> Option<Op> {
        self.0.pop()
    }
}
