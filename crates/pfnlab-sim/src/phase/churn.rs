//! Steady churn: memory comes and goes, and its amount stays.

use pfnlab_model::Op;

use crate::Stream;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Percent, Phase, Site, Table};

plain! {
    /// Allocations and frees of random tickets, near a level.
    pub struct Churn {
        /// How many operations.
        pub ops: u32 = 100_000,
        /// The part of memory that is held.
        pub percent: Percent = Percent::at_most_all(50),
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// Churn on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    target: u64,
    asker: Asker,
    kinds: Stream,
    picks: Stream,
}

impl Churn {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            left: self.ops,
            target: site.part(self.percent),
            asker: self.ask.at(site),
            kinds: site.stream("kinds"),
            picks: site.stream("picks"),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        self.left = self.left.checked_sub(1)?;
        // Three steps toward the level for one away from it.
        let toward = self.kinds.below(4) != 0;
        let victim = match toward == (table.held() < self.target) {
            true => None,
            false => table.pick(&mut self.picks),
        };
        Some(match victim {
            None => table.alloc(self.asker.request()),
            Some(ticket) => table.free(ticket, self.asker.cpu()),
        })
    }
}
