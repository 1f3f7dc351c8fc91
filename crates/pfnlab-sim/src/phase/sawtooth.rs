//! Sawtooth: memory fills, empties, and fills again.

use pfnlab_model::Op;

use crate::phase::ask::Asker;
use crate::phase::{Ask, Percent, Phase, Site, Table};
use crate::{Outcome, Stream};

plain! {
    /// Memory is filled up to one level, then random tickets are freed down to another.
    pub struct Sawtooth {
        /// How often.
        pub teeth: u32 = 4,
        /// The part of memory that is held at the bottom.
        pub low: Percent = Percent::at_most_all(10),
        /// The part at the top; a refusal ends a rise, too.
        pub high: Percent = Percent::at_most_all(90),
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// A sawtooth on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    rising: bool,
    low: u64,
    high: u64,
    asker: Asker,
    picks: Stream,
}

impl Sawtooth {
    pub(crate) fn at(&self, site: &Site) -> Running {
        Running {
            left: self.teeth,
            rising: true,
            low: site.part(self.low),
            high: site.part(self.high),
            asker: self.ask.at(site),
            picks: site.stream("picks"),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        while self.left > 0 {
            if self.rising && table.held() < self.high {
                return Some(table.alloc(self.asker.request()));
            }
            self.rising = false;
            if table.held() > self.low {
                let ticket = table.pick(&mut self.picks)?;
                return Some(table.free(ticket, self.asker.cpu()));
            }
            self.rising = true;
            self.left -= 1;
        }
        None
    }

    fn observe(&mut self, _: &Table, outcome: &Outcome) {
        if self.rising && !matches!(outcome, Outcome::Lent(_)) {
            self.rising = false;
        }
    }
}
