//! What an object takes: its own bytes, the free pointer, and alignment.

use pfnlab_model::{CacheFlags, CacheSpec};

use super::CacheError;

/// Where a free object keeps the address of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreePointer {
    /// Up to 5.6: in its first word.
    Start,
    /// From 5.7: in the middle, where overruns do not reach.
    Middle,
}

/// What an object takes in a slab (`calculate_sizes`). Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// From one object to the next.
    pub size: u32,
    /// Where the free pointer is, from the start of the object.
    pub free_pointer: u32,
}

/// A machine word.
const WORD: u32 = 8;
/// The line of a CPU cache.
const CACHE_LINE: u32 = 64;
/// The largest object that fits in a block.
const LARGEST: u32 = 4 << 20;

impl Slot {
    /// What an object of `spec` takes.
    ///
    /// # Errors
    /// When the size is 0 or above 4 MiB, or the alignment is no power of two or above a page.
    pub fn of(spec: &CacheSpec, rule: FreePointer) -> Result<Slot, CacheError> {
        if spec.size == 0 || spec.size > LARGEST {
            return Err(CacheError::Size(spec.size));
        }
        let align = match spec.align {
            0 => WORD,
            align if align.is_power_of_two() && align <= 4096 => align.max(WORD),
            align => return Err(CacheError::Align(align)),
        };
        let align = align.max(line(spec));
        let object = spec.size.next_multiple_of(WORD);
        // A constructed object, or one that may still be read, must not be written to.
        let outside = CacheFlags::CTOR;
        let outside = spec.flags.contains(outside) || spec.flags.contains(CacheFlags::RCU);
        let (end, free_pointer) = match rule {
            _ if outside => (object + WORD, object),
            FreePointer::Start => (object, 0),
            FreePointer::Middle => (object, spec.size / 2 / WORD * WORD),
        };
        Ok(Slot {
            size: end.next_multiple_of(align),
            free_pointer,
        })
    }
}

/// The alignment that keeps small objects within a line (`calculate_alignment`).
fn line(spec: &CacheSpec) -> u32 {
    if !spec.flags.contains(CacheFlags::HWCACHE) {
        return WORD;
    }
    let mut line = CACHE_LINE;
    while spec.size <= line / 2 {
        line /= 2;
    }
    line.max(WORD)
}
