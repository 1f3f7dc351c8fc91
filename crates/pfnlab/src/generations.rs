//! The same work on several kernel generations, side by side.
//!
//! - [`Generation`]: what it came to on one of them.
//! - [`of_scenario`], [`of_trace`]: on every one.
//! - [`diff`], [`Diff`]: a trace on two of them; where they part, and why.
//!
//! ```
//! use pfnlab::{Profile, TraceFile, generations};
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=9 gfp=GFP_KERNEL\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let all = generations::of_trace(&trace, Profile::ALL)?;
//! assert_eq!(all.len(), Profile::ALL.len());
//! assert!(all.iter().all(|generation| generation.ops == 2));
//! # Ok::<(), pfnlab::Error>(())
//! ```

mod diff;
mod end;
mod lists;
mod scenario;
mod side;
mod trace;

pub use diff::{Diff, Parting, SideStory, diff};
pub use end::Generation;
pub use lists::ListDifference;
pub(crate) use scenario::generation;
pub use scenario::of_scenario;
pub(crate) use side::Side;
pub use trace::of_trace;
