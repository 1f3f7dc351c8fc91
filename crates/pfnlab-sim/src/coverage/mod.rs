//! Coverage of states: which ways through an allocator a run has gone.
//!
//! Every operation is a [`State`]: what was asked, of what order and type, how long the list was that
//! it took from or put on, how deep it split, how far it merged, whose list it fell back to, and why
//! it was refused. What an allocator does not show is not asked of it: one that tells no events has
//! states of orders, types and refusals.
//!
//! - [`Coverage`]: watches a run. Start here.
//! - [`States`]: what a run reached. [`State`]: what one operation went through. [`Asked`], [`Length`], [`Fallback`], [`Passed`]: parts
//!   of it.
//! - [`Dimension`]: one part of all states, with how often each value came up.

mod lists;
mod state;
mod table;
mod watch;

pub use state::{Asked, Fallback, Length, Passed, State};
pub use table::{Dimension, States};
pub use watch::Coverage;
