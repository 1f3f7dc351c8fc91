//! A zoo of broken allocators, for tests.
//!
//! One allocator that anybody can see through, and a list of bugs it can be given, one at a time.
//! Whoever checks allocators must find each of them.
//!
//! - [`FirstFit`]: the allocator. Its whole state is a snapshot, and a request takes the lowest
//!   frame that will do. Start here.
//! - [`Bug`]: the ways in which it can be broken. [`Home`]: where one shows best.
//! - [`Layout`]: the zones it begins with.

mod bug;

mod layout;

mod first_fit;

mod serve;

mod inspect;

pub use bug::{Bug, Home};
pub use first_fit::FirstFit;
pub use layout::{Layout, MOVABLE, NODE0, NODE1, ZoneLayout};
