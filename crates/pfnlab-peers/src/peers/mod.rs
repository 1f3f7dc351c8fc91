//! The allocators that are measured.
//!
//! - [`Linux612`], [`Linux61`]: pfnlab, every policy switched on.
//! - [`BuddySystem`], [`BuddySlab`], [`FrameAlloc`], [`Depot`]: other buddies; the last one with a
//!   cache for single frames in front.
//! - [`Bitmap`]: not a buddy, a tree of bitmaps.

mod bitmap;
mod buddy_slab;
mod buddy_system;
mod frame_alloc;
mod pfnlab;
mod region;

pub use bitmap::Bitmap;
pub use buddy_slab::BuddySlab;
pub use buddy_system::BuddySystem;
pub use frame_alloc::{Depot, FrameAlloc};
pub use pfnlab::{Booted, Linux61, Linux612, booted};
