//! CPUs: some go, some come back.

use pfnlab_model::{CpuId, Op};

use crate::phase::{Phase, Site, Table};

plain! {
    /// CPUs are taken away, then CPUs are brought back. The phases behind it should ask for
    /// nothing on a CPU that is gone.
    pub struct Cpus {
        /// Those that go, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub offline: Vec<CpuId> = Vec::new(),
        /// Those that come, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub online: Vec<CpuId> = Vec::new(),
    }
}

/// What is still to be done, the next at the end.
#[derive(Clone, Debug)]
pub(crate) struct Running(Vec<Op>);

impl Cpus {
    pub(crate) fn at(&self, _: &Site) -> Running {
        let go = self.offline.iter().map(|&cpu| Op::CpuOffline { cpu });
        let come = self.online.iter().map(|&cpu| Op::CpuOnline { cpu });
        let mut ops: Vec<Op> = go.chain(come).collect();
        ops.reverse();
        Running(ops)
    }
}

impl Phase for Running {
    fn next_op(&mut self, _: &mut Table) -> Option<Op> {
        self.0.pop()
    }
}
