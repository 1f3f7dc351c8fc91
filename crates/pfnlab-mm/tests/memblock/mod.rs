//! The boot allocator against what the kernel's own tests of it assert. A test is named as there
//! (`tools/testing/memblock`), so that the two are easy to compare; the values are ours.

mod common;

mod basic;
mod grow;
mod trim;

mod alloc;
mod alloc_from;
mod alloc_node;

mod model;
mod older;
mod walk;
