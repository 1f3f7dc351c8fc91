//! One allocator in a contest, whatever its type.

use pfnlab_model::{Capability, Op, PageAllocator, Pfn};
use pfnlab_sim::{Checker, Failure, Outcome, Tally};

use crate::quiet::survive;
use crate::report::came;
use crate::{Finding, Patience};

/// An allocator under the rules.
pub(super) trait Player {
    fn offers(&self, what: Capability) -> bool;
    /// Runs an operation, and says what came of it in words; an allocator that broke a rule plays no
    /// more.
    fn step(&mut self, number: usize, op: &Op) -> Result<Answer, Finding>;
    /// Compares the whole state once more.
    fn finish(&mut self) -> Result<(), Finding>;
    fn tally(&self) -> Tally;
}

/// What came of an operation.
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    /// Of a `bulk`.
    pub(super) pages: Vec<Pfn>,
    pub(super) words: String,
}

impl Answer {
    /// Whether it is the same: the same frames, or refused.
    pub(super) fn agrees(&self, other: &Answer) -> bool {
        match (self.outcome, other.outcome) {
            (Outcome::Refused(_), Outcome::Refused(_)) => true,
            (Outcome::Bulk { .. }, Outcome::Bulk { .. }) => self.pages == other.pages,
            (one, other) => one == other,
        }
    }
}

struct Playing<A> {
    checker: Checker<A>,
    patience: Patience,
    tally: Tally,
}

/// Puts an allocator under the rules.
pub(super) fn start<A: PageAllocator + 'static>(
    machine: &pfnlab_model::Machine,
    make: &impl Fn(&pfnlab_model::Machine) -> A,
) -> Result<Box<dyn Player>, Finding> {
    let checker = played(None, || Checker::new(make(machine)))?.on(machine);
    Ok(Box::new(Playing {
        checker,
        patience: Patience::default(),
        tally: Tally::default(),
    }))
}

impl<A: PageAllocator> Player for Playing<A> {
    fn offers(&self, what: Capability) -> bool {
        self.checker.driver().allocator().offers(what)
    }

    fn step(&mut self, number: usize, op: &Op) -> Result<Answer, Finding> {
        let Playing {
            checker, patience, ..
        } = self;
        let outcome = played(Some(number), || checker.step(op, patience))?;
        self.tally.count(&outcome);
        let pages = match outcome {
            Outcome::Bulk { .. } => self.checker.driver().pages().to_vec(),
            _ => Vec::new(),
        };
        Ok(Answer {
            outcome,
            words: came(&outcome, &pages),
            pages,
        })
    }

    fn finish(&mut self) -> Result<(), Finding> {
        played(None, || self.checker.finish())
    }

    fn tally(&self) -> Tally {
        self.tally
    }
}

/// What a call of an allocator comes to, if it survives it.
fn played<T>(step: Option<usize>, call: impl FnOnce() -> Result<T, Failure>) -> Result<T, Finding> {
    match survive(call) {
        Ok(result) => result.map_err(Finding::from),
        Err(death) => Err(Finding::death(step, death)),
    }
}
