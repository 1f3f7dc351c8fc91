//! `kmalloc`: which cache serves which size.

use alloc::format;
use alloc::string::String;

use pfnlab_model::{CacheFlags, CacheId, CacheSpec, Gfp, KmallocKind};

/// Which kinds of `kmalloc` caches there are, and what they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KmallocKinds {
    /// Up to 4.19: for all, and for old devices; sizes in bytes.
    Plain,
    /// From 4.20: for what can be reclaimed, too; `kmalloc-1k`.
    Reclaim,
    /// From 5.14: for what is charged to a control group, too.
    Cgroup,
}

/// The sizes there are, ascending; in bytes.
pub const SIZES: [u16; 13] = [
    8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192,
];

/// The size that serves a request of `bytes`; `None`: it is for the page allocator.
///
/// ```
/// use pfnlab_clients::slab::kmalloc::size_for;
/// assert_eq!(size_for(65), Some(96));
/// assert_eq!(size_for(8193), None);
/// ```
pub fn size_for(bytes: u32) -> Option<u16> {
    SIZES.into_iter().find(|&size| bytes <= u32::from(size))
}

impl KmallocKinds {
    /// Every kind, in the order in which their caches are made.
    pub fn all(self) -> &'static [KmallocKind] {
        match self {
            KmallocKinds::Plain => &[KmallocKind::Normal, KmallocKind::Dma],
            KmallocKinds::Reclaim => &[KmallocKind::Normal, KmallocKind::Reclaim, KmallocKind::Dma],
            KmallocKinds::Cgroup => &[
                KmallocKind::Normal,
                KmallocKind::Cgroup,
                KmallocKind::Reclaim,
                KmallocKind::Dma,
            ],
        }
    }

    /// The kind that serves a mask (`kmalloc_type`): memory for old devices before anything else,
    /// memory that can be reclaimed before what is charged.
    pub fn serving(self, gfp: Gfp) -> KmallocKind {
        let has = |kind| self.all().contains(&kind);
        if gfp.contains(Gfp::DMA) {
            KmallocKind::Dma
        } else if gfp.contains(Gfp::RECLAIMABLE) && has(KmallocKind::Reclaim) {
            KmallocKind::Reclaim
        } else if gfp.contains(Gfp::ACCOUNT)
            && !gfp.contains(Gfp::RECLAIMABLE)
            && has(KmallocKind::Cgroup)
        {
            KmallocKind::Cgroup
        } else {
            KmallocKind::Normal
        }
    }

    /// What `/proc/slabinfo` calls a cache.
    pub fn name(self, cache: CacheId) -> String {
        match (self, cache) {
            (KmallocKinds::Reclaim | KmallocKinds::Cgroup, CacheId::Kmalloc(kind, size))
                if size >= 1024 =>
            {
                let plain = format!("{}", CacheId::Kmalloc(kind, size / 1024));
                format!("{plain}k")
            }
            _ => format!("{cache}"),
        }
    }
}

/// What the cache of a kind and size is asked to be.
pub(super) fn spec(kind: KmallocKind, size: u16) -> CacheSpec {
    let spec = CacheSpec::new(u32::from(size));
    match kind {
        KmallocKind::Normal | KmallocKind::Cgroup => spec,
        KmallocKind::Reclaim => spec.with(CacheFlags::RECLAIM),
        KmallocKind::Dma => spec.with(CacheFlags::DMA),
    }
}
