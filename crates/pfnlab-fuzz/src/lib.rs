//! Any bytes, given to the allocator and to everything that reads text.
//!
//! No input makes either panic, run for ever, or take more and more memory. The bytes come from a
//! small corpus, and from what mutation makes of it; an input is kept when it reaches something no
//! other reached: an error with other words, an event of another kind. That is less than a coverage
//! map tells, and needs no special compiler.
//!
//! ```console
//! $ cargo xtask fuzz kmem --minutes 10
//! ```
//!
//! - [`Target`], [`TARGETS`]: what is fed. Start here.
//! - [`Reached`]: what a run reached.
//! - [`Mutator`]: what becomes of an input.
//! - [`Corpus`]: the inputs that are kept, and replayed by an ordinary test.
//! - [`Explorer`]: the loop. [`supervise`]: the process around it, for what a loop cannot survive.

mod corpus;
mod explorer;
mod mutator;
mod reached;
mod supervise;
mod target;
mod targets;

pub use corpus::{Corpus, seeds};
pub use explorer::{Explorer, Progress};
pub use mutator::Mutator;
pub use reached::Reached;
pub use supervise::{explore, supervise};
pub use target::{TARGETS, Target, by_name};
