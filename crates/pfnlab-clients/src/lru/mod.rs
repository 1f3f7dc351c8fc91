//! Batches of page references in front of the LRU lists.
//!
//! A page that is to be put on a list of its node, or moved to another, waits in a batch of its
//! CPU. The batch holds a reference: a page its owner gives up in the meantime is freed when the
//! batch is emptied, in the order of the generation, by the CPU that empties it.
//!
//! - [`Lru`]: the batches and lists of a machine. Start here.
//! - [`ReclaimModel`]: what can be given up when memory is short.
//! - [`LruPolicy`]: what differs between generations.

mod machine;
mod pages;
mod policy;
mod reclaim;

pub use machine::{Lru, LruError};
pub use policy::{Added, LruPolicy, ReleaseOrder};
pub use reclaim::ReclaimModel;
