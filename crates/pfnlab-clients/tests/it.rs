//! One program of all tests: what takes long is to link it.

mod common;
mod guard_and_idle;
mod lru;
mod page_ext;
mod page_owner;
mod slab;
mod slab_orders;
