//! Memory: ranges go, come back, or are asked for by their place.

use pfnlab_model::{CpuId, MemoryOp, OnlineTo, Op, PfnRange};

use crate::phase::{Phase, Site, Table};

plain! {
    /// Ranges are put offline, then brought online, then taken. A range is its first frame and the
    /// one behind its last. What cannot be is not done.
    pub struct Memory {
        /// Whole sections that are emptied and taken from the allocator, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(u64, u64)>"))]
        pub offline: Vec<PfnRange> = Vec::new(),
        /// Whole sections that are given to the allocator, to the zone they fit to, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(u64, u64)>"))]
        pub online: Vec<PfnRange> = Vec::new(),
        /// The same, to the movable zone.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(u64, u64)>"))]
        pub online_movable: Vec<PfnRange> = Vec::new(),
        /// Frames that are taken by their place, whoever has them, in this order.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<(u64, u64)>"))]
        pub contig: Vec<PfnRange> = Vec::new(),
        /// The CPU it is done on.
        #[cfg_attr(feature = "schema", schemars(with = "u16"))]
        pub cpu: CpuId = CpuId(0),
    }
}

/// What is still to be done, the next at the end.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    steps: Vec<Step>,
    cpu: CpuId,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Offline(PfnRange),
    Online(PfnRange, OnlineTo),
    Contig(PfnRange),
}

impl Memory {
    pub(crate) fn at(&self, _: &Site) -> Running {
        let online = |to| move |&range: &PfnRange| Step::Online(range, to);
        let offline = self.offline.iter().map(|&range| Step::Offline(range));
        let fitting = self.online.iter().map(online(OnlineTo::Default));
        let movable = self.online_movable.iter().map(online(OnlineTo::Movable));
        let contig = self.contig.iter().map(|&range| Step::Contig(range));
        let all = offline.chain(fitting).chain(movable).chain(contig);
        let mut steps: Vec<Step> = all.collect();
        steps.reverse();
        Running {
            steps,
            cpu: self.cpu,
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        let cpu = self.cpu;
        Some(Op::Memory(match self.steps.pop()? {
            Step::Offline(range) => MemoryOp::Offline { range, cpu },
            Step::Online(range, to) => MemoryOp::Online { range, to, cpu },
            Step::Contig(range) => MemoryOp::ContigAlloc {
                ticket: table.ticket(),
                range,
                cpu,
            },
        }))
    }
}
