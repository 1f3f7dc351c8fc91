//! A queue whose items can be put at either end and taken from anywhere.

use std::collections::BTreeMap;

use pfnlab_model::{End, Pfn};

/// A free list in its order. An item's rank says where to find it again: lower is nearer the head.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue(BTreeMap<i64, Pfn>);

impl Queue {
    /// Puts an item at an end and says its rank.
    pub(super) fn push(&mut self, pfn: Pfn, end: End) -> i64 {
        let rank = match end {
            End::Head => self.0.first_key_value().map_or(0, |(rank, _)| rank - 1),
            End::Tail => self.0.last_key_value().map_or(0, |(rank, _)| rank + 1),
        };
        self.0.insert(rank, pfn);
        rank
    }

    pub(super) fn remove(&mut self, rank: i64) {
        self.0.remove(&rank);
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Head first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Pfn> {
        self.0.values().copied()
    }
}
