//! A whole trace, compared with what it expects.

use std::fmt;

use pfnlab_model::{Expect, Observer, PageAllocator, Pfn, Step};

use crate::{Driver, DriverError, Outcome, Tally};

/// What came of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Outcomes by kind.
    pub tally: Tally,
    /// Steps that say what should come of them.
    pub expected: u64,
    /// How many of those came to something else.
    pub diverged: u64,
    /// The first of them.
    pub first: Option<Divergence>,
}

/// A step that came to something else than the trace says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Its position in the trace, from 0.
    pub step: u64,
    /// What the trace says.
    pub expected: Expect,
    /// What came of it.
    pub got: Outcome,
    /// The same in the words of a trace, if it has any.
    pub answer: Option<Expect>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: expected {}, got ", self.step, self.expected)?;
        match (&self.answer, self.got) {
            (_, Outcome::Refused(error)) => write!(f, "fail: {error}"),
            (Some(answer), _) => answer.fmt(f),
            (None, got) => write!(f, "{got:?}"),
        }
    }
}

impl Report {
    /// Counts what came of a step and compares it with what should. `pages` are the frames of the
    /// latest `bulk`.
    pub fn record(&mut self, step: &Step, outcome: &Outcome, pages: &[Pfn]) {
        let number = self.tally.ops;
        self.tally.count(outcome);
        let Some(expected) = &step.expect else { return };
        self.expected += 1;
        let answer = outcome.as_expectation(pages);
        if answer.as_ref() == Some(expected) {
            return;
        }
        self.diverged += 1;
        self.first.get_or_insert_with(|| Divergence {
            step: number,
            expected: expected.clone(),
            got: *outcome,
            answer,
        });
    }
}

/// A trace that could not be run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step}: {error}")]
pub struct RunError {
    /// The step at fault, from 0.
    pub step: u64,
    /// What is wrong with it.
    pub error: DriverError,
    /// What came of the steps before it.
    pub report: Box<Report>,
}

/// Runs every step and compares. A divergence does not end the run.
///
/// # Errors
/// At the first step the driver cannot run.
pub fn run<A: PageAllocator>(
    driver: &mut Driver<A>,
    steps: &[Step],
    observer: &mut impl Observer,
) -> Result<Report, RunError> {
    let mut report = Report::default();
    for step in steps {
        match driver.step(&step.op, observer) {
            Ok(outcome) => report.record(step, &outcome, driver.pages()),
            Err(error) => {
                return Err(RunError {
                    step: report.tally.ops,
                    error,
                    report: Box::new(report),
                });
            }
        }
    }
    Ok(report)
}
