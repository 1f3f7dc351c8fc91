//! What differs between generations: how large batches are, which there are, what is released first.

use pfnlab_model::{LruBatch, LruList};

/// How the batches of one generation behave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LruPolicy {
    /// How many pages a batch holds (`PAGEVEC_SIZE`).
    pub(crate) size: u8,
    /// How pages that are new to the lists are batched.
    pub(crate) added: Added,
    /// The batches beside those, in the order in which they are drained.
    pub(crate) others: &'static [LruBatch],
    /// In which order the pages of a batch are freed.
    pub(crate) release: ReleaseOrder,
    /// The batches of a CPU are drained when it dies.
    pub(crate) drained_at_death: bool,
}

/// How pages that are new to the lists are batched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Up to 3.8: one batch for every list. A compound page waits like any other.
    PerList,
    /// One batch for all; a compound page empties it at once.
    Together,
}

/// In which order the pages of a batch are freed, if nobody else holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOrder {
    /// The last one put in the batch first.
    Reverse,
    /// In 6.12: as they were put in.
    Forward,
}

impl LruPolicy {
    pub(crate) const LINUX_2_6_37: LruPolicy = LruPolicy {
        size: 14,
        added: Added::PerList,
        others: &[LruBatch::Rotate],
        release: ReleaseOrder::Reverse,
        drained_at_death: false,
    };

    pub(crate) const LINUX_3_8: LruPolicy = LruPolicy {
        others: &[LruBatch::Rotate, LruBatch::Deactivate, LruBatch::Activate],
        drained_at_death: true,
        ..LruPolicy::LINUX_2_6_37
    };

    pub(crate) const LINUX_4_14: LruPolicy = LruPolicy {
        added: Added::Together,
        others: &[
            LruBatch::Rotate,
            LruBatch::DeactivateFile,
            LruBatch::LazyFree,
            LruBatch::Activate,
        ],
        ..LruPolicy::LINUX_3_8
    };

    pub(crate) const LINUX_5_0: LruPolicy = LruPolicy {
        size: 15,
        ..LruPolicy::LINUX_4_14
    };

    pub(crate) const LINUX_6_1: LruPolicy = LruPolicy {
        others: &[
            LruBatch::Rotate,
            LruBatch::DeactivateFile,
            LruBatch::Deactivate,
            LruBatch::LazyFree,
            LruBatch::Activate,
            LruBatch::Mlock,
        ],
        ..LruPolicy::LINUX_5_0
    };

    pub(crate) const LINUX_6_12: LruPolicy = LruPolicy {
        size: 31,
        release: ReleaseOrder::Forward,
        ..LruPolicy::LINUX_6_1
    };

    /// How many pages a batch holds (`PAGEVEC_SIZE`).
    pub const fn size(&self) -> u8 {
        self.size
    }

    /// Every batch of a CPU, in the order in which `lru_add_drain_cpu` empties them; the one for
    /// locked pages, which is emptied right after, last.
    pub fn batches(&self) -> impl Iterator<Item = LruBatch> + use<> {
        let per_list = LruList::ALL.map(|list| LruBatch::Add(Some(list)));
        let (lists, one) = match self.added {
            Added::PerList => (Some(per_list), None),
            Added::Together => (None, Some(LruBatch::Add(None))),
        };
        let lists = lists.into_iter().flatten();
        lists.chain(one).chain(self.others.iter().copied())
    }

    /// The batch a page waits in that is new to the lists and is to be put on `list`.
    pub(crate) fn batch_for(&self, list: LruList) -> LruBatch {
        match self.added {
            Added::PerList => LruBatch::Add(Some(list)),
            Added::Together => LruBatch::Add(None),
        }
    }

    /// Whether a page of several frames empties the batch it is put in.
    pub(crate) fn empties_at_once(&self, compound: bool) -> bool {
        compound && self.added == Added::Together
    }
}
