//! Handoff: one CPU produces, another consumes.

use std::collections::VecDeque;

use pfnlab_model::{CpuId, Op, Ticket};

use crate::phase::ask::{Asker, one_of};
use crate::phase::{Ask, Phase, Site, Table};
use crate::{Outcome, Stream};

plain! {
    /// Blocks are allocated on some CPUs and freed on others, oldest first, as packets are that
    /// one CPU receives and another reads. At the end none is left.
    pub struct Handoff {
        /// How many requests.
        pub blocks: u32 = 50_000,
        /// How many blocks wait in between.
        pub depth: u32 = 1024,
        /// The CPUs that free. None: every CPU.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub consumers: Vec<CpuId> = Vec::new(),
        /// What is asked for, and on which CPUs.
        pub ask: Ask = Ask::default(),
    }
}

/// A handoff on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    depth: usize,
    asker: Asker,
    consumers: Vec<CpuId>,
    places: Stream,
    queue: VecDeque<Ticket>,
}

impl Handoff {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            left: self.blocks,
            depth: self.depth as usize,
            asker: self.ask.at(site),
            consumers: site.cpus_or_all(&self.consumers),
            places: site.stream("consumers"),
            queue: VecDeque::new(),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        if self.left == 0 || self.queue.len() > self.depth {
            let ticket = self.queue.pop_front()?;
            let cpu = one_of(&self.consumers, &mut self.places).unwrap_or_default();
            return Some(table.free(ticket, cpu));
        }
        self.left -= 1;
        Some(table.alloc(self.asker.request()))
    }

    fn observe(&mut self, table: &Table, outcome: &Outcome) {
        if let (Outcome::Lent(_), Some(live)) = (outcome, table.latest()) {
            self.queue.push_back(live.ticket);
        }
    }
}
