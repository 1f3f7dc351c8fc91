//! Checkerboard: every other block stays.

use pfnlab_model::{Op, Ticket};

use crate::Outcome;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Fill, Percent, Phase, Site, Table, fill};

plain! {
    /// Memory is filled with blocks of one size. Then they are freed in the order they came, but
    /// for one in so many.
    pub struct Checkerboard {
        /// The part of memory after which the filling ends; a refusal ends it, too.
        pub percent: Percent = Percent::ALL,
        /// One block in so many stays; 0: none does.
        pub keep: u32 = 2,
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// A checkerboard on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    fill: fill::Running,
    full: bool,
    keep: u32,
    asker: Asker,
    got: Vec<Ticket>,
    /// How many of them have been looked at again.
    seen: usize,
}

impl Checkerboard {
    pub(crate) fn at(&self, site: &Site) -> Running {
        let fill = Fill {
            percent: self.percent,
            ask: self.ask.clone(),
            ..Fill::default()
        };
        Running {
            fill: fill.at(site),
            full: false,
            keep: self.keep,
            asker: self.ask.at(site),
            got: Vec::new(),
            seen: 0,
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        if !self.full {
            if let Some(op) = self.fill.next_op(table) {
                return Some(op);
            }
            self.full = true;
        }
        while let Some(&ticket) = self.got.get(self.seen) {
            self.seen += 1;
            if self.keep == 0 || !self.seen.is_multiple_of(self.keep as usize) {
                return Some(table.free(ticket, self.asker.cpu()));
            }
        }
        None
    }

    fn observe(&mut self, table: &Table, outcome: &Outcome) {
        if self.full {
            return;
        }
        self.fill.observe(table, outcome);
        if let (Outcome::Lent(_), Some(live)) = (outcome, table.latest()) {
            self.got.push(live.ticket);
        }
    }
}
