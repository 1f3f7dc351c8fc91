//! What can be moved: the migrate scanner, upward (`isolate_migratepages`).

use pfnlab_model::{Block, MigrateType, Observer, Order, Pfn, PfnRange, Scanner, Tenants, runs};

use super::run::{Mode, Run};
use crate::frames::State;
use crate::pageblock::Pageblocks;
use crate::zone::Zone;

/// So many frames are moved at once (`COMPACT_CLUSTER_MAX`).
pub(super) const CLUSTER: u64 = 32;

impl Zone {
    /// Looks for what can be moved, in the next pageblock where that is likely. `false`: there is
    /// nothing.
    pub(super) fn isolate_sources(
        &mut self,
        run: &mut Run,
        blocks: &Pageblocks,
        tenants: &impl Tenants,
        observer: &mut impl Observer,
    ) -> bool {
        let mut at = run.migrate;
        loop {
            let pageblock = blocks.block_of(at);
            let end = pageblock.range().end();
            if run.free < end {
                break;
            }
            let begins = at == pageblock.start().max(self.span.start());
            let passed = begins && !run.heedless && self.skips(pageblock.start());
            if passed || !self.holds(pageblock) || !self.is_source(pageblock, run, blocks) {
                at = end;
                continue;
            }
            at = self.isolate_from(at, pageblock, run, tenants, observer);
            break;
        }
        run.migrate = at;
        !run.sources.is_empty()
    }

    /// Whether both ends of what a pageblock has in the zone are memory of the zone
    /// (`pageblock_pfn_to_page`).
    pub(super) fn holds(&self, pageblock: Block) -> bool {
        let there = pageblock.range().intersection(self.span);
        let has = |pfn: Pfn| runs::shared(&self.memory, PfnRange::sized(pfn, 1)) == 1;
        !there.is_empty() && has(there.start()) && has(Pfn::new(there.end().get() - 1))
    }

    /// Whether anything is moved out of a pageblock: not out of one that is one block, and if
    /// somebody waits who is in a hurry, only out of those of his own type.
    fn is_source(&self, pageblock: Block, run: &Run, blocks: &Pageblocks) -> bool {
        let start = pageblock.start().max(self.span.start());
        if let Some((block, State::Lent)) = self.buddy.frames.block_from(start)
            && block.order() >= pageblock.order()
        {
            return false;
        }
        if run.mode != Mode::Async || !run.direct {
            return true;
        }
        match (run.mt, blocks.type_of(start)) {
            (MigrateType::Movable, MigrateType::Movable | MigrateType::Cma) => true,
            (wanted, there) => wanted == there,
        }
    }

    /// Looks through a pageblock from `at` on; says how far.
    fn isolate_from(
        &mut self,
        mut at: Pfn,
        pageblock: Block,
        run: &mut Run,
        tenants: &impl Tenants,
        observer: &mut impl Observer,
    ) -> Pfn {
        let end = pageblock.range().end().min(self.span.end());
        // In a hurry, what keeps a block of the wanted size from getting free keeps all of it.
        let hurried = run.direct && run.mode == Mode::Async;
        let window = run.order.filter(|_| hurried);
        let mut window_end = window.map(|order| at.offset(1).align_up(order));
        let mut found = 0;
        while at < end {
            if let (Some(order), Some(behind)) = (window, window_end)
                && at >= behind
            {
                if !run.sources.is_empty() {
                    break;
                }
                window_end = Some(at.offset(1).align_up(order));
            }
            run.looked[0] += 1;
            match self.buddy.frames.block_from(at) {
                Some((block, State::Free(_))) => at = block.range().end(),
                Some((block, State::Lent)) if self.is_movable(block, pageblock, run, tenants) => {
                    run.sources.push(block);
                    found += block.frames();
                    at = block.range().end();
                    if found >= CLUSTER && !run.finishing {
                        break;
                    }
                }
                other => {
                    at = match other {
                        Some((block, State::Lent)) => block.range().end(),
                        _ => at.offset(1),
                    };
                    if let Some(behind) = window_end {
                        run.sources.clear();
                        at = at.max(behind);
                    }
                }
            }
        }
        let at = at.min(pageblock.range().end());
        if at >= end && run.sources.is_empty() {
            self.nothing_to_move(pageblock, run, observer);
        }
        match at >= end {
            true => pageblock.range().end(),
            false => at,
        }
    }

    /// Whether a block that was handed out can be moved: single frames, and where blocks are moved,
    /// those that are smaller than what is wanted.
    fn is_movable(
        &self,
        block: Block,
        pageblock: Block,
        run: &Run,
        tenants: &impl Tenants,
    ) -> bool {
        let small = block.order() == Order::ZERO
            || self.profile.compaction.moves_blocks()
                && run.order.is_none_or(|wanted| block.order() < wanted)
                && block.order() < pageblock.order();
        small && tenants.can_move(block)
    }

    /// A pageblock was looked through in vain: it is passed over from now on.
    fn nothing_to_move(&mut self, pageblock: Block, run: &Run, observer: &mut impl Observer) {
        let rule = self.profile.compaction;
        if !rule.remembers() {
            return;
        }
        self.skip(pageblock.start(), observer);
        let at = pageblock.range().end();
        let Some(known) = &self.compaction else {
            return;
        };
        let [quick, patient] = known.migrate;
        if quick < at {
            self.set_scanner(Scanner::MigrateAsync, at, observer);
        }
        if patient < at && (run.mode != Mode::Async || !rule.has_async_position()) {
            self.set_scanner(Scanner::MigrateSync, at, observer);
        }
    }
}
