//! What sits on a page allocator, and asks it for blocks.
//!
//! Everything here is written over [`PageAllocator`](pfnlab_model::PageAllocator): the same caches
//! and batches run on the core, on a first-fit model in a test, or on yours. The crate is `no_std`
//! with `alloc`.
//!
//! - [`slab`]: caches of objects, and `kmalloc`. Start here.
//! - [`lru`]: batches of page references, and the lists they feed.
//! - [`page_ext`]: a word and more for every frame, section by section.
//! - [`page_owner`], [`page_idle`], [`guard`]: what is kept there.
//! - [`References`]: blocks that several hold.
//! - [`vm_events`], [`numa_events`]: what each CPU did, counted, and how near its pages were.
//! - [`Generation`]: which kernel they behave like.
//! - [`CpuNotifier`], [`MemoryNotifier`]: how they learn that CPUs and memory come and go.

#![no_std]

extern crate alloc;

mod generation;

mod node_of;
mod notify;
mod references;

pub mod slab;

pub mod lru;

pub mod page_ext;

pub mod page_owner;

pub mod page_idle;

pub mod guard;

pub mod vm_events;

pub mod numa_events;

pub use generation::Generation;
pub use notify::{CpuEvent, CpuNotifier, MemoryNotifier};
pub use references::References;
