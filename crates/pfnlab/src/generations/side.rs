//! A trace on its way on one generation.

use std::collections::BTreeMap;

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{Gfp, Observer, Op, Snapshot, Ticket};
use pfnlab_sim::{Driver, DriverError, Fingerprint, Outcome, Tally};

use super::end::{FreeMemory, Generation};
use crate::boot::snapshot_of;
use crate::watch::Watch;
use crate::{Error, HugePages, Otherwise, TraceFile, mixed};

/// The first name for what nobody names any more: far above what traces use.
const LOST: u64 = 1 << 63;

/// A trace on its way on one generation.
pub(crate) struct Side {
    profile: &'static Profile,
    driver: Driver<Mm>,
    tally: Tally,
    watch: Watch,
    fingerprint: Fingerprint,
    /// How every ticket was asked for, live or not.
    asked: BTreeMap<Ticket, Gfp>,
    /// How many blocks lost their name.
    lost: u64,
}

impl Side {
    /// At the start of a trace.
    pub(super) fn boot(file: &TraceFile, profile: &'static Profile) -> Result<Side, Error> {
        Ok(Side::new(file.clone().on(profile).driver()?))
    }

    /// At the start of a trace, with something otherwise.
    pub(crate) fn boot_otherwise(file: &TraceFile, otherwise: &Otherwise) -> Result<Side, Error> {
        Ok(Side::new(file.driver_otherwise(otherwise)?))
    }

    fn new(driver: Driver<Mm>) -> Side {
        Side {
            profile: driver.allocator().profile(),
            driver,
            tally: Tally::default(),
            watch: Watch::default(),
            fingerprint: Fingerprint::new(),
            asked: BTreeMap::new(),
            lost: 0,
        }
    }

    /// Requests served from blocks of another migratetype so far.
    pub(crate) fn fallbacks(&self) -> u64 {
        self.watch.fell_back
    }

    /// How many huge pages could be had now.
    pub(crate) fn huge_pages(&self) -> HugePages {
        let asked = self.asked.iter().map(|(&ticket, &gfp)| (ticket, gfp));
        HugePages::of(&self.driver, asked)
    }

    /// The name of the generation.
    pub(super) fn name(&self) -> &'static str {
        self.profile.name()
    }

    /// The driver.
    pub(crate) fn driver(&self) -> &Driver<Mm> {
        &self.driver
    }

    /// The state.
    pub(super) fn snapshot(&self) -> Snapshot {
        snapshot_of(self.driver.allocator())
    }

    /// Runs the operation at a position.
    pub(crate) fn step(
        &mut self,
        file: &TraceFile,
        at: usize,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, Error> {
        let op = &file.trace().steps[at].op;
        let outcome = loop {
            match self
                .driver
                .step_told(op, &mut (&mut self.watch, &mut *observer))
            {
                Ok(outcome) => break outcome,
                Err(DriverError::Live(ticket)) => self.lose(ticket),
                Err(error) => return Err(file.at_step(at, error.to_string()).into()),
            }
        };
        self.note(op, &outcome);
        self.tally.count(&outcome);
        self.fingerprint.outcome(op, &outcome, self.driver.pages());
        Ok(outcome)
    }

    /// What is done besides, before the operation at a position. It counts nowhere.
    pub(crate) fn before(&mut self, file: &TraceFile, at: usize, ops: &[Op]) -> Result<(), Error> {
        for op in ops {
            let done = self.driver.step_told(op, &mut ());
            done.map_err(|error| file.at_step(at, error.to_string()))?;
        }
        Ok(())
    }

    /// Where a trace was recorded a request was refused, and its ticket was given out again. Here
    /// it was served: what it got is held for ever, and the ticket is free for the next request.
    fn lose(&mut self, ticket: Ticket) {
        let name = Ticket(LOST + self.lost);
        self.lost += 1;
        self.driver.rename(ticket, name);
        if let Some(gfp) = self.asked.remove(&ticket) {
            self.asked.insert(name, gfp);
        }
    }

    /// Whether what came of the latest operation is the same as elsewhere, frame by frame.
    pub(super) fn agrees(&self, outcome: &Outcome, other: &Side, others: &Outcome) -> bool {
        let bulk = matches!(outcome, Outcome::Bulk { .. });
        let words = |outcome: &Outcome, side: &Side| {
            let pages = side.driver.pages();
            outcome.as_expectation(if bulk { pages } else { &[] })
        };
        match (outcome, others) {
            // Why nothing was to be had is no difference that a requester sees.
            (Outcome::Refused(_), Outcome::Refused(_)) => true,
            _ if bulk => words(outcome, self) == words(others, other),
            _ => outcome == others,
        }
    }

    fn note(&mut self, op: &Op, outcome: &Outcome) {
        match (*op, *outcome) {
            (Op::Alloc { ticket, request }, Outcome::Lent(_))
            | (
                Op::Exact {
                    ticket, request, ..
                },
                Outcome::Exact(_),
            ) => {
                self.asked.insert(ticket, request.gfp);
            }
            (Op::Bulk { base, request, .. }, Outcome::Bulk { got }) => {
                let tickets = (base.0..).take(got as usize).map(Ticket);
                self.asked
                    .extend(tickets.map(|ticket| (ticket, request.gfp)));
            }
            (Op::Split { ticket, base }, Outcome::Split(block)) => {
                let Some(gfp) = self.asked.remove(&ticket) else {
                    return;
                };
                let tickets = (base.0..).take(block.frames() as usize).map(Ticket);
                self.asked.extend(tickets.map(|ticket| (ticket, gfp)));
            }
            (Op::Free { ticket, .. }, Outcome::Freed(_) | Outcome::FreedRun(_)) => {
                self.asked.remove(&ticket);
            }
            _ => {}
        }
    }

    /// What it came to.
    pub(crate) fn finish(&self) -> Generation {
        let last = self.snapshot();
        let free = FreeMemory::of(&last);
        let asked = self.asked.iter().map(|(&ticket, &gfp)| (ticket, gfp));
        Generation {
            profile: self.name(),
            ops: self.tally.ops,
            lacking: self.tally.unsupported,
            refused: self.tally.refused,
            fallbacks: self.watch.fell_back,
            claimed: self.watch.claimed,
            mixed_pageblocks: mixed::count(&self.driver, asked),
            free: free.frames,
            free_huge: free.huge,
            unusable: free.unusable,
            parts_at: None,
            fingerprint: format!("{:016x}", self.fingerprint.finish(&last)),
        }
    }
}
