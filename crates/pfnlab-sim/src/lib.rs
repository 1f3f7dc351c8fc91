//! Drives any page allocator.
