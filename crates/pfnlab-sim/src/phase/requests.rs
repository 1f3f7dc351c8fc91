//! Requests: how many of them are served?

use pfnlab_model::{Op, Ticket};

use crate::Outcome;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Phase, Site, Table};

plain! {
    /// So many requests, whatever comes of them.
    pub struct Requests {
        /// How many.
        pub count: u32 = 64,
        /// Whether what is served stays allocated. If not, each block is freed at once.
        pub keep: bool = true,
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// Requests on their way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    keep: bool,
    asker: Asker,
    latest: Option<Ticket>,
}

impl Requests {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            left: self.count,
            keep: self.keep,
            asker: self.ask.at(site),
            latest: None,
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        if let Some(ticket) = self.latest.take() {
            return Some(table.free(ticket, self.asker.cpu()));
        }
        self.left = self.left.checked_sub(1)?;
        Some(table.alloc(self.asker.request()))
    }

    fn observe(&mut self, table: &Table, outcome: &Outcome) {
        if let (false, Outcome::Lent(_), Some(live)) = (self.keep, outcome, table.latest()) {
            self.latest = Some(live.ticket);
        }
    }
}
