//! Replays: what was recorded or expected, and what comes of it here.
//!
//! - [`Subject`]: a trace or a recorded case; all of those below a folder.
//! - [`all`]: many of them at once, told in order.
//! - [`trace`]: a trace, compared with what it expects.
//! - [`recording`]: a recorded case of a running kernel, compared in every field.
//! - [`Totals`], [`TraceTotals`]: how much was as it should be.
//! - [`Divergence`]: the first operation that came to something else, explained.

mod find;
mod many;
mod recording;
mod totals;
mod trace;

mod explain;
mod lists;

pub(crate) use explain::Scene;
pub use explain::{Divergence, FieldDifference};
pub use find::{Replayed, Subject};
pub use many::all;
pub use recording::{CaseReplay, not_compared, recording};
pub use totals::{Totals, TraceTotals};
pub use trace::{TraceReplay, trace};
pub(crate) use trace::{frames, in_words};

/// How many operations pass between two calls of a progress function.
const STRIDE: u64 = 1 << 12;
