//! The flags of a page, by name.

use core::fmt;

macro_rules! page_flags {
    ($($(#[doc = $doc:literal])+ $flag:ident => $name:literal,)+) => {
        /// A flag of a page (`enum pageflags`). Which number it has, and whether it exists, is a
        /// matter of generation and build: [`super::FlagNumbers`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PageFlag {
            $($(#[doc = $doc])+ $flag,)+
        }

        impl PageFlag {
            /// Every flag of any generation.
            pub const ALL: &'static [PageFlag] = &[$(PageFlag::$flag,)+];

            /// What Linux calls it, without `PG_`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(PageFlag::$flag => $name,)+
                }
            }
        }
    };
}

page_flags! {
    /// Somebody works on it alone.
    Locked => "locked",
    /// Reading or writing it failed.
    Error => "error",
    /// It was used lately.
    Referenced => "referenced",
    /// Its contents are valid.
    Uptodate => "uptodate",
    /// It must be written back.
    Dirty => "dirty",
    /// It is on a list of the LRU.
    Lru => "lru",
    /// It is on an active list.
    Active => "active",
    /// It belonged to the working set.
    Workingset => "workingset",
    /// Somebody waits for it.
    Waiters => "waiters",
    /// It is the slab allocator's.
    Slab => "slab",
    /// For its owner.
    OwnerPriv1 => "owner_priv_1",
    /// For its owner, another one.
    Owner2 => "owner_2",
    /// For the architecture.
    Arch1 => "arch_1",
    /// For the architecture, a second.
    Arch2 => "arch_2",
    /// For the architecture, a third.
    Arch3 => "arch_3",
    /// Never given to the allocator, or taken out for good.
    Reserved => "reserved",
    /// `private` belongs to a file system.
    Private => "private",
    /// For a file system, another one.
    Private2 => "private_2",
    /// It is being written back.
    Writeback => "writeback",
    /// The first of a compound page.
    Head => "head",
    /// Another one of a compound page.
    Tail => "tail",
    /// Any of a compound page, where there is one flag for both.
    Compound => "compound",
    /// It has a place in swap space.
    Swapcache => "swapcache",
    /// It has blocks on disk.
    Mappedtodisk => "mappedtodisk",
    /// To be reclaimed soon.
    Reclaim => "reclaim",
    /// The first of a free block.
    Buddy => "buddy",
    /// It is backed by memory or swap.
    Swapbacked => "swapbacked",
    /// It cannot be reclaimed.
    Unevictable => "unevictable",
    /// Somebody locked it in memory.
    Mlocked => "mlocked",
    /// It is mapped without caching.
    Uncached => "uncached",
    /// The hardware found it broken.
    Hwpoison => "hwpoison",
    /// Somebody works on the compound page alone.
    CompoundLock => "compound_lock",
    /// It was used, says the page table.
    Young => "young",
    /// It was not used for a while.
    Idle => "idle",
    /// Its memory is not to be poisoned for tags.
    SkipKasanPoison => "skip_kasan_poison",
}

impl PageFlag {
    /// The flag with this name.
    pub fn by_name(name: &str) -> Option<PageFlag> {
        let mut all = PageFlag::ALL.iter().copied();
        all.find(|flag| flag.name() == name)
    }
}

impl fmt::Display for PageFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
