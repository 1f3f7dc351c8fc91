//! The zoned page allocator.
#![no_std]
extern crate alloc;
