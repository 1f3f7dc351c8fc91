//! Idle: nothing is asked, and the housekeeping catches up.

use pfnlab_model::{CpuId, Op};

use crate::phase::{Phase, Site, Table};

plain! {
    /// Statistics are folded on every CPU; then every CPU's lists are emptied.
    pub struct Idle {
        /// How many times the statistics are folded.
        pub ticks: u32 = 1,
        /// Whether the per-CPU lists are emptied.
        pub drain: bool = true,
    }
}

/// Idling.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    ticks: u32,
    drain: bool,
    cpus: u16,
    next: u16,
}

impl Idle {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            ticks: self.ticks,
            drain: self.drain,
            cpus: site.cpus.max(1),
            next: 0,
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, _: &mut Table) -> Option<Op> {
        if self.next == self.cpus {
            self.next = 0;
            match self.ticks.checked_sub(1) {
                Some(left) => self.ticks = left,
                None => self.drain = false,
            }
        }
        let cpu = CpuId(self.next);
        let op = match (self.ticks, self.drain) {
            (0, false) => return None,
            (0, true) => Op::Drain { cpu },
            _ => Op::Vmstat { cpu },
        };
        self.next += 1;
        Some(op)
    }
}
