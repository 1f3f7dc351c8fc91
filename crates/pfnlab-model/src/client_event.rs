//! What the clients of an allocator tell. It changes nothing in a snapshot: their state is their own.

use crate::{Address, Block, CacheId, CpuId, End, NodeId, Order};

/// Something a cache of objects did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum SlabEvent {
    /// A cache was made.
    CacheMade {
        /// Which.
        cache: CacheId,
        /// What one object takes, in bytes.
        slot: u32,
        /// The order of its slabs.
        order: Order,
        /// How many objects such a slab has.
        objects: u16,
        /// The least order that holds an object: what it falls back to.
        min: Order,
    },
    /// A cache is no more.
    CacheGone {
        /// Which.
        cache: CacheId,
    },
    /// No block of the order a cache prefers was to be had without effort (`ORDER_FALLBACK`).
    FellToMinimum {
        /// Which cache.
        cache: CacheId,
        /// The order it prefers.
        wanted: Order,
        /// The order it asks for now.
        min: Order,
    },
    /// A block became a slab.
    Made {
        /// Of which cache.
        cache: CacheId,
        /// The block.
        block: Block,
        /// How many objects it holds.
        objects: u16,
    },
    /// A slab was given up; its block goes back.
    Discarded {
        /// Of which cache.
        cache: CacheId,
        /// The block.
        block: Block,
    },
    /// A slab went to another place.
    Moved {
        /// Of which cache.
        cache: CacheId,
        /// Its block.
        block: Block,
        /// Where it is now.
        to: SlabPlace,
    },
    /// An object was handed out.
    Lent {
        /// Of which cache.
        cache: CacheId,
        /// Where it is.
        at: Address,
    },
    /// An object came back.
    Returned {
        /// Of which cache.
        cache: CacheId,
        /// Where it is.
        at: Address,
        /// The CPU has the slab in hand; otherwise it went to the slab's own list.
        own: bool,
    },
    /// A request too large for any cache got a block of its own.
    LargeLent {
        /// The block.
        block: Block,
    },
    /// Such a block came back.
    LargeReturned {
        /// The block.
        block: Block,
    },
}

/// Where a slab is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum SlabPlace {
    /// A CPU takes objects from it.
    InHand(CpuId),
    /// On the stack of partly used slabs a CPU has for itself.
    CpuPartial(CpuId),
    /// On a node's list of partly used slabs.
    NodePartial(NodeId, End),
    /// On no list: it is full.
    Full,
}

/// A batch of page references a CPU collects (`struct pagevec`, `struct folio_batch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum LruBatch {
    /// Pages that are to be put on a list. Up to 3.8 there is one such batch for every list.
    Add(Option<LruList>),
    /// Pages that go to the end of the inactive list, to be reclaimed next.
    Rotate,
    /// File pages that go to the inactive list.
    DeactivateFile,
    /// Pages that go to the inactive list.
    Deactivate,
    /// Anonymous pages without content.
    LazyFree,
    /// Pages that go to the active list.
    Activate,
    /// Pages that are locked in memory.
    Mlock,
}

/// A list of pages by age and kind (`enum lru_list`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum LruList {
    /// Anonymous pages not used lately.
    InactiveAnon,
    /// Anonymous pages in use.
    ActiveAnon,
    /// Pages of files not used lately.
    InactiveFile,
    /// Pages of files in use.
    ActiveFile,
    /// Pages that cannot be reclaimed.
    Unevictable,
}

impl LruList {
    /// Every list, by the kernel's number.
    pub const ALL: [LruList; 5] = [
        LruList::InactiveAnon,
        LruList::ActiveAnon,
        LruList::InactiveFile,
        LruList::ActiveFile,
        LruList::Unevictable,
    ];

    /// Its name, as in `/proc/vmstat` behind `nr_`.
    pub const fn name(self) -> &'static str {
        match self {
            LruList::InactiveAnon => "inactive_anon",
            LruList::ActiveAnon => "active_anon",
            LruList::InactiveFile => "inactive_file",
            LruList::ActiveFile => "active_file",
            LruList::Unevictable => "unevictable",
        }
    }

    /// The list with this name.
    pub fn by_name(name: &str) -> Option<LruList> {
        LruList::ALL.into_iter().find(|list| list.name() == name)
    }
}

/// Something the batches in front of the LRU lists did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum LruEvent {
    /// A page was put in a batch, which holds a reference to it.
    Batched {
        /// Whose batch.
        cpu: CpuId,
        /// Which.
        batch: LruBatch,
        /// The page.
        block: Block,
        /// How many pages the batch has now.
        held: u8,
    },
    /// A batch was emptied.
    Drained {
        /// Whose batch.
        cpu: CpuId,
        /// Which.
        batch: LruBatch,
        /// How many pages it had.
        pages: u8,
    },
    /// A page was put on a list.
    Listed {
        /// The node.
        node: NodeId,
        /// Which list.
        list: LruList,
        /// The page.
        block: Block,
        /// At which end.
        end: End,
    },
    /// A page was taken off a list.
    Unlisted {
        /// The node.
        node: NodeId,
        /// Which list.
        list: LruList,
        /// The page.
        block: Block,
    },
    /// Its owner gave a page up, but a batch still holds it.
    Kept {
        /// The page.
        block: Block,
    },
}

/// Something the extension of page descriptors did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum PageExtEvent {
    /// A section got its table.
    TableMade {
        /// The section's number.
        section: u32,
        /// The node the table is for.
        node: NodeId,
        /// Its size in bytes.
        bytes: u32,
        /// No run of frames was to be had: it is made of single frames (`vzalloc_node`).
        scattered: bool,
    },
    /// A section's table was given back.
    TableGone {
        /// The section's number.
        section: u32,
    },
}

/// A set of those who may keep something beside every page descriptor, as words.
///
/// ```
/// use pfnlab_model::PageExtClients;
/// let clients: PageExtClients = "owner,tags".parse().unwrap();
/// assert_eq!(clients.to_string(), "owner,tags");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageExtClients(u8);

impl PageExtClients {
    /// Their words, in the order of their bits: guard pages, page_owner, idle pages on 32-bit
    /// machines, allocation tags, the check of page tables.
    pub const WORDS: [&'static str; 5] = ["guard", "owner", "idle", "tags", "tables"];

    /// Whether the client with this word is in the set.
    pub fn has(self, word: &str) -> bool {
        let position = PageExtClients::WORDS
            .iter()
            .position(|&known| known == word);
        position.is_some_and(|position| self.0 >> position & 1 == 1)
    }
}

impl core::fmt::Display for PageExtClients {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let there = PageExtClients::WORDS
            .into_iter()
            .filter(|word| self.has(word));
        there.enumerate().try_for_each(|(position, word)| {
            write!(f, "{}{word}", if position == 0 { "" } else { "," })
        })
    }
}

impl core::str::FromStr for PageExtClients {
    type Err = ();

    /// Words joined by commas.
    fn from_str(text: &str) -> Result<PageExtClients, ()> {
        text.split(',').try_fold(PageExtClients(0), |set, word| {
            let position = PageExtClients::WORDS
                .iter()
                .position(|&known| known == word);
            position
                .map(|position| PageExtClients(set.0 | 1 << position))
                .ok_or(())
        })
    }
}
