//! Waiting: whether requests do, and the background reclaimers' turn.

use pfnlab_model::{CpuId, MemoryOp, NodeId, Op};

use crate::phase::{Phase, Site, Table};

plain! {
    /// It is said whether requests that may wait do: then memory is moved together and given up for
    /// them, from now on and in the phases behind. Then background reclaimers do what they were asked
    /// for.
    pub struct Waiting {
        /// Whether requests wait.
        pub on: bool = true,
        /// Anonymous memory can be given up, too: there is swap space.
        pub swap: bool = false,
        /// The nodes whose reclaimers have their turn, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub kswapd: Vec<NodeId> = Vec::new(),
        /// The CPU they run on.
        #[cfg_attr(feature = "schema", schemars(with = "u16"))]
        pub cpu: CpuId = CpuId(0),
    }
}

/// What is still to be done, the next at the end.
#[derive(Clone, Debug)]
pub(crate) struct Running(Vec<Op>);

impl Waiting {
    pub(crate) fn at(&self, _: &Site) -> Running {
        let cpu = self.cpu;
        let run = |&node: &NodeId| Op::Memory(MemoryOp::Kswapd { node, cpu });
        let said = Op::Memory(MemoryOp::Waiting {
            on: self.on,
            swap: self.swap,
        });
        let turns = self.kswapd.iter().rev().map(run);
        Running(turns.chain([said]).collect())
    }
}

impl Phase for Running {
    fn next_op(&mut self, _: &mut Table) -> Option<Op> {
        self.0.pop()
    }
}
