//! Which sub-sections of a section are there.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// One bit for each 2 MiB of a section (`subsection_map`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Subsections {
    words: Vec<u64>,
}

impl Subsections {
    /// `count` of them, none there.
    pub fn none(count: u32) -> Subsections {
        Subsections {
            words: vec![0; count.div_ceil(64) as usize],
        }
    }

    /// The bits, lowest first, 64 a word.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether one is there.
    pub fn contains(&self, index: u32) -> bool {
        let word = self.words.get(index as usize / 64);
        word.is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Whether none is there (`is_subsection_map_empty`).
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// How many are there.
    pub fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    pub(super) fn all(&self, mut indices: Range<u32>) -> bool {
        indices.all(|index| self.contains(index))
    }

    pub(super) fn any(&self, mut indices: Range<u32>) -> bool {
        indices.any(|index| self.contains(index))
    }

    pub(super) fn set(&mut self, indices: Range<u32>) {
        for index in indices {
            self.words[index as usize / 64] |= 1 << (index % 64);
        }
    }

    pub(super) fn clear(&mut self, indices: Range<u32>) {
        for index in indices {
            self.words[index as usize / 64] &= !(1 << (index % 64));
        }
    }
}
