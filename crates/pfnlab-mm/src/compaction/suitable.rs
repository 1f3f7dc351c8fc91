//! Whether it is worth while, and whether it is done. Looks, never touches, but for positions that
//! begin anew.

use pfnlab_model::{CompactResult, MigrateType, Observer, Order};

use super::run::{Mode, Run};
use crate::alloc_flags::{AllocFlags, Mark};
use crate::fallback;
use crate::pageblock::Pageblocks;
use crate::walk::Asked;
use crate::watermark::Ask;
use crate::zone::Zone;

/// Above this order a request is not expected to be served (`PAGE_ALLOC_COSTLY_ORDER`).
pub(crate) const COSTLY: u8 = 3;
/// A request that fails with an index up to this fails for want of memory
/// (`sysctl_extfrag_threshold`).
const FOR_WANT_OF_MEMORY: i64 = 500;
/// A block can be had.
const NO_FAILURE: i64 = -1000;

impl Ask {
    /// Single frames for nobody in particular, who could go as high as `highest`.
    pub(crate) fn order_zero(highest: usize) -> Ask {
        Ask {
            order: Order::ZERO,
            gfp: pfnlab_model::Gfp::NONE,
            flags: AllocFlags::MIN,
            highest,
        }
    }
}

impl Zone {
    /// Whether to begin (`compaction_suitable`): enough is free to move things to, a block cannot be
    /// had, and that is not for want of memory.
    pub(super) fn worth_compacting(&self, run: &Run) -> CompactResult {
        let Some(order) = run.order else {
            return CompactResult::Continue;
        };
        let gap = 2 * order.frames();
        let want = Ask {
            order,
            flags: run.flags,
            ..Ask::order_zero(run.highest)
        };
        if self.profile.compaction.tests_low_mark() {
            let mark = self.mark(Mark::Low) + gap;
            let index = self.fragmentation_index(order);
            let nobody = Ask {
                order,
                ..Ask::order_zero(0)
            };
            return if self.watermark(mark, Ask::order_zero(0)).is_err()
                || (0..=FOR_WANT_OF_MEMORY).contains(&index)
            {
                CompactResult::Skipped
            } else if self.profile.compaction.remembers()
                && index == NO_FAILURE
                && self.watermark(mark, nobody).is_ok()
            {
                CompactResult::Success
            } else {
                CompactResult::Continue
            };
        }
        if self.watermark(self.mark(run.flags.mark()), want).is_ok() {
            return CompactResult::Success;
        }
        self.has_room_to_compact(order, run.highest)
    }

    /// Whether enough is free to move things to, and large blocks are what is missing.
    pub(crate) fn has_room_to_compact(&self, order: Order, highest: usize) -> CompactResult {
        let costly = order.get() > COSTLY;
        let mark = if costly { Mark::Low } else { Mark::Min };
        let room = Ask {
            flags: AllocFlags::CMA,
            ..Ask::order_zero(highest)
        };
        let mark = self.mark(mark) + 2 * order.frames();
        let no_memory = (0..=FOR_WANT_OF_MEMORY).contains(&self.fragmentation_index(order));
        if self.watermark(mark, room).is_err() || costly && no_memory {
            CompactResult::Skipped
        } else {
            CompactResult::Continue
        }
    }

    /// Whether enough would be free to move things to if so many frames more were.
    pub(super) fn has_room_with(&self, order: Order, more: i64) -> bool {
        let mark = match order.get() > COSTLY {
            true => self.mark(Mark::Low),
            false => self.mark(Mark::Min),
        };
        let room = Ask {
            flags: AllocFlags::CMA,
            ..Ask::order_zero(0)
        };
        let mark = mark + 2 * order.frames();
        self.watermark_of(self.free_careful(true) + more, mark, room)
            .is_ok()
    }

    /// Whether enough is free, above the high mark, to compact rather than reclaim
    /// (`compaction_ready`).
    pub(crate) fn is_ready_to_compact(&self, order: Order, highest: usize) -> bool {
        let mark = self.mark(Mark::High) + 2 * order.frames();
        self.watermark(mark, Ask::order_zero(highest)).is_ok()
    }

    /// Whether a request would be served above the min mark if so many frames more were free.
    pub(crate) fn would_serve(&self, asked: &Asked<'_>, flags: AllocFlags, more: i64) -> bool {
        let ask = Ask {
            order: asked.request.order,
            gfp: asked.request.gfp,
            flags,
            highest: asked.highest,
        };
        let free = self.free_careful(true) + more;
        self.watermark_of(free, self.mark(Mark::Min), ask).is_ok()
    }

    /// Whether a block of `order` or above is free.
    pub(super) fn has_free(&self, order: Order) -> bool {
        let mut orders = order.through(self.buddy.top_order());
        orders.any(|order| self.buddy.blocks_of(order) > 0)
    }

    /// Why a request of `order` would fail, in thousandths: near 0 for want of memory, near 1000 for
    /// want of large blocks; −1000: it would not (`fragmentation_index`).
    ///
    /// ```text
    ///   40, 20, 10 blocks of orders 0, 1, 2; order 3: 1000 − (1000 + 120000 / 8) / 70 = 772
    /// ```
    pub(crate) fn fragmentation_index(&self, order: Order) -> i64 {
        let (mut blocks, mut frames, mut large) = (0, 0, 0);
        for each in Order::ZERO.through(self.buddy.top_order()) {
            let count = self.buddy.blocks_of(each);
            blocks += count;
            frames += count << each.get();
            large += if each >= order { count } else { 0 };
        }
        match (blocks, large) {
            (0, _) => 0,
            (_, 1..) => NO_FAILURE,
            _ => 1000 - ((1000 + ((frames * 1000) >> order.get())) / blocks) as i64,
        }
    }

    /// The part of the free frames that is in blocks too small for `order`, in percent
    /// (`extfrag_for_order`).
    pub(crate) fn in_small_blocks(&self, order: Order) -> u64 {
        let orders = || Order::ZERO.through(self.buddy.top_order());
        let frames = |each: Order| self.buddy.blocks_of(each) << each.get();
        let all: u64 = orders().map(frames).sum();
        let large: u64 = orders().filter(|&each| each >= order).map(frames).sum();
        match all {
            0 => 0,
            _ => (all - large) * 100 / all,
        }
    }

    /// Whether the run is over (`compact_finished`).
    pub(super) fn compacted(
        &mut self,
        run: &Run,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) -> CompactResult {
        let pageblock = blocks.order();
        let rule = self.profile.compaction;
        if run.has_met(pageblock) {
            if rule.remembers() {
                self.begin_at_the_ends(pageblock, observer);
                if run.direct {
                    self.forgetting_is_due(observer);
                }
            }
            return match run.whole {
                true => CompactResult::Complete,
                false => CompactResult::PartialSkipped,
            };
        }
        if let Some(goal) = run.score {
            return match self.in_small_blocks(pageblock) > goal {
                true => CompactResult::Continue,
                false => CompactResult::Success,
            };
        }
        let Some(order) = run.order else {
            return CompactResult::Continue;
        };
        if rule.finishes_pageblocks() && !run.migrate.is_aligned(pageblock) {
            return CompactResult::Continue;
        }
        match self.has_what_was_wanted(order, run, pageblock) {
            true => CompactResult::Success,
            false => CompactResult::Continue,
        }
    }

    fn has_what_was_wanted(&self, order: Order, run: &Run, pageblock: Order) -> bool {
        let rule = self.profile.compaction;
        let has = |order, mt| !self.buddy.list(order, mt).is_empty();
        let own = |order| {
            has(order, run.mt) || run.mt == MigrateType::Movable && has(order, MigrateType::Cma)
        };
        let mut orders = order.through(self.buddy.top_order());
        if rule.tests_low_mark() {
            let ask = Ask {
                order,
                ..Ask::order_zero(0)
            };
            let mark = self.mark(Mark::Low) + order.frames();
            return self.watermark(mark, ask).is_ok()
                && orders.any(|order| {
                    own(order) || order >= pageblock && self.buddy.blocks_of(order) > 0
                });
        }
        // What would be robbed is had as well, but those who rob ask for whole pageblocks.
        let robbing = !rule.finishes_for_robbers()
            || run.mode == Mode::Async
            || run.mt == MigrateType::Movable
            || run.migrate.is_aligned(pageblock);
        orders.any(|order| {
            let found = || fallback::find(&self.buddy, order, run.mt, pageblock);
            own(order) || robbing && found().is_some_and(|found| found.whole_pageblock)
        })
    }
}
