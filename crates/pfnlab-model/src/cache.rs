//! Caches of objects: what a client that cuts blocks into objects is asked for.

use core::fmt;
use core::str::FromStr;

use crate::{MigrateType, Pfn};

/// The size of a page frame in bytes, as far as objects in it are concerned (`PAGE_SIZE`).
pub const PAGE_BYTES: u64 = 4096;

/// A physical address, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Address(u64);

impl Address {
    /// The address so many bytes behind the start of a frame.
    pub const fn within(frame: Pfn, bytes: u64) -> Address {
        Address(frame.get() * PAGE_BYTES + bytes)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The frame it lies in.
    pub const fn frame(self) -> Pfn {
        Pfn::new(self.0 / PAGE_BYTES)
    }

    /// How many bytes it lies behind the start of `frame`.
    ///
    /// # Panics
    /// When it lies before.
    pub const fn since(self, frame: Pfn) -> u64 {
        self.0
            .checked_sub(frame.get() * PAGE_BYTES)
            .expect("the address lies before the frame")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at:{:#x}", self.0)
    }
}

/// A set of properties of a cache (`SLAB_*`), as words.
///
/// ```
/// use pfnlab_model::CacheFlags;
/// let flags: CacheFlags = "hwcache,reclaim".parse().unwrap();
/// assert!(flags.contains(CacheFlags::RECLAIM));
/// assert_eq!(flags.to_string(), "hwcache,reclaim");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CacheFlags(u8);

impl CacheFlags {
    /// No property.
    pub const NONE: CacheFlags = CacheFlags(0);
    /// Objects are aligned to lines of the CPU cache (`SLAB_HWCACHE_ALIGN`).
    pub const HWCACHE: CacheFlags = CacheFlags(1);
    /// Its memory can be reclaimed (`SLAB_RECLAIM_ACCOUNT`).
    pub const RECLAIM: CacheFlags = CacheFlags(2);
    /// From `ZONE_DMA` (`SLAB_CACHE_DMA`).
    pub const DMA: CacheFlags = CacheFlags(4);
    /// From `ZONE_DMA32` or below (`SLAB_CACHE_DMA32`).
    pub const DMA32: CacheFlags = CacheFlags(8);
    /// Objects are prepared once, by a constructor.
    pub const CTOR: CacheFlags = CacheFlags(16);
    /// A freed object may still be read (`SLAB_TYPESAFE_BY_RCU`).
    pub const RCU: CacheFlags = CacheFlags(32);

    /// Every single property with its word.
    pub const WORDS: &'static [(&'static str, CacheFlags)] = &[
        ("hwcache", CacheFlags::HWCACHE),
        ("reclaim", CacheFlags::RECLAIM),
        ("dma", CacheFlags::DMA),
        ("dma32", CacheFlags::DMA32),
        ("ctor", CacheFlags::CTOR),
        ("rcu", CacheFlags::RCU),
    ];

    /// The properties of both.
    #[must_use]
    pub const fn union(self, other: CacheFlags) -> CacheFlags {
        CacheFlags(self.0 | other.0)
    }

    /// Whether every property of `other` is in the set.
    pub const fn contains(self, other: CacheFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

impl fmt::Display for CacheFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = CacheFlags::WORDS.iter();
        let there = words.filter(|(_, flag)| self.contains(*flag));
        there.enumerate().try_for_each(|(position, (word, _))| {
            write!(f, "{}{word}", if position == 0 { "" } else { "," })
        })
    }
}

impl fmt::Debug for CacheFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flags:{self}")
    }
}

impl FromStr for CacheFlags {
    type Err = ();

    /// Words joined by commas.
    fn from_str(text: &str) -> Result<CacheFlags, ()> {
        text.split(',').try_fold(CacheFlags::NONE, |flags, word| {
            let found = CacheFlags::WORDS.iter().find(|(known, _)| *known == word);
            found.map(|(_, flag)| flags.union(*flag)).ok_or(())
        })
    }
}

/// What a cache is asked to be (`kmem_cache_create`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSpec {
    /// The size of an object, in bytes.
    pub size: u32,
    /// What an object's address is a multiple of, in bytes: a power of two. 0 counts as 8.
    pub align: u32,
    /// What else.
    pub flags: CacheFlags,
}

impl CacheSpec {
    /// Objects of `size` bytes and nothing else.
    pub const fn new(size: u32) -> CacheSpec {
        CacheSpec {
            size,
            align: 0,
            flags: CacheFlags::NONE,
        }
    }

    /// The same with these properties, too.
    #[must_use]
    pub const fn with(self, flags: CacheFlags) -> CacheSpec {
        CacheSpec {
            flags: self.flags.union(flags),
            ..self
        }
    }

    /// The migratetype of its blocks.
    pub const fn migratetype(&self) -> MigrateType {
        if self.flags.contains(CacheFlags::RECLAIM) {
            MigrateType::Reclaimable
        } else {
            MigrateType::Unmovable
        }
    }
}

/// For whom a `kmalloc` cache is (`enum kmalloc_cache_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum KmallocKind {
    /// Everybody.
    Normal,
    /// Those who can give it back.
    Reclaim,
    /// Those charged to a memory control group.
    Cgroup,
    /// Old devices.
    Dma,
}

/// Which cache.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum CacheId {
    /// One of the caches behind `kmalloc`, by kind and the size of its objects in bytes.
    Kmalloc(KmallocKind, u16),
    /// One that somebody made, by a number of theirs.
    Made(u32),
}

impl fmt::Display for CacheId {
    /// Sizes in bytes, whatever the generation calls them: `kmalloc-1024`, `kmalloc-rcl-64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CacheId::Kmalloc(KmallocKind::Normal, size) => write!(f, "kmalloc-{size}"),
            CacheId::Kmalloc(KmallocKind::Reclaim, size) => write!(f, "kmalloc-rcl-{size}"),
            CacheId::Kmalloc(KmallocKind::Cgroup, size) => write!(f, "kmalloc-cg-{size}"),
            CacheId::Kmalloc(KmallocKind::Dma, size) => write!(f, "dma-kmalloc-{size}"),
            CacheId::Made(number) => write!(f, "cache-{number}"),
        }
    }
}

impl fmt::Debug for CacheId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
