//! Replays: what was recorded or expected, and what comes of it here.
//!
//! - [`trace`]: a trace, compared with what it expects.
//! - [`recording`]: a recorded case of a running kernel, compared in every field.
//! - [`Divergence`]: the first operation that came to something else, explained.

mod explain;
mod recording;
mod trace;

pub use explain::{Divergence, FieldDifference};
pub use recording::{CaseReplay, Totals, cases, not_compared, recording};
pub use trace::{TraceReplay, trace};

/// How many operations pass between two calls of a progress function.
const STRIDE: u64 = 1 << 12;
