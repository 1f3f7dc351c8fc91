//! The masks a cache asks for blocks with.

use pfnlab_model::{CacheFlags, Gfp, Order};

use super::policy::SlabPolicy;

/// What a slab is allocated as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompoundRule {
    /// Up to 6.1: a compound page if the cache prefers more than one frame.
    Large,
    /// In 6.12: always a compound page.
    Always,
}

/// How hard the first try for a slab is, when there is a smaller size to fall back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Up to 3.8: as hard as the caller allows, but once.
    Reclaims,
    /// From 4.14: nothing is reclaimed, nobody woken, and no reserve touched.
    None,
}

/// What of the caller's mask reaches the allocator: how it may be served, not what it is for
/// (`GFP_RECLAIM_MASK | GFP_CONSTRAINT_MASK`).
const PASSED_ON: Gfp = Gfp::RECLAIM
    .union(Gfp::HIGH)
    .union(Gfp::IO)
    .union(Gfp::FS)
    .union(Gfp::NOWARN)
    .union(Gfp::RETRY_MAYFAIL)
    .union(Gfp::NOFAIL)
    .union(Gfp::NORETRY)
    .union(Gfp::MEMALLOC)
    .union(Gfp::NOMEMALLOC)
    .union(Gfp::ATOMIC)
    .union(Gfp::HARDWALL)
    .union(Gfp::THISNODE);

/// The masks of the two tries for a slab.
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::slab::SlabMasks;
/// use pfnlab_model::{CacheFlags, Gfp, Order};
/// let order = |order| Order::new(order).unwrap();
/// let policy = Generation::by_name("linux-6.12.y").unwrap().slab();
/// let masks = SlabMasks::new(policy, CacheFlags::NONE, Gfp::GFP_KERNEL, order(1), order(0));
/// assert_eq!(
///     masks.first.to_string(),
///     "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC"
/// );
/// assert_eq!(masks.second.to_string(), "GFP_KERNEL|__GFP_COMP");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlabMasks {
    /// At the preferred order.
    pub first: Gfp,
    /// At the least order.
    pub second: Gfp,
}

impl SlabMasks {
    /// Those of a cache that prefers `wanted` and can do with `least`, for a caller's mask
    /// (`allocate_slab`).
    pub fn new(
        policy: &SlabPolicy,
        cache: CacheFlags,
        caller: Gfp,
        wanted: Order,
        least: Order,
    ) -> SlabMasks {
        let kept = caller.without(caller.without(PASSED_ON));
        let second = kept | policy.compound.flag(wanted) | of_cache(cache);
        let once = (second | Gfp::NOWARN | Gfp::NORETRY).without(Gfp::NOFAIL);
        let may_reclaim = second.contains(Gfp::DIRECT_RECLAIM);
        let first = match policy.effort {
            Effort::None if may_reclaim && wanted > least => {
                once.union(Gfp::NOMEMALLOC).without(Gfp::RECLAIM)
            }
            Effort::None | Effort::Reclaims => once,
        };
        SlabMasks { first, second }
    }
}

impl CompoundRule {
    fn flag(self, wanted: Order) -> Gfp {
        match self {
            CompoundRule::Large if wanted == Order::ZERO => Gfp::NONE,
            CompoundRule::Large | CompoundRule::Always => Gfp::COMP,
        }
    }
}

/// What a cache always asks for.
fn of_cache(flags: CacheFlags) -> Gfp {
    const MEANING: [(CacheFlags, Gfp); 3] = [
        (CacheFlags::DMA, Gfp::DMA),
        (CacheFlags::DMA32, Gfp::DMA32),
        (CacheFlags::RECLAIM, Gfp::RECLAIMABLE),
    ];
    let there = MEANING.iter().filter(|(flag, _)| flags.contains(*flag));
    there.fold(Gfp::NONE, |gfp, (_, meaning)| gfp | *meaning)
}
