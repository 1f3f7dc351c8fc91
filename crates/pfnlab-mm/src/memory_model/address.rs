//! The address of a page descriptor.

use core::fmt;

/// The virtual address of a page descriptor (`struct page *`).
///
/// Arithmetic wraps around as a pointer's does: the base of a section's map is biased by its first
/// frame number and may lie below zero.
///
/// ```
/// use pfnlab_mm::memory_model::PageAddr;
/// assert_eq!(PageAddr::new(0xffff_ea00_0000_0040).to_string(), "0xffffea0000000040");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageAddr(u64);

impl PageAddr {
    /// The descriptor at this address.
    pub const fn new(address: u64) -> PageAddr {
        PageAddr(address)
    }

    /// The address itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `count` descriptors of `size` bytes further up.
    pub const fn forward(self, count: u64, size: u64) -> PageAddr {
        PageAddr(self.0.wrapping_add(count.wrapping_mul(size)))
    }

    /// `count` descriptors of `size` bytes further down.
    pub const fn back(self, count: u64, size: u64) -> PageAddr {
        PageAddr(self.0.wrapping_sub(count.wrapping_mul(size)))
    }

    /// How many descriptors of `size` bytes lie between `base` and this one; `None` when it is not
    /// a whole number of them.
    pub const fn index_from(self, base: PageAddr, size: u64) -> Option<u64> {
        let bytes = self.0.wrapping_sub(base.0);
        if bytes.is_multiple_of(size) {
            Some(bytes / size)
        } else {
            None
        }
    }
}

impl fmt::Display for PageAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for PageAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "page:{self}")
    }
}
