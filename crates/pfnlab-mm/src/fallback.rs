//! Fallback: whose blocks may be robbed, and of how much. Looks, never touches.

use pfnlab_model::{Block, MigrateType, Order};

use crate::alloc_flags::AllocFlags;
use crate::buddy::Buddy;
use crate::profile::{Policy, Told, told};

/// How a request is served whose own type has nothing left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FallbackPolicy {
    /// The largest block is taken itself; what is split off stays the other type's, unless the
    /// rest of the pageblock is worth taking along (2.6.37).
    LargestAsFound,
    /// The largest block is taken itself; what is split off becomes the wanted type's (3.8).
    LargestAsWanted,
    /// One search, largest block first; what is robbed joins the own lists, and the request is
    /// served from there (4.14 to 6.1).
    Steal,
    /// The same search; a pageblock is claimed if that is worth it, else one block is taken and
    /// what is split off stays its pageblock's (6.12.0).
    StealOne,
    /// Claim whole pageblocks, largest block first; then, unless fragmentation is to be avoided,
    /// steal single blocks, smallest first (6.12.y).
    ClaimSteal,
}

impl Policy for FallbackPolicy {
    const DECIDES: &'static str =
        "whose blocks are robbed when a type runs out, and what becomes of them";

    fn told(self) -> Told {
        match self {
            FallbackPolicy::LargestAsFound => told(
                "the largest block is taken itself; what is split off stays the other type's, unless the rest of the pageblock is worth taking along",
                "__rmqueue_fallback",
            ),
            FallbackPolicy::LargestAsWanted => told(
                "the largest block is taken itself; what is split off becomes the wanted type's",
                "__rmqueue_fallback",
            ),
            FallbackPolicy::Steal => told(
                "the largest block; with it, what is free in its pageblock joins the own lists, if the pageblock is worth having",
                "__rmqueue_fallback, steal_suitable_fallback",
            ),
            FallbackPolicy::StealOne => told(
                "the largest block; a pageblock worth having is claimed, else the one block is split and its rest stays where it was",
                "__rmqueue_fallback; a block taken is no longer put on a foreign list",
            ),
            FallbackPolicy::ClaimSteal => told(
                "pageblocks are claimed, largest block first; only when none can be, the smallest single block is stolen",
                "__rmqueue_claim, __rmqueue_steal (6.15, 6.16)",
            ),
        }
    }
}

/// Whose lists get what is split off a block of another type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Those of the type it was.
    AsFound,
    /// Those of the type that was wanted.
    AsWanted,
}

/// What a policy does when the own lists are empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// Take from the one block found, the largest, and at last from what is kept back.
    Largest(Rest),
    /// Move what is robbed to the own lists and take from there.
    Join,
    /// Take from the one block found.
    One,
    /// Claim, then steal.
    ClaimThenSteal,
}

impl FallbackPolicy {
    #[inline]
    pub(crate) fn plan(self) -> Fallback {
        match self {
            FallbackPolicy::LargestAsFound => Fallback::Largest(Rest::AsFound),
            FallbackPolicy::LargestAsWanted => Fallback::Largest(Rest::AsWanted),
            FallbackPolicy::Steal => Fallback::Join,
            FallbackPolicy::StealOne => Fallback::One,
            FallbackPolicy::ClaimSteal => Fallback::ClaimThenSteal,
        }
    }
}

/// A block that could be robbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Find {
    pub(crate) block: Block,
    /// The type whose list it heads.
    pub(crate) from: MigrateType,
    /// Whether the rest of its pageblock may be taken along.
    pub(crate) whole_pageblock: bool,
}

/// The types asked when `mt` has nothing, first to last.
const fn fallbacks(mt: MigrateType) -> [MigrateType; 2] {
    match mt {
        MigrateType::Movable => [MigrateType::Reclaimable, MigrateType::Unmovable],
        MigrateType::Reclaimable => [MigrateType::Unmovable, MigrateType::Movable],
        _ => [MigrateType::Reclaimable, MigrateType::Movable],
    }
}

/// The least order worth robbing: with `NOFRAGMENT` only whole pageblocks.
fn least_order(order: Order, flags: AllocFlags, pageblock_order: Order) -> Order {
    if flags.any(AllocFlags::NOFRAGMENT) {
        order.max(pageblock_order)
    } else {
        order
    }
}

/// What a request of type `mt` would find at `order` (`find_suitable_fallback`). Movable requests
/// take no pageblock along for a small block: they can be moved again.
pub(crate) fn find(
    buddy: &Buddy,
    order: Order,
    mt: MigrateType,
    pageblock_order: Order,
) -> Option<Find> {
    let whole_pageblock = order.get() >= pageblock_order.get() / 2 || mt != MigrateType::Movable;
    fallbacks(mt).into_iter().find_map(|from| {
        buddy.first(order, from).map(|block| Find {
            block,
            from,
            whole_pageblock,
        })
    })
}

/// The orders at which pageblocks may be claimed, largest first (`__rmqueue_claim`).
pub(crate) fn claim_orders(
    order: Order,
    flags: AllocFlags,
    pageblock_order: Order,
    top: Order,
) -> impl Iterator<Item = Order> {
    least_order(order, flags, pageblock_order)
        .through(top)
        .rev()
}

/// The smallest block that serves (`__rmqueue_steal`).
pub(crate) fn smallest(
    buddy: &Buddy,
    order: Order,
    mt: MigrateType,
    pageblock_order: Order,
) -> Option<Find> {
    order
        .through(buddy.top_order())
        .find_map(|order| find(buddy, order, mt, pageblock_order))
}

/// What is taken up to 3.8: the largest block, of a contiguous area first if it may be (`cma`).
/// Only reclaimable requests take the pageblock along for a small one.
pub(crate) fn largest_first(
    buddy: &Buddy,
    order: Order,
    mt: MigrateType,
    cma: bool,
    pageblock_order: Order,
) -> Option<Find> {
    order.through(buddy.top_order()).rev().find_map(|order| {
        let area = cma.then(|| buddy.first(order, MigrateType::Cma)).flatten();
        if let Some(block) = area {
            return Some(Find {
                block,
                from: MigrateType::Cma,
                whole_pageblock: false,
            });
        }
        let large = order.get() >= pageblock_order.get() / 2;
        Some(Find {
            whole_pageblock: large || mt == MigrateType::Reclaimable,
            ..find(buddy, order, mt, pageblock_order)?
        })
    })
}

/// What is robbed up to 6.1 (`__rmqueue_fallback`): the largest block, except that a movable request which
/// may not take the pageblock along takes the smallest.
pub(crate) fn largest(
    buddy: &Buddy,
    order: Order,
    mt: MigrateType,
    flags: AllocFlags,
    pageblock_order: Order,
) -> Option<Find> {
    let least = least_order(order, flags, pageblock_order);
    let found = least
        .through(buddy.top_order())
        .rev()
        .find_map(|order| find(buddy, order, mt, pageblock_order))?;
    let too_good =
        !found.whole_pageblock && mt == MigrateType::Movable && order < found.block.order();
    if too_good {
        smallest(buddy, order, mt, pageblock_order)
    } else {
        Some(found)
    }
}

/// Whether a pageblock changes hands: when at least half of it is free or of like kind.
///
/// `free` and `movable` are frames of the pageblock that are free, and in use but movable.
pub(crate) fn worth_claiming(
    free: u64,
    movable: u64,
    block_type: MigrateType,
    mt: MigrateType,
    pageblock_frames: u64,
) -> bool {
    let alike = match (mt, block_type) {
        (MigrateType::Movable, _) => movable,
        (_, MigrateType::Movable) => pageblock_frames.saturating_sub(free + movable),
        _ => 0,
    };
    free + alike >= pageblock_frames / 2
}
