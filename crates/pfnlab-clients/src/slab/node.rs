//! A node's list of partly used slabs.

use alloc::collections::VecDeque;

use pfnlab_model::{End, Pfn};

/// How many partly used slabs a node keeps, empty ones included (`set_min_partial`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeastPartial {
    /// In 2.6.37: the binary logarithm of the object's size, from 5 to 10.
    Log,
    /// Half of that, from 5 to 10.
    HalfLog,
}

impl LeastPartial {
    /// For a cache whose objects take `size` bytes.
    pub(crate) fn of(self, size: u32) -> u32 {
        let log = size.max(1).ilog2();
        match self {
            LeastPartial::Log => log,
            LeastPartial::HalfLog => log / 2,
        }
        .clamp(5, 10)
    }
}

/// Slabs with free objects that no CPU has, by their first frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodePartial {
    slabs: VecDeque<Pfn>,
}

/// The most free objects a slab may have to be sorted to the front (`SHRINK_PROMOTE_MAX`).
const PROMOTED: u32 = 32;

impl NodePartial {
    pub(crate) fn len(&self) -> u32 {
        self.slabs.len() as u32
    }

    pub(crate) fn put(&mut self, slab: Pfn, end: End) {
        match end {
            End::Head => self.slabs.push_front(slab),
            End::Tail => self.slabs.push_back(slab),
        }
    }

    pub(crate) fn take_first(&mut self) -> Option<Pfn> {
        self.slabs.pop_front()
    }

    pub(crate) fn remove(&mut self, slab: Pfn) {
        self.slabs.retain(|&known| known != slab);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Pfn> {
        self.slabs.iter().copied()
    }

    /// Sorts the fullest to the front, so that sparse ones have a chance to become empty.
    pub(crate) fn sort(&mut self, free: impl Fn(Pfn) -> u32) {
        let group = |slab: &Pfn| free(*slab).min(PROMOTED + 1);
        self.slabs.make_contiguous().sort_by_key(group);
    }
}
