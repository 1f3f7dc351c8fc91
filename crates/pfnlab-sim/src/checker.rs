//! The checker: runs operations and asks every rule after each.

use pfnlab_model::{Block, Event, Observer, Op, PageAllocator, PfnRange, Snapshot, Step};

use crate::objects::Objects;
use crate::rules::{self, Breach, Check, ClientView, Rule, View};
use crate::{Clients, Driver, DriverError, Held, Ledger, Move, Outcome, Report};

/// Up to so many frames, snapshots are compared after every operation.
const SMALL: u64 = 1 << 16;
/// On larger machines, after every so many.
const SELDOM: u64 = 1 << 8;

/// Runs operations on an allocator and asks every rule after each. Ends at the first breach.
///
/// An allocator without [`Inspect`](pfnlab_model::Inspect) is held to the rules a client can check.
#[derive(Clone, Debug)]
pub struct Checker<A> {
    driver: Driver<A>,
    clients: Clients,
    objects: Objects,
    inside: Option<Inside>,
    step: u64,
}

/// What is kept about an allocator that can be looked into.
#[derive(Clone, Debug)]
struct Inside {
    ledger: Ledger,
    fresh: Vec<Block>,
    snapshot_every: u64,
    rules: Vec<&'static Rule>,
}

/// Why a check ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A rule was broken.
    #[error(transparent)]
    Breach(Box<Breach>),
    /// The driver cannot run an operation.
    #[error("step {step}: {error}")]
    Driver {
        /// Which, from 0.
        step: u64,
        /// Why.
        error: DriverError,
    },
}

impl Failure {
    /// The rule that was broken, if one was.
    pub fn breach(&self) -> Option<&Breach> {
        match self {
            Failure::Breach(breach) => Some(breach),
            Failure::Driver { .. } => None,
        }
    }
}

impl<A: PageAllocator> Checker<A> {
    /// Begins, and asks every rule about the state the allocator is in.
    ///
    /// # Errors
    /// When one is broken already.
    pub fn new(allocator: A) -> Result<Checker<A>, Failure> {
        let first = allocator.inspect().map(pfnlab_model::Inspect::snapshot);
        let mut checker = Checker {
            driver: Driver::new(allocator),
            clients: Clients::new(),
            objects: Objects::default(),
            inside: first.as_ref().map(Inside::new),
            step: 0,
        };
        let mut collision = None;
        for zone in first.iter().flat_map(|first| &first.zones) {
            for block in &zone.lent {
                collision = collision.or(checker.give(block.range()));
            }
        }
        checker.ask(None, collision, first.as_ref())?;
        Ok(checker)
    }

    /// With the allocator's whole state compared after every `operations`, instead of after every
    /// one on a small machine and after every 256 on a large one.
    #[must_use]
    pub fn snapshot_every(mut self, operations: u64) -> Checker<A> {
        if let Some(inside) = &mut self.inside {
            inside.snapshot_every = operations.max(1);
        }
        self
    }

    /// The driver, and through it the allocator.
    pub fn driver(&self) -> &Driver<A> {
        &self.driver
    }

    /// The books; `None`: the allocator cannot be looked into.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.inside.as_ref().map(|inside| &inside.ledger)
    }

    /// The allocator, when the checking is over.
    pub fn into_allocator(self) -> A {
        self.driver.into_allocator()
    }

    /// Runs one operation and asks every rule.
    ///
    /// # Errors
    /// When the driver cannot run it, or a rule is broken.
    pub fn step(&mut self, op: &Op, observer: &mut impl Observer) -> Result<Outcome, Failure> {
        let step = self.step;
        let given_back = match *op {
            Op::Free { ticket, .. } => self.driver.held(ticket).map(Held::range),
            _ => None,
        };
        let outcome = match &mut self.inside {
            Some(inside) => self.driver.step(op, &mut (inside, observer)),
            None => self.driver.step(op, observer),
        };
        let outcome = outcome.map_err(|error| Failure::Driver { step, error })?;
        // What memory is taken from is moved away first.
        let moved = matches!(op, Op::Memory(_)).then(|| self.follow_moves(op));
        let collision = moved.flatten().or(self.follow(&outcome, given_back));
        let collision = match moved {
            Some(_) => collision,
            None => collision.or(self.follow_moves(op)),
        };
        self.objects.follow(&outcome, self.driver.around());
        let due = self
            .inside
            .as_ref()
            .is_some_and(|inside| (step + 1).is_multiple_of(inside.snapshot_every));
        let snapshot = if due { self.snapshot() } else { None };
        self.ask(Some((op, &outcome)), collision, snapshot.as_ref())?;
        self.step += 1;
        Ok(outcome)
    }

    /// Compares the whole state once more, at the end.
    ///
    /// # Errors
    /// When a rule is broken.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let snapshot = self.snapshot();
        self.ask(None, None, snapshot.as_ref())
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.driver
            .allocator()
            .inspect()
            .map(pfnlab_model::Inspect::snapshot)
    }

    /// Follows what clients hold. The result says who holds already what was handed out.
    fn follow(
        &mut self,
        outcome: &Outcome,
        given_back: Option<PfnRange>,
    ) -> Option<(PfnRange, PfnRange)> {
        match *outcome {
            Outcome::Lent(block) => self.give(block.range()),
            Outcome::Exact(range) => self.give(range),
            Outcome::Bulk { .. } => {
                let pages = self.driver.pages().to_vec();
                let collisions = pages
                    .into_iter()
                    .map(|pfn| self.give(PfnRange::sized(pfn, 1)));
                collisions.fold(None, Option::or)
            }
            Outcome::Split(block) => {
                self.clients.give(block.range());
                let pages = (0..block.frames()).map(|frame| block.start().offset(frame));
                let collisions = pages.map(|pfn| self.give(PfnRange::sized(pfn, 1)));
                collisions.fold(None, Option::or)
            }
            Outcome::Freed(_) | Outcome::FreedRun(_) => {
                given_back
                    .into_iter()
                    .for_each(|range| self.clients.give(range));
                None
            }
            _ => None,
        }
    }

    /// Follows what went between the allocator and its clients.
    fn follow_moves(&mut self, op: &Op) -> Option<(PfnRange, PfnRange)> {
        if !matches!(
            op,
            Op::Client(_) | Op::Free { .. } | Op::CpuOffline { .. } | Op::Memory(_)
        ) {
            return None;
        }
        if let Op::Memory(_) = op {
            for (from, to) in self.driver.moved().to_vec() {
                // What was in use from the start no client holds.
                if self.clients.covers(from.range()) {
                    self.clients.give(from.range());
                    self.give(to.range());
                }
            }
        }
        let moves = self.driver.around().map(|around| around.moves().to_vec());
        let mut collision = None;
        for block in moves.unwrap_or_default() {
            match block {
                Move::Got(block) => collision = collision.or(self.give(block.range())),
                Move::Gave(block) => self.clients.give(block.range()),
            }
        }
        collision
    }

    fn give(&mut self, range: PfnRange) -> Option<(PfnRange, PfnRange)> {
        self.clients.get(range).err().map(|held| (range, held))
    }

    fn ask(
        &mut self,
        latest: Option<(&Op, &Outcome)>,
        collision: Option<(PfnRange, PfnRange)>,
        snapshot: Option<&Snapshot>,
    ) -> Result<(), Failure> {
        let client = ClientView {
            latest,
            pages: self.driver.pages(),
            clients: &self.clients,
            around: self.driver.around(),
            objects: &self.objects,
            collision,
        };
        let op = latest.map(|(op, _)| *op);
        let step = if op.is_some() {
            Some(self.step)
        } else {
            self.step.checked_sub(1)
        };
        let breach = |rule: &Rule, what| {
            let (rule, says) = (rule.id, rule.says);
            Failure::Breach(Box::new(Breach {
                rule,
                says,
                step,
                op,
                what,
            }))
        };
        let (Some(inside), Some(inspect)) = (&mut self.inside, self.driver.allocator().inspect())
        else {
            return rules::ALL.iter().try_for_each(|rule| match rule.check {
                Check::Client(check) => check(&client).map_err(|what| breach(rule, what)),
                Check::Inside(_) => Ok(()),
            });
        };
        if latest.is_none() {
            inside.fresh = inside.ledger.blocks().map(|(block, _)| block).collect();
        }
        let view = View {
            client,
            ledger: &inside.ledger,
            fresh: &inside.fresh,
            inspect,
            snapshot,
        };
        for rule in &inside.rules {
            match rule.check {
                Check::Client(check) => check(&client),
                Check::Inside(check) => check(&view),
            }
            .map_err(|what| breach(rule, what))?;
        }
        inside.fresh.clear();
        Ok(())
    }
}

impl Inside {
    fn new(first: &Snapshot) -> Inside {
        let frames: u64 = first
            .zones
            .iter()
            .map(|zone| zone.managed.max(zone.present))
            .sum();
        let rules = rules::ALL
            .iter()
            .filter(|rule| rule.concerns(&first.profile));
        Inside {
            ledger: Ledger::new(first),
            fresh: Vec::new(),
            snapshot_every: if frames <= SMALL { 1 } else { SELDOM },
            rules: rules.collect(),
        }
    }
}

/// Keeps the books and notes which blocks are to be looked at.
impl Observer for Inside {
    fn event(&mut self, event: Event) {
        self.ledger.event(event);
        if self.ledger.impossible().is_some() {
            return;
        }
        match event {
            Event::Linked { block, .. } | Event::PcpLinked { block, .. } => self.fresh.push(block),
            Event::Retyped { block, .. } => {
                let inside = self.ledger.blocks_in(block.range());
                self.fresh.extend(inside.map(|(block, _)| block));
            }
            _ => {}
        }
    }
}

/// Runs a whole trace with every rule asked after every operation. A trace's expectations are
/// compared; a divergence is reported, and is no failure.
///
/// # Errors
/// At the first breach, or the first operation the driver cannot run.
pub fn check<A: PageAllocator>(
    allocator: A,
    steps: &[Step],
    observer: &mut impl Observer,
) -> Result<Report, Failure> {
    let mut checker = Checker::new(allocator)?;
    let mut report = Report::default();
    for step in steps {
        let outcome = checker.step(&step.op, observer)?;
        report.record(step, &outcome, checker.driver().pages());
    }
    checker.finish()?;
    Ok(report)
}
