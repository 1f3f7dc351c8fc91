//! Kernel generations, as far as an allocator's clients behave differently in them.

use crate::lru::LruPolicy;
use crate::page_ext::PageExtPolicy;
use crate::slab::SlabPolicy;

/// How the clients of one kernel generation behave. The names are those of the profiles.
///
/// Like a profile it has a name and no number; every policy in it is an enum that one file matches.
#[derive(Debug, PartialEq, Eq)]
pub struct Generation {
    /// What to call it.
    name: &'static str,
    /// How caches of objects ask for blocks and keep them.
    pub(crate) slab: SlabPolicy,
    /// How references to pages are batched.
    pub(crate) lru: LruPolicy,
    /// How page descriptors are extended; `None`: not at all.
    pub(crate) page_ext: Option<PageExtPolicy>,
}

impl Generation {
    /// Linux 2.6.37. The first one here, so in full.
    pub const LINUX_2_6_37: Generation = Generation {
        name: "linux-2.6.37",
        slab: SlabPolicy::LINUX_2_6_37,
        lru: LruPolicy::LINUX_2_6_37,
        page_ext: None,
    };

    /// Linux 3.8: CPUs keep stacks of partly used slabs (3.2), batches for pages on their way to
    /// another list, drained when a CPU goes.
    pub const LINUX_3_8: Generation = Generation {
        name: "linux-3.8",
        slab: SlabPolicy::LINUX_3_8,
        lru: LruPolicy::LINUX_3_8,
        ..Generation::LINUX_2_6_37
    };

    /// Linux 4.14: the first try for a large slab makes no effort; one batch for all lists; the
    /// extension of page descriptors (3.19).
    pub const LINUX_4_14: Generation = Generation {
        name: "linux-4.14",
        slab: SlabPolicy::LINUX_4_14,
        lru: LruPolicy::LINUX_4_14,
        page_ext: Some(PageExtPolicy::LINUX_4_14),
    };

    /// Linux 5.0: `kmalloc` caches for what can be reclaimed (4.20), batches of 15.
    pub const LINUX_5_0: Generation = Generation {
        name: "linux-5.0",
        slab: SlabPolicy::LINUX_5_0,
        lru: LruPolicy::LINUX_5_0,
        page_ext: Some(PageExtPolicy::LINUX_5_0),
    };

    /// Linux 6.1.0: CPU stacks counted in slabs, `kmalloc` caches for control groups (5.14), a
    /// batch for pages that grow old.
    pub const LINUX_6_1_0: Generation = Generation {
        name: "linux-6.1.0",
        slab: SlabPolicy::LINUX_6_1,
        lru: LruPolicy::LINUX_6_1,
        page_ext: Some(PageExtPolicy::LINUX_6_1),
    };

    /// Linux 6.1.y: as 6.1.0.
    pub const LINUX_6_1_Y: Generation = Generation {
        name: "linux-6.1.y",
        ..Generation::LINUX_6_1_0
    };

    /// Linux 6.12.0: another search for the order of slabs (6.8), every slab a compound page,
    /// batches of 31.
    pub const LINUX_6_12_0: Generation = Generation {
        name: "linux-6.12.0",
        slab: SlabPolicy::LINUX_6_12,
        lru: LruPolicy::LINUX_6_12,
        page_ext: Some(PageExtPolicy::LINUX_6_12),
    };

    /// Linux 6.12.y: as 6.12.0.
    pub const LINUX_6_12_Y: Generation = Generation {
        name: "linux-6.12.y",
        ..Generation::LINUX_6_12_0
    };

    /// Every generation, oldest first.
    pub const ALL: &'static [&'static Generation] = &[
        &Generation::LINUX_2_6_37,
        &Generation::LINUX_3_8,
        &Generation::LINUX_4_14,
        &Generation::LINUX_5_0,
        &Generation::LINUX_6_1_0,
        &Generation::LINUX_6_1_Y,
        &Generation::LINUX_6_12_0,
        &Generation::LINUX_6_12_Y,
    ];

    /// The newest generation.
    pub const NEWEST: &'static Generation = &Generation::LINUX_6_12_Y;

    /// The generation of a profile with this name: the clients of a variant are its generation's.
    ///
    /// ```
    /// use pfnlab_clients::Generation;
    /// assert_eq!(Generation::by_name("linux-6.1.y").unwrap().name(), "linux-6.1.y");
    /// ```
    pub fn by_name(name: &str) -> Option<&'static Generation> {
        let name = pfnlab_model::generation_of(name);
        let mut all = Generation::ALL.iter().copied();
        all.find(|generation| generation.name == name)
    }

    /// What to call it.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How its caches of objects behave.
    pub const fn slab(&self) -> &SlabPolicy {
        &self.slab
    }

    /// How its LRU batches behave.
    pub const fn lru(&self) -> &LruPolicy {
        &self.lru
    }

    /// How it extends page descriptors; `None`: not at all.
    pub const fn page_ext(&self) -> Option<&PageExtPolicy> {
        self.page_ext.as_ref()
    }
}
