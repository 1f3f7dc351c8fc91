//! The edge of memory: a little is freed, and taken again until it is refused.

use pfnlab_model::Op;

use crate::phase::ask::Asker;
use crate::phase::{Ask, Phase, Site, Table};
use crate::{Outcome, Stream};

plain! {
    /// Requests until one is refused; then some random tickets are freed, and again.
    pub struct Edge {
        /// How many operations.
        pub ops: u32 = 100_000,
        /// At most so many tickets are freed after a refusal; at least one.
        pub step: u32 = 64,
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// The edge of memory, on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    step: u32,
    /// Tickets still to be freed.
    back: u32,
    asker: Asker,
    picks: Stream,
    steps: Stream,
}

impl Edge {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            left: self.ops,
            step: self.step,
            back: 0,
            asker: self.ask.at(site),
            picks: site.stream("picks"),
            steps: site.stream("steps"),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        self.left = self.left.checked_sub(1)?;
        if self.back > 0 {
            self.back -= 1;
            if let Some(ticket) = table.pick(&mut self.picks) {
                return Some(table.free(ticket, self.asker.cpu()));
            }
        }
        Some(table.alloc(self.asker.request()))
    }

    fn observe(&mut self, _: &Table, outcome: &Outcome) {
        if matches!(outcome, Outcome::Refused(_)) {
            self.back = self.steps.below(self.step).max(1);
        }
    }
}
