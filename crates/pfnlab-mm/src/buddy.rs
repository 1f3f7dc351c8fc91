//! The buddy lists: split on the way down, merge on the way up.

use pfnlab_model::{Block, End, Event, MigrateType, Observer, Order, ZoneId};

use crate::frames::{Frames, State, Word};
use crate::free_list::FreeList;
use crate::profile::{Policy, Told, told};

/// Which pageblocks of different types merge, and what becomes of their types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MergePolicy {
    /// All of them; the pageblocks keep their types (up to 3.8).
    Any,
    /// All but isolated ones; the pageblocks keep their types (4.14, 5.0).
    UnlessIsolated,
    /// Ordinary ones; the pageblocks keep their types (6.1).
    KeepTypes,
    /// Ordinary ones; the absorbed pageblocks take the type of the block that was freed (6.12).
    Retype,
}

impl Policy for MergePolicy {
    const DECIDES: &'static str = "which whole pageblocks merge, and what becomes of their types";

    fn told(self) -> Told {
        match self {
            MergePolicy::Any => told("all; they keep their types", "__free_one_page"),
            MergePolicy::UnlessIsolated => told(
                "all but isolated ones; they keep their types",
                "__free_one_page, ~has_isolate_pageblock",
            ),
            MergePolicy::KeepTypes => told(
                "ordinary ones; they keep their types",
                "__free_one_page, ~migratetype_is_mergeable",
            ),
            MergePolicy::Retype => told(
                "ordinary ones; they take the type of the block that was freed",
                "__free_one_page",
            ),
        }
    }
}

impl MergePolicy {
    /// Whether a block of one or more pageblocks that is freed as `mt` merges with one of another
    /// type.
    #[inline]
    pub(crate) fn allows(self, mt: MigrateType, theirs: MigrateType) -> bool {
        match self {
            MergePolicy::Any => true,
            MergePolicy::UnlessIsolated => {
                mt != MigrateType::Isolate && theirs != MigrateType::Isolate
            }
            _ => mt.is_ordinary() && theirs.is_ordinary(),
        }
    }

    #[inline]
    pub(crate) fn retypes(self) -> bool {
        matches!(self, MergePolicy::Retype)
    }
}

/// The free blocks of one zone: a list per order and migratetype (`struct free_area`).
#[derive(Clone, Debug)]
pub(crate) struct Buddy {
    zone: ZoneId,
    top_order: Order,
    /// Upper halves below this order are kept back; 0: none.
    guards_below: Order,
    pub(crate) frames: Frames,
    lists: [[FreeList; MigrateType::COUNT]; Order::COUNT],
}

impl Buddy {
    pub(crate) fn new(zone: ZoneId, frames: Frames, top_order: Order) -> Buddy {
        let lists = [[FreeList::default(); MigrateType::COUNT]; Order::COUNT];
        Buddy {
            zone,
            top_order,
            guards_below: Order::ZERO,
            frames,
            lists,
        }
    }

    /// From now on, upper halves below `order` are kept back.
    pub(crate) fn guard_below(&mut self, order: Order) {
        self.guards_below = order;
    }

    /// Below which order upper halves are kept back.
    pub(crate) fn guards_below(&self) -> Order {
        self.guards_below
    }

    /// Whether any halves are kept back.
    #[inline]
    pub(crate) fn keeps_guards(&self) -> bool {
        self.guards_below > Order::ZERO
    }

    /// Whether upper halves of `order` are kept back.
    #[inline]
    pub(crate) fn guards(&self, order: Order) -> bool {
        order < self.guards_below
    }

    /// The largest order.
    #[inline]
    pub(crate) fn top_order(&self) -> Order {
        self.top_order
    }

    /// The list of this order and type.
    #[inline]
    pub(crate) fn list(&self, order: Order, mt: MigrateType) -> &FreeList {
        &self.lists[order.index()][mt.index()]
    }

    /// How many blocks of `order` are free, of every type (`nr_free`).
    pub(crate) fn blocks_of(&self, order: Order) -> u64 {
        self.lists[order.index()]
            .iter()
            .map(|list| u64::from(list.len()))
            .sum()
    }

    /// The block a request of this order and type would take.
    #[inline]
    pub(crate) fn first(&self, order: Order, mt: MigrateType) -> Option<Block> {
        self.list(order, mt).peek(&self.frames, order, End::Head)
    }

    /// Puts a block on the list of `mt`.
    #[inline]
    pub(crate) fn link(
        &mut self,
        block: Block,
        mt: MigrateType,
        end: End,
        observer: &mut impl Observer,
    ) {
        let list = &mut self.lists[block.order().index()][mt.index()];
        list.push(&mut self.frames, block, State::Free(mt), end);
        observer.event(Event::Linked {
            zone: self.zone,
            block,
            mt,
            end,
        });
    }

    /// Takes a free block off the list of `mt`.
    #[inline]
    pub(crate) fn unlink(&mut self, block: Block, mt: MigrateType, observer: &mut impl Observer) {
        let list = &mut self.lists[block.order().index()][mt.index()];
        let was = list.remove(&mut self.frames, block);
        self.unlinked(block, mt, was, observer);
    }

    /// Takes the first free block of this order and type.
    #[inline]
    fn pop(
        &mut self,
        order: Order,
        mt: MigrateType,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let list = &mut self.lists[order.index()][mt.index()];
        let (block, was) = list.pop(&mut self.frames, order, End::Head, State::None)?;
        self.unlinked(block, mt, was, observer);
        Some(block)
    }

    #[inline]
    fn unlinked(&self, block: Block, mt: MigrateType, was: Word, observer: &mut impl Observer) {
        assert!(
            was == Word::new(State::Free(mt), block.order()),
            "{block} is unlinked from {mt}, but it is {was:?}"
        );
        observer.event(Event::Unlinked {
            zone: self.zone,
            block,
            mt,
        });
    }

    /// Takes a block apart until its lowest part has `order`; every upper half goes to the head
    /// of its list of `mt` (`expand`).
    #[inline]
    pub(crate) fn expand(
        &mut self,
        mut block: Block,
        order: Order,
        mt: MigrateType,
        observer: &mut impl Observer,
    ) -> Block {
        while order < block.order()
            && let Some((lower, upper)) = block.split()
        {
            observer.event(Event::Split {
                zone: self.zone,
                block,
            });
            self.link(upper, mt, End::Head, observer);
            block = lower;
        }
        block
    }

    /// Takes the smallest sufficient block of a type (`__rmqueue_smallest`).
    #[inline]
    pub(crate) fn smallest(
        &mut self,
        order: Order,
        mt: MigrateType,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let block = self.pop_smallest(order, mt, observer)?;
        Some(self.expand(block, order, mt, observer))
    }

    /// Takes the same, whole.
    #[inline]
    pub(crate) fn pop_smallest(
        &mut self,
        order: Order,
        mt: MigrateType,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let mut found = order;
        while self.list(found, mt).is_empty() {
            found = found.up().filter(|&larger| larger <= self.top_order)?;
        }
        self.pop(found, mt, observer)
    }

    /// The buddy of `block` and the type of the list it is on, if it is free as a whole.
    #[inline]
    pub(crate) fn free_buddy(&self, block: Block) -> Option<(Block, MigrateType)> {
        let list = self.frames.free_type_of_buddy(block)?;
        Some((block.buddy(), list))
    }

    /// Whether the buddy of `block`'s parent is free: if `block`'s own buddy comes back, two
    /// merges follow (`buddy_merge_likely`).
    #[inline]
    pub(crate) fn merge_likely(&self, block: Block) -> Option<Block> {
        let parent = block.parent()?;
        let free = self.frames.free_type_of_buddy(parent).is_some();
        // A guard is as good as free: it will be when its buddy is.
        let guard =
            || self.guards(parent.order()) && self.frames.state(parent.buddy()) == State::Guard;
        (free || guard()).then_some(parent)
    }

    /// Announces a merge.
    #[inline]
    pub(crate) fn merged(&self, block: Block, observer: &mut impl Observer) {
        observer.event(Event::Merged {
            zone: self.zone,
            block,
        });
    }
}
