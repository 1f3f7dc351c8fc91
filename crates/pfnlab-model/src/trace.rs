//! Traces: what was asked, in order.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Expect, Op, Ticket};

/// Where a trace begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceStart {
    /// `machine NAME`: the file `NAME.toml` beside the trace, or else a machine built in.
    Machine(String),
    /// `machine-begin` … `machine-end`: a machine description written in the trace.
    Inline(String),
    /// `start FILE`: resume from a saved snapshot.
    Snapshot(String),
    /// `start FILE held=N`: the same, and the blocks that are handed out in it have names: tickets
    /// N, N+1 and so on, by zone and frame.
    Held {
        /// The snapshot.
        file: String,
        /// The first ticket.
        first: Ticket,
    },
}

/// Operations that name earlier ones by ticket, over a machine and a profile. Deleting any
/// operation leaves a valid trace.
///
/// ```
/// use pfnlab_model::Trace;
/// let text = "#pfnlab-trace 1\nmachine two-node\nprofile linux-6.12.y\na 1 order=0 gfp=GFP_KERNEL cpu=0 => 0x1a2b0\n";
/// let trace = Trace::parse(text).unwrap().trace;
/// assert_eq!(trace.to_string(), text);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The machine or snapshot it starts from.
    pub start: TraceStart,
    /// The kernel generation, by name; `None`: whoever runs it chooses.
    pub profile: Option<String>,
    /// How the kernel was built, by name; `None`: as usual.
    pub config: Option<String>,
    /// What was asked, in order.
    pub steps: Vec<Step>,
}

/// One operation, and what should come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is asked.
    pub op: Op,
    /// What should come of it; `None`: anything.
    pub expect: Option<Expect>,
}

impl From<Op> for Step {
    fn from(op: Op) -> Step {
        Step { op, expect: None }
    }
}
