//! The checker: runs operations and asks every rule after each.

use pfnlab_model::{
    Block, Capability, Event, FreeError, Machine, Observer, Op, Order, PageAllocator, PfnRange,
    Snapshot, Step, Ticket,
};

use crate::objects::Objects;
use crate::rules::{self, Breach, ClientView, Rule, View};
use crate::{Clients, Displaced, Driver, DriverError, Held, Ledger, Move, Outcome, Report, Seen};

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
    memory: Option<Vec<PfnRange>>,
    /// Kept where a client can tell what must be free.
    seen: Option<Seen>,
    inside: Option<Inside>,
    step: u64,
}

/// What came of an operation, as far as rules ask.
#[derive(Clone, Copy)]
struct Latest<'a> {
    op: &'a Op,
    outcome: Outcome,
    collision: Option<(PfnRange, PfnRange)>,
    not_taken: Option<FreeError>,
}

/// What is kept about an allocator that can be looked into.
#[derive(Clone, Debug)]
struct Inside {
    ledger: Ledger,
    fresh: Vec<Block>,
    top: Order,
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

impl From<Breach> for Failure {
    fn from(breach: Breach) -> Failure {
        Failure::Breach(Box::new(breach))
    }
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
        let caches = allocator.offers(Capability::PerCpu);
        let plain = first.is_none() && !caches && !allocator.offers(Capability::Zones);
        let mut checker = Checker {
            driver: Driver::new(allocator),
            clients: Clients::new(),
            objects: Objects::default(),
            memory: None,
            seen: plain.then(Seen::default),
            inside: first.as_ref().map(Inside::new),
            step: 0,
        };
        let mut collision = None;
        for zone in first.iter().flat_map(|first| &first.zones) {
            for block in &zone.lent {
                collision = collision.or(checker.give(block.range()));
            }
        }
        checker.look_at_all();
        let breach = checker.ask(None, collision, first.as_ref()).next();
        if let Some(inside) = &mut checker.inside {
            inside.fresh.clear();
        }
        breach.map_or(Ok(checker), |breach| Err(breach.into()))
    }

    /// The driver, to give names to what is in use from the start.
    pub fn driver_mut(&mut self) -> &mut Driver<A> {
        &mut self.driver
    }

    /// With what is known of the machine: the memory the allocator was given.
    #[must_use]
    pub fn on(mut self, machine: &Machine) -> Checker<A> {
        let ranges = machine.free_ranges().map(|memory| memory.range);
        self.memory = Some(ranges.collect());
        self
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

    /// Names a block that was handed out before the checking began, so that it can be freed. What
    /// `ticket` named is forgotten.
    pub fn name(&mut self, ticket: Ticket, block: Block) {
        self.driver.name(ticket, block);
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

    /// Runs one operation and asks every rule, up to the first that is broken.
    ///
    /// # Errors
    /// When the driver cannot run it, or a rule is broken.
    pub fn step(&mut self, op: &Op, observer: &mut impl Observer) -> Result<Outcome, Failure> {
        let latest = self.run(op, observer)?;
        let snapshot = self.snapshot_if_due();
        let breach = self.ask(Some(latest), None, snapshot.as_ref()).next();
        self.settle();
        breach.map_or(Ok(latest.outcome), |breach| Err(breach.into()))
    }

    /// Runs one operation, asks every rule, and says which are broken. Unlike
    /// [`Checker::step`], this may go on behind a breach, for as long as the allocator bears it.
    ///
    /// # Errors
    /// When the driver cannot run it.
    pub fn survey(
        &mut self,
        op: &Op,
        observer: &mut impl Observer,
    ) -> Result<(Outcome, Vec<Breach>), Failure> {
        let latest = self.run(op, observer)?;
        let snapshot = self.snapshot_if_due();
        let breaches = self.ask(Some(latest), None, snapshot.as_ref()).collect();
        self.settle();
        Ok((latest.outcome, breaches))
    }

    /// Compares the whole state once more, at the end.
    ///
    /// # Errors
    /// When a rule is broken.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let snapshot = self.snapshot();
        self.look_at_all();
        let breach = self.ask(None, None, snapshot.as_ref()).next();
        breach.map_or(Ok(()), |breach| Err(breach.into()))
    }

    fn run<'a>(&mut self, op: &'a Op, observer: &mut dyn Observer) -> Result<Latest<'a>, Failure> {
        let given_back = match *op {
            Op::Free { ticket, .. } => self.driver.held(ticket).map(Held::range),
            _ => None,
        };
        let outcome = match &mut self.inside {
            Some(inside) => self.driver.step_told(op, &mut (inside, observer)),
            None => self.driver.step_told(op, observer),
        };
        let (outcome, not_taken) = match outcome {
            Ok(outcome) => (outcome, None),
            Err(DriverError::NotTaken { error, .. } | DriverError::NotTakenOver { error, .. }) => {
                (Outcome::Rejected, Some(error))
            }
            Err(error) => {
                let step = self.step;
                return Err(Failure::Driver { step, error });
            }
        };
        // What memory is taken from is moved away first.
        let first = matches!(op, Op::Memory(_) | Op::Alloc { .. });
        let moved = first.then(|| self.follow_moves());
        let taken = self.follow(&outcome, given_back);
        let collision = match moved {
            Some(moved) => moved.or(taken),
            None => taken.or(self.follow_moves()),
        };
        self.objects.follow(&outcome, self.driver.around());
        Ok(Latest {
            op,
            outcome,
            collision,
            not_taken,
        })
    }

    fn snapshot_if_due(&self) -> Option<Snapshot> {
        let inside = self.inside.as_ref()?;
        let due = (self.step + 1).is_multiple_of(inside.snapshot_every);
        if due { self.snapshot() } else { None }
    }

    /// The rules were asked about the latest operation.
    fn settle(&mut self) {
        self.step += 1;
        if let Some(inside) = &mut self.inside {
            inside.fresh.clear();
        }
    }

    /// Every block there is will be looked at.
    fn look_at_all(&mut self) {
        if let Some(inside) = &mut self.inside {
            inside.fresh = inside.ledger.blocks().map(|(block, _)| block).collect();
        }
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

    /// Follows what went between the allocator and its clients, and what was moved or taken from its
    /// owner.
    fn follow_moves(&mut self) -> Option<(PfnRange, PfnRange)> {
        let moves = self.driver.around().map(|around| around.moves().to_vec());
        let mut collision = None;
        for block in moves.unwrap_or_default() {
            match block {
                Move::Got(block) => collision = collision.or(self.give(block.range())),
                Move::Gave(block) => self.clients.give(block.range()),
            }
        }
        for displaced in self.driver.displaced().to_vec() {
            match displaced {
                // What was in use from the start no client holds.
                Displaced::Moved(from, to) => {
                    if self.clients.covers(from.range()) {
                        self.clients.give(from.range());
                        collision = collision.or(self.give(to.range()));
                    }
                }
                Displaced::GivenUp(block) => self.clients.give(block.range()),
            }
        }
        collision
    }

    fn give(&mut self, range: PfnRange) -> Option<(PfnRange, PfnRange)> {
        if let Some(seen) = &mut self.seen {
            seen.see(range);
        }
        self.clients.get(range).err().map(|held| (range, held))
    }

    /// Asks every rule, one after the other. What is broken is in the result.
    fn ask<'a>(
        &'a self,
        latest: Option<Latest<'a>>,
        collision: Option<(PfnRange, PfnRange)>,
        snapshot: Option<&'a Snapshot>,
    ) -> impl Iterator<Item = Breach> {
        let op = latest.map(|latest| *latest.op);
        let step = match op {
            Some(_) => Some(self.step),
            None => self.step.checked_sub(1),
        };
        self.asked().filter_map(move |rule| {
            let outcome = latest.as_ref();
            let client = ClientView {
                latest: outcome.map(|latest| (latest.op, &latest.outcome)),
                pages: self.driver.pages(),
                clients: &self.clients,
                around: self.driver.around(),
                objects: &self.objects,
                collision: collision.or(outcome.and_then(|latest| latest.collision)),
                not_taken: outcome.and_then(|latest| latest.not_taken),
                memory: self.memory.as_deref(),
                seen: self.seen.as_ref(),
                top: self.inside.as_ref().map(|inside| inside.top),
            };
            let answer = match (&self.inside, self.driver.allocator().inspect()) {
                (Some(inside), Some(inspect)) => rule.asked_inside(&View {
                    client,
                    ledger: &inside.ledger,
                    fresh: &inside.fresh,
                    inspect,
                    snapshot,
                }),
                _ => rule.asked_outside(&client),
            };
            let what = answer.err()?;
            let (rule, says) = (rule.id, rule.says);
            Some(Breach {
                rule,
                says,
                step,
                op,
                what,
            })
        })
    }

    /// The rules that concern this allocator.
    fn asked(&self) -> impl Iterator<Item = &'static Rule> {
        let (inside, all) = match &self.inside {
            Some(inside) => (inside.rules.as_slice(), &[][..]),
            None => (&[][..], rules::ALL),
        };
        inside.iter().copied().chain(all)
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
            top: first.global.top_order,
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
