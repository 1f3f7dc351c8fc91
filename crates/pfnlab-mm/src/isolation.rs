//! Isolation: nothing is handed out from pageblocks that are to be emptied.
//!
//! ```text
//!   Movable lists   ──▶  Isolate lists     what is free; no request looks there
//!   in use          ──▶  (elsewhere)       what is not: see `migrating`
//!   Isolate lists   ──▶  Movable lists     when that failed, or is over
//! ```
//!
//! Here are the policy and what happens to one pageblock; `isolated_range` is about all of them.

use pfnlab_model::{Block, CpuId, Event, MemoryEvent, MigrateType, Observer, Order, Pfn};

use crate::frames::State;
use crate::freeing::Placement;
use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// How pageblocks are isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsolationRule {
    /// One after the other, whether isolated already or not; movable ones without a look at what
    /// is in them (2.6.37).
    Trusting,
    /// One after the other, after a look at every frame (3.8).
    Looking,
    /// The same; one that somebody else has isolated is refused, and they are counted (4.14, 5.0).
    Counting,
    /// The first, the last, the others; free blocks that reach out of the range are cut (6.1).
    EndsFirst,
    /// The same; of a free block of several pageblocks only the one goes (6.12).
    Single,
}

impl Policy for IsolationRule {
    const DECIDES: &'static str = "how pageblocks are isolated";

    fn told(self) -> Told {
        match self {
            IsolationRule::Trusting => told(
                "one after the other; movable ones without a look at what is in them",
                "set_migratetype_isolate",
            ),
            IsolationRule::Looking => told(
                "one after the other, after a look at every frame",
                "has_unmovable_pages",
            ),
            IsolationRule::Counting => told(
                "one after the other, unless somebody else has isolated it; they are counted",
                "start_isolate_page_range, nr_isolate_pageblock",
            ),
            IsolationRule::EndsFirst => told(
                "the first, the last, the others; free blocks that reach out of the range are cut",
                "isolate_single_pageblock, split_free_page (5.19)",
            ),
            IsolationRule::Single => told(
                "the first, the last, the others; of a free block of several pageblocks only the one goes",
                "move_freepages_block_isolate (6.10)",
            ),
        }
    }
}

/// What becomes of a whole free pageblock that is isolated no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rejoin {
    /// It is moved to another list as it is.
    Moved,
    /// It is freed, and merges.
    Freed,
    /// It merges if its buddy is free, and goes to the tail.
    MergedToTail,
}

impl IsolationRule {
    /// Whether a pageblock that is isolated is refused.
    fn refuses_isolated(self) -> bool {
        !matches!(self, IsolationRule::Trusting | IsolationRule::Looking)
    }

    /// Whether a pageblock is isolated without a look at what is in it.
    pub(crate) fn trusts(self, mt: MigrateType) -> bool {
        self == IsolationRule::Trusting && mt == MigrateType::Movable
    }

    /// Whether anything in a movable zone is taken to be movable.
    pub(crate) fn trusts_movable_zones(self) -> bool {
        self.refuses_isolated()
    }

    /// Whether the zone counts its isolated pageblocks.
    fn counts(self) -> bool {
        self.refuses_isolated()
    }

    /// Whether the first and the last pageblock are isolated before the others, and only frames
    /// of the range are looked at.
    pub(crate) fn takes_ends_first(self) -> bool {
        matches!(self, IsolationRule::EndsFirst | IsolationRule::Single)
    }

    /// Whether free blocks that reach out of a range are cut at its ends.
    pub(crate) fn cuts_at_ends(self) -> bool {
        self == IsolationRule::EndsFirst
    }

    /// Whether per-CPU lists are drained, each by its own CPU, and that is not left to the caller.
    pub(crate) fn drains(self) -> bool {
        !self.takes_ends_first()
    }

    /// Whether that is done after every pageblock. 3.8 does so, too, but there what is drained from
    /// an isolated pageblock may merge with one that is not isolated yet, and from then on the
    /// kernel counts wrong (mended in 3.18): here its lists are drained when all are isolated.
    pub(crate) fn drains_after_each(self) -> bool {
        self.drains() && self != IsolationRule::Looking
    }

    /// Whether nothing waits for an LRU list while a range is emptied; before, what waits is sent
    /// there afterwards (`lru_cache_disable`).
    pub(crate) fn disables_batches(self) -> bool {
        self.takes_ends_first()
    }

    /// Whether what was freed past the isolated lists is put there in the end.
    pub(crate) fn gathers_strays(self) -> bool {
        self == IsolationRule::Looking
    }

    /// The order a range must be aligned to for no free block to reach out of it.
    pub(crate) fn alignment(self, pageblock: Order, top: Order) -> Order {
        if self.takes_ends_first() {
            pageblock
        } else {
            pageblock.max(top)
        }
    }

    fn rejoin(self) -> Rejoin {
        match self {
            IsolationRule::Trusting | IsolationRule::Looking => Rejoin::Moved,
            IsolationRule::Counting => Rejoin::Freed,
            IsolationRule::EndsFirst | IsolationRule::Single => Rejoin::MergedToTail,
        }
    }
}

impl Zone {
    /// Isolates one pageblock; what is free in it goes to the isolated lists
    /// (`set_migratetype_isolate`). `false`: somebody else has isolated it.
    pub(crate) fn isolate_pageblock(
        &mut self,
        pageblock: Block,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        let before = blocks.type_of(pageblock.start());
        if before == MigrateType::Isolate {
            return !self.profile.isolation.refuses_isolated();
        }
        self.change_isolation(pageblock, MigrateType::Isolate, cpu, blocks, observer);
        self.count_isolated(1, observer);
        true
    }

    /// A pageblock is isolated no more, and becomes `mt` (`unset_migratetype_isolate`). Nothing
    /// happens if it is not isolated.
    pub(crate) fn unisolate_pageblock(
        &mut self,
        pageblock: Block,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        if blocks.type_of(pageblock.start()) != MigrateType::Isolate {
            return;
        }
        match self.rejoining(pageblock.start(), blocks) {
            Some(block) => {
                self.buddy.unlink(block, MigrateType::Isolate, observer);
                blocks.retype(pageblock, mt, observer);
                let placement = match self.profile.isolation.rejoin() {
                    Rejoin::MergedToTail => Placement::Tail,
                    Rejoin::Moved | Rejoin::Freed => Placement::ByMergeLikely,
                };
                self.put(block, mt, placement, cpu, blocks, observer);
            }
            None => self.change_isolation(pageblock, mt, cpu, blocks, observer),
        }
        self.count_isolated(-1, observer);
    }

    /// The free block at the head of a pageblock that will merge when it is put back.
    fn rejoining(&self, start: Pfn, blocks: &Pageblocks) -> Option<Block> {
        let (block, state) = self.buddy.frames.block_from(start)?;
        let free = matches!(state, State::Free(_)) && block.order() >= blocks.order();
        if !free {
            return None;
        }
        let below_top = block.order() < self.buddy.top_order();
        let buddy_isolated = blocks.recorded_type(block.buddy().start());
        let beside_isolated = buddy_isolated == Some(MigrateType::Isolate);
        let rejoins = match self.profile.isolation.rejoin() {
            Rejoin::Moved => false,
            Rejoin::Freed => !beside_isolated,
            Rejoin::MergedToTail => {
                below_top && !beside_isolated && self.buddy.free_buddy(block).is_some()
            }
        };
        rejoins.then_some(block)
    }

    /// Moves what is free in a pageblock to the lists of `mt`, to or from isolation, and its type
    /// with it.
    fn change_isolation(
        &mut self,
        pageblock: Block,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let before = blocks.type_of(pageblock.start());
        if self.profile.isolation == IsolationRule::Single
            && let Some((block, State::Free(list))) =
                self.buddy.frames.block_around(pageblock.start())
            && block.order() > blocks.order()
        {
            // Only this pageblock changes: the block is freed anew, piece by piece.
            self.buddy.unlink(block, list, observer);
            self.account(list, -(block.frames() as i64), cpu, observer);
            blocks.retype(pageblock, mt, observer);
            self.free_to_buddy(block, Placement::ByMergeLikely, cpu, blocks, observer);
            return;
        }
        blocks.retype(pageblock, mt, observer);
        let range = pageblock.range().intersection(self.span);
        let moved = self.move_range(range, mt, cpu, observer) as i64;
        match mt {
            MigrateType::Isolate => self.account_isolated(before, moved, cpu, observer),
            _ => self.account_isolated(mt, -moved, cpu, observer),
        }
    }

    /// Cuts a free block at `boundary`, which lies inside it, into pieces as large as they can be;
    /// each goes to the list of its pageblock (`split_free_page`, 6.1).
    pub(crate) fn cut_free(
        &mut self,
        block: Block,
        boundary: Pfn,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let State::Free(list) = self.buddy.frames.state(block) else {
            return;
        };
        self.buddy.unlink(block, list, observer);
        let frames = -(block.frames() as i64);
        self.account(blocks.type_of(block.start()), frames, cpu, observer);
        let mut at = block.start();
        while at < block.range().end() {
            let end = match at < boundary {
                true => boundary,
                false => block.range().end(),
            };
            let order = largest(at, end);
            let piece = Block::containing(at, order);
            let mt = blocks.type_of(at);
            self.put(piece, mt, Placement::ByMergeLikely, cpu, blocks, observer);
            at = piece.range().end();
        }
    }

    fn count_isolated(&mut self, change: i64, observer: &mut impl Observer) {
        if !self.profile.isolation.counts() {
            return;
        }
        self.isolated_pageblocks = self.isolated_pageblocks.saturating_add_signed(change);
        observer.event(Event::Memory(MemoryEvent::IsolatedSet {
            zone: self.id,
            pageblocks: self.isolated_pageblocks,
        }));
    }

    /// So many isolated pageblocks were taken from the zone, or come to it.
    pub(crate) fn set_isolated(&mut self, pageblocks: u64, observer: &mut impl Observer) {
        let change = pageblocks as i64 - self.isolated_pageblocks as i64;
        if change != 0 {
            self.count_isolated(change, observer);
        }
    }
}

/// The largest order of a block from `at` on that ends at `end` at the latest.
pub(crate) fn largest(at: Pfn, end: Pfn) -> Order {
    let fits = |order: &Order| at.is_aligned(*order) && at.offset(order.frames()) <= end;
    let orders = Order::ZERO.through(Order::MAX).rev();
    orders.into_iter().find(fits).unwrap_or(Order::ZERO)
}
