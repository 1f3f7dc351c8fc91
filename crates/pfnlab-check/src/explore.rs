//! One run: operations from some source, with every rule asked after each.

use pfnlab_model::{Machine, Op, PageAllocator, Step};
use pfnlab_sim::coverage::State;
use pfnlab_sim::{Checker, Coverage, Failure, Outcome};

use crate::quiet::survive;
use crate::steer::Asking;
use crate::work::Work;
use crate::{Case, Finding, Patience};

/// Makes operations, and is told what came of them.
pub(crate) trait Source {
    fn next_op(&mut self) -> Option<Op>;
    fn observe(&mut self, outcome: &Outcome);
}

impl Source for Work {
    fn next_op(&mut self) -> Option<Op> {
        Work::next_op(self)
    }
    fn observe(&mut self, outcome: &Outcome) {
        Work::observe(self, outcome);
    }
}

impl Source for Asking<'_> {
    fn next_op(&mut self) -> Option<Op> {
        Asking::next_op(self)
    }
    fn observe(&mut self, outcome: &Outcome) {
        Asking::observe(self, outcome);
    }
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) operations: u64,
    /// What is wrong, and the case that shows it.
    pub(crate) found: Option<(Case, Finding)>,
}

/// Runs what a source makes on the machine of a case without steps, up to the first thing that is
/// wrong. `see` is told the state of every operation.
pub(crate) fn explore<A: PageAllocator, S: Source>(
    empty: &Case,
    most: u64,
    make: &impl Fn(&Machine) -> A,
    source: impl FnOnce(&Machine, &A) -> S,
    mut see: impl FnMut(Option<State>),
) -> Ran {
    let mut ops: Vec<Op> = Vec::new();
    let run = survive(|| -> Result<(), Failure> {
        let allocator = make(empty.machine());
        let mut source = source(empty.machine(), &allocator);
        let mut watch = (Patience::default(), Coverage::of(&allocator));
        let mut checker = Checker::new(allocator)?.on(empty.machine());
        while (ops.len() as u64) < most {
            let Some(op) = source.next_op() else { break };
            ops.push(op);
            let outcome = checker.step(&op, &mut watch)?;
            source.observe(&outcome);
            see(watch.1.observe(&op, &outcome));
        }
        checker.finish()
    });
    let operations = ops.len() as u64;
    let finding = match run {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(Finding::from(failure)),
        Err(death) => Some(Finding::death(ops.len().checked_sub(1), death)),
    };
    let found = finding.map(|finding| {
        let steps = ops.into_iter().map(Step::from).collect();
        let case = Case::new(empty.spec().clone(), steps);
        (case.unwrap_or_else(|_| empty.clone()), finding)
    });
    Ran { operations, found }
}
