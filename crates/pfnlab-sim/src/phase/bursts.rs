//! Bursts: much at once, and then nearly all of it goes.

use pfnlab_model::{Op, Ticket};

use crate::Outcome;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Phase, Site, Table};

plain! {
    /// Blocks are allocated at once and then freed, oldest first; now and then one survives.
    pub struct Bursts {
        /// How many bursts.
        pub bursts: u32 = 16,
        /// How many blocks each asks for.
        pub size: u32 = 4096,
        /// One block in so many is never freed; 0: all are.
        pub keep: u32 = 0,
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// Bursts on their way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    plan: Bursts,
    asker: Asker,
    /// Bursts begun.
    begun: u32,
    /// Requests left in this one.
    left: u32,
    got: Vec<Ticket>,
    /// How many of them have been looked at again.
    seen: usize,
}

impl Bursts {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            asker: self.ask.at(site),
            plan: self.clone(),
            begun: 0,
            left: 0,
            got: Vec::new(),
            seen: 0,
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        loop {
            if self.left > 0 {
                self.left -= 1;
                return Some(table.alloc(self.asker.request()));
            }
            while let Some(&ticket) = self.got.get(self.seen) {
                self.seen += 1;
                let survives =
                    self.plan.keep > 0 && self.seen.is_multiple_of(self.plan.keep as usize);
                if !survives {
                    return Some(table.free(ticket, self.asker.cpu()));
                }
            }
            if self.begun == self.plan.bursts || self.plan.size == 0 {
                return None;
            }
            self.begun += 1;
            self.left = self.plan.size;
            self.got.clear();
            self.seen = 0;
        }
    }

    fn observe(&mut self, table: &Table, outcome: &Outcome) {
        if let (Outcome::Lent(_), Some(live)) = (outcome, table.latest()) {
            self.got.push(live.ticket);
        }
    }
}
