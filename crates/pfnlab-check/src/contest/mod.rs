//! Contests: several allocators on the same operations.
//!
//! The first one sets the pace: operations are made for it, and the others are compared with it. What
//! not all of them offer is asked of none.
//!
//! - [`Contest`]: the allocators, and what they must agree in. Start here.
//! - [`Agreement`]: the same outcomes, or the same promises.
//! - [`Comparison`]: what came of a case. [`Parting`]: the first operation that came to something
//!   else. [`Side`]: one allocator's part. [`Contested`]: what came of a search.

mod comparison;
mod field;
mod player;

pub use comparison::{Agreement, Comparison, Parting, Side};
pub use field::{Contest, Contested};
