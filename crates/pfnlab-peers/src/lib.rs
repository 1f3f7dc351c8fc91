//! Other frame allocators behind one trait, to be measured and to be checked.
//!
//! - [`Peer`]: what a frame allocator must do. Start here.
//! - [`peers`]: pfnlab and the others behind that trait.

mod peer;

pub mod peers;

pub use peer::{Kind, Machine, Peer};
