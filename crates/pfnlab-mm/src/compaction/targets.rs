//! Where to: the free scanner, downward (`isolate_freepages`).

use alloc::collections::VecDeque;

use pfnlab_model::{Block, CpuId, End, MigrateType, Observer, Order, Pfn, Scanner};

use super::run::{Mode, Run};
use super::sources::CLUSTER;
use crate::alloc_flags::{AllocFlags, Mark};
use crate::frames::State;
use crate::pageblock::Pageblocks;
use crate::watermark::Ask;
use crate::zone::Zone;

/// Free blocks that were taken off their lists, by order, the first at the front.
#[derive(Debug, Default)]
pub(super) struct Targets {
    lists: [VecDeque<Block>; Order::COUNT],
    frames: u64,
}

impl Targets {
    /// Takes one of `order`, off the smallest that will do; upper halves stay.
    fn take(&mut self, order: Order) -> Option<Block> {
        let mut orders = order.through(Order::MAX);
        let mut block = orders.find_map(|order| self.lists[order.index()].pop_front())?;
        self.frames -= order.frames();
        while block.order() > order
            && let Some((lower, upper)) = block.split()
        {
            self.lists[upper.order().index()].push_front(upper);
            block = lower;
        }
        Some(block)
    }

    /// Keeps a block as it is.
    fn keep(&mut self, block: Block) {
        self.frames += block.frames();
        self.lists[block.order().index()].push_back(block);
    }

    /// Keeps a block as single frames, the highest to be taken first.
    fn keep_in_frames(&mut self, block: Block) {
        self.frames += block.frames();
        for frame in 0..block.frames() {
            self.lists[0].push_front(Block::page(block.start().offset(frame)));
        }
    }
}

impl Zone {
    /// A free block of `order` for what is to be moved; `needed` frames are looked for at once.
    pub(super) fn target(
        &mut self,
        order: Order,
        needed: u64,
        run: &mut Run,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        run.targets.take(order).or_else(|| {
            self.isolate_targets(needed, run, blocks, observer);
            run.targets.take(order)
        })
    }

    /// Takes free blocks off their lists until there are `needed` frames, pageblock by pageblock
    /// downward.
    fn isolate_targets(
        &mut self,
        needed: u64,
        run: &mut Run,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let lowest = blocks.block_of(run.migrate).range().end();
        let mut pageblock = blocks.block_of(run.free);
        let strides = self.profile.compaction.strides();
        let mut stride = match run.mode {
            Mode::Async if strides => CLUSTER,
            _ => 1,
        };
        while lowest <= pageblock.start() {
            let below = pageblock.start().get().saturating_sub(pageblock.frames());
            let below = Pfn::new(below);
            if self.is_target(pageblock, run, blocks) {
                let end = pageblock.range().end().min(self.span.end());
                let before = run.targets.frames;
                let at = self.isolate_within(end, stride, needed, run, blocks, observer);
                let exhausted = at >= end;
                if exhausted {
                    self.nothing_free(pageblock, below, observer);
                }
                if run.targets.frames >= needed {
                    run.free = if exhausted { below } else { at };
                    return;
                }
                if !exhausted {
                    run.free = at;
                    return;
                }
                stride = match run.targets.frames > before {
                    true => 1,
                    false if strides => (2 * stride).min(CLUSTER),
                    false => stride,
                };
            }
            run.free = below;
            if pageblock.start().get() == 0 {
                return;
            }
            pageblock = blocks.block_of(below);
        }
    }

    /// Whether anything is moved to a pageblock: not to one where a block of the wanted size is free,
    /// and only to those of things that can be moved.
    fn is_target(&self, pageblock: Block, run: &Run, blocks: &Pageblocks) -> bool {
        if !self.holds(pageblock) {
            return false;
        }
        let start = pageblock.start().max(self.span.start());
        let large = match run.order {
            Some(order) if self.profile.compaction.moves_blocks() => order,
            _ => pageblock.order(),
        };
        if let Some((block, State::Free(_))) = self.buddy.frames.block_from(start)
            && block.order() >= large
        {
            return false;
        }
        let mt = blocks.type_of(start);
        let fits = run.anywhere || matches!(mt, MigrateType::Movable | MigrateType::Cma);
        fits && (run.heedless || !self.skips(pageblock.start()))
    }

    /// Takes free blocks of a pageblock, ascending from where the run is or its start; says how far.
    fn isolate_within(
        &mut self,
        end: Pfn,
        stride: u64,
        needed: u64,
        run: &mut Run,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Pfn {
        let mut at = run.free.max(self.span.start());
        while at < end {
            run.looked[1] += 1;
            match self.buddy.frames.block_from(at) {
                Some((block, State::Free(mt))) => {
                    if !self.isolate_free(block, mt, run.cpu, blocks, observer) {
                        return at;
                    }
                    match self.profile.compaction.moves_blocks() {
                        true => run.targets.keep(block),
                        false => run.targets.keep_in_frames(block),
                    }
                    at = block.range().end();
                    if run.targets.frames >= needed {
                        return at;
                    }
                    at = at.offset(stride - 1);
                }
                Some((block, State::Lent)) => at = block.range().end().offset(stride - 1),
                _ => at = at.offset(stride),
            }
        }
        at
    }

    /// Takes a free block off its list, if the zone can spare it. `false`: it cannot
    /// (`__isolate_free_page`).
    fn isolate_free(
        &mut self,
        block: Block,
        list: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        let (mark, flags) = match self.profile.compaction.tests_low_mark() {
            true => (Mark::Low, AllocFlags::MIN),
            false => (Mark::Min, AllocFlags::CMA),
        };
        let ask = Ask {
            flags,
            ..Ask::order_zero(0)
        };
        if self
            .watermark(self.mark(mark) + block.frames(), ask)
            .is_err()
        {
            return false;
        }
        let counted = match self.profile.grouping.per_block() {
            true => list,
            false => blocks.type_of(block.start()),
        };
        self.account(counted, -(block.frames() as i64), cpu, observer);
        self.buddy.unlink(block, list, observer);
        if block.order().get() + 1 >= blocks.order().get() {
            self.make_movable(block, cpu, blocks, observer);
        }
        true
    }

    /// Pageblocks a large part of which is taken are for movable things from now on.
    fn make_movable(
        &mut self,
        block: Block,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mut start = block.start();
        while start < block.range().end() {
            let mt = blocks.type_of(start);
            if mt.is_ordinary() && mt != MigrateType::Movable {
                match self.profile.merge.retypes() {
                    true => {
                        self.move_pageblock(start, MigrateType::Movable, cpu, blocks, observer);
                    }
                    false => blocks.retype(blocks.block_of(start), MigrateType::Movable, observer),
                }
            }
            start = start.offset(blocks.order().frames());
        }
    }

    /// A pageblock has nothing free any more: it is passed over from now on.
    fn nothing_free(&mut self, pageblock: Block, below: Pfn, observer: &mut impl Observer) {
        if !self.profile.compaction.remembers() {
            return;
        }
        self.skip(pageblock.start(), observer);
        if self
            .compaction
            .as_ref()
            .is_some_and(|known| below < known.free)
        {
            self.set_scanner(Scanner::Free, below, observer);
        }
    }

    /// Frees what was taken and not used, smaller blocks first; from there on free frames are looked
    /// for the next time.
    pub(super) fn release_targets(
        &mut self,
        run: &mut Run,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mut highest = None;
        for order in Order::all() {
            while let Some(block) = run.targets.lists[order.index()].pop_front() {
                highest = highest.max(Some(block.start()));
                self.free(block, End::Head, run.cpu, blocks, observer);
            }
        }
        let Some(highest) = highest.filter(|_| self.profile.compaction.remembers()) else {
            return;
        };
        let at = highest.align_down(blocks.order());
        if self
            .compaction
            .as_ref()
            .is_some_and(|known| known.free < at)
        {
            self.set_scanner(Scanner::Free, at, observer);
        }
    }
}
