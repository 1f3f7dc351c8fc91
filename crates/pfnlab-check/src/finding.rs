//! What is wrong with an allocator.

use std::fmt;

use pfnlab_sim::Failure;

use crate::Death;

/// What is wrong with an allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule that is broken; `panic`: the allocator panicked; `driver`: an operation
    /// cannot be run; `differs`: allocators do not come to the same; `crash` and the like: it died,
    /// see [`Death`]. Shrinking keeps to it.
    pub kind: String,
    /// After which step, from 0; `None`: from the start, or nobody knows.
    pub step: Option<usize>,
    /// What is wrong, as a sentence.
    pub what: String,
}

impl Finding {
    /// The word for a panic.
    pub const PANIC: &'static str = "panic";
    /// The word for an operation that cannot be run.
    pub const DRIVER: &'static str = "driver";
    /// The word for allocators that do not come to the same.
    pub const DIFFERS: &'static str = "differs";

    pub(crate) fn death(step: Option<usize>, death: Death) -> Finding {
        Finding {
            kind: death.kind.to_owned(),
            step,
            what: death.what,
        }
    }
}

impl From<Failure> for Finding {
    fn from(failure: Failure) -> Finding {
        let (kind, step) = match &failure {
            Failure::Breach(breach) => (breach.rule, breach.step),
            Failure::Driver { step, .. } => (Finding::DRIVER, Some(*step)),
        };
        Finding {
            kind: kind.to_owned(),
            // Fits: it is a position in memory.
            step: step.map(|step| step as usize),
            what: failure.to_string(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.as_str() {
            Finding::PANIC => write!(f, "the allocator panicked: {}", self.what),
            _ => self.what.fmt(f),
        }
    }
}
