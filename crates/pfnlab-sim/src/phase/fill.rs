//! Fill: until there is no more.

use pfnlab_model::Op;

use crate::Outcome;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Percent, Phase, Site, Table};

plain! {
    /// Blocks are allocated until requests are refused, or a part of memory is held.
    pub struct Fill {
        /// The part of memory after which it ends.
        pub percent: Percent = Percent::ALL,
        /// The number of refusals in a row after which it ends; 0 counts as 1.
        pub refusals: u32 = 1,
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// A fill on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    target: u64,
    most_refusals: u32,
    refusals: u32,
    asker: Asker,
}

impl Fill {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            target: site.part(self.percent),
            most_refusals: self.refusals.max(1),
            refusals: 0,
            asker: self.ask.at(site),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        let full = self.refusals >= self.most_refusals || table.held() >= self.target;
        (!full).then(|| table.alloc(self.asker.request()))
    }

    fn observe(&mut self, _: &Table, outcome: &Outcome) {
        match outcome {
            Outcome::Lent(_) => self.refusals = 0,
            _ => self.refusals += 1,
        }
    }
}
