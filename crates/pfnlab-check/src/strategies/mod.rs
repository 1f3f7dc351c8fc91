//! Strategies for `proptest`, named for what they give. Every choice is in the value, so that all
//! of it shrinks.
//!
//! - [`machines`]: small machines that exist, with every irregularity there is.
//! - [`requests`]: what one asks for. [`orders`]: how large.
//! - [`traces()`]: operations of any of the kinds in [`traces`](mod@traces): steady, bursty, a
//!   checkerboard, the edge of memory, the edge of a hole, the largest blocks, one CPU to another,
//!   CPUs and memory that come and go, and weights that are drawn anew for each.

mod machines;
mod requests;
pub mod traces;

pub use machines::machines;
pub use requests::{orders, requests};
pub use traces::traces;
