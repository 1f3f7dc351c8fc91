//! Long drift: most blocks live shortly, a few live long, and the level wanders.

use std::collections::{BTreeMap, BTreeSet};

use pfnlab_model::{Op, Ticket};

use crate::phase::ask::Asker;
use crate::phase::{Ask, Percent, Phase, Site, Table};
use crate::{Outcome, Stream};

plain! {
    /// Every block gets a lifetime when it is allocated, or when the phase begins: half of them the
    /// shortest, a quarter twice that, and so on. The part of memory that is held wanders between two levels.
    pub struct Drift {
        /// How many operations.
        pub ops: u32 = 200_000,
        /// The lowest level.
        pub low: Percent = Percent::at_most_all(40),
        /// The highest.
        pub high: Percent = Percent::at_most_all(80),
        /// The shortest lifetime, in operations.
        pub lifetime: u32 = 256,
        /// What is asked for.
        pub ask: Ask = Ask::default(),
    }
}

/// How many times a lifetime is doubled at most.
const MOST_DOUBLED: u32 = 16;

/// A drift on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    plan: Drift,
    asker: Asker,
    done: u32,
    low: u64,
    high: u64,
    level: u64,
    /// How far the level moves at once.
    stride: u64,
    /// When which ticket dies, by operation.
    deaths: BTreeSet<(u64, Ticket)>,
    /// The same, by ticket.
    death_of: BTreeMap<Ticket, u64>,
    picks: Stream,
    lifetimes: Stream,
    levels: Stream,
}

/// The level moves once in so many operations.
const LEVEL_EVERY: u32 = 64;

impl Drift {
    pub(crate) fn at(&self, site: &Site) -> Running {
        let (low, high) = (site.part(self.low), site.part(self.high.max(self.low)));
        Running {
            asker: self.ask.at(site),
            done: 0,
            low,
            high,
            level: low,
            stride: (high - low).div_ceil(64),
            deaths: BTreeSet::new(),
            death_of: BTreeMap::new(),
            picks: site.stream("picks"),
            lifetimes: site.stream("lifetimes"),
            levels: site.stream("levels"),
            plan: self.clone(),
        }
    }
}

impl Running {
    fn wander(&mut self) {
        let up = self.levels.draw() & 1 == 1;
        self.level = if up {
            (self.level + self.stride).min(self.high)
        } else {
            self.level.saturating_sub(self.stride).max(self.low)
        };
    }

    /// A ticket gets its lifetime.
    fn born(&mut self, ticket: Ticket) {
        let doubled = self.lifetimes.geometric(MOST_DOUBLED);
        let lifetime = u64::from(self.plan.lifetime) << doubled;
        let death = u64::from(self.done) + lifetime;
        self.deaths.insert((death, ticket));
        self.death_of.insert(ticket, death);
    }

    /// Who goes next: whoever's time has come, or anybody when more is held than should be.
    fn victim(&mut self, table: &Table) -> Option<Ticket> {
        let victim = match self.deaths.first() {
            Some(&(death, ticket)) if death <= u64::from(self.done) => Some(ticket),
            _ if table.held() > self.level => table.pick(&mut self.picks),
            _ => None,
        }?;
        if let Some(death) = self.death_of.remove(&victim) {
            self.deaths.remove(&(death, victim));
        }
        Some(victim)
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        if self.done == self.plan.ops {
            return None;
        }
        if self.done == 0 {
            let old = table.live().map(|live| live.ticket);
            old.for_each(|ticket| self.born(ticket));
        }
        self.done += 1;
        if self.done.is_multiple_of(LEVEL_EVERY) {
            self.wander();
        }
        Some(match self.victim(table) {
            Some(ticket) => table.free(ticket, self.asker.cpu()),
            None => table.alloc(self.asker.request()),
        })
    }

    fn observe(&mut self, table: &Table, outcome: &Outcome) {
        if let (Outcome::Lent(_), Some(live)) = (outcome, table.latest()) {
            self.born(live.ticket);
        }
    }
}
