//! One run over a zone (`compact_zone`).

use alloc::vec::Vec;

use pfnlab_model::{
    Block, CompactResult, CompactionEvent, CompactionState, CpuId, End, Event, MemoryEvent,
    MigrateType, Observer, Order, Pfn, Scanner, Tenants,
};

use super::targets::Targets;
use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::frames::State;
use crate::pageblock::Pageblocks;
use crate::zone::Zone;

/// How long it may take (`enum migrate_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It may not wait: it looks for free frames here and there, and leaves what will not do.
    Async,
    /// It may.
    Sync,
}

/// What a run is for, and how far it got (`struct compact_control`).
#[derive(Debug)]
pub(crate) struct Run {
    /// Until a block of this order can be had; `None`: to the end.
    pub(crate) order: Option<Order>,
    pub(crate) mode: Mode,
    /// For whom that block is, and how far down he may go.
    pub(crate) mt: MigrateType,
    pub(crate) flags: AllocFlags,
    pub(crate) highest: usize,
    pub(crate) cpu: CpuId,
    /// Somebody waits for it.
    pub(crate) direct: bool,
    /// From the ends of the zone on.
    pub(crate) whole: bool,
    /// Pageblocks are not passed over.
    pub(crate) heedless: bool,
    /// Anything is moved to any pageblock.
    pub(crate) anywhere: bool,
    /// Until the zone's score is not above this.
    pub(crate) score: Option<u64>,
    /// Where it looks next for what can be moved, and for free frames.
    pub(super) migrate: Pfn,
    pub(super) free: Pfn,
    /// What is to be moved; the last one is moved first.
    pub(super) sources: Vec<Block>,
    /// Where to.
    pub(super) targets: Targets,
    /// All of the pageblock is looked through.
    pub(super) finishing: bool,
    pub(super) moved: u32,
    /// How often it looked for what can be moved, and for free frames.
    pub(super) looked: [u64; 2],
}

impl Run {
    /// One for a block of `order`, or of everything.
    pub(crate) fn new(order: Option<Order>, mode: Mode, cpu: CpuId) -> Run {
        Run {
            order,
            mode,
            mt: MigrateType::Unmovable,
            flags: AllocFlags::MIN,
            highest: 0,
            cpu,
            direct: false,
            whole: false,
            heedless: false,
            anywhere: false,
            score: None,
            migrate: Pfn::default(),
            free: Pfn::default(),
            sources: Vec::new(),
            targets: Targets::default(),
            finishing: false,
            moved: 0,
            looked: [0; 2],
        }
    }
}

impl Mm {
    /// Moves what is in use in a zone toward its end, until `run` has what it is for.
    pub(super) fn compact_zone(
        &mut self,
        zone: usize,
        run: &mut Run,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> CompactResult {
        let result = self.zones[zone].compact(run, &mut self.blocks, tenants, observer);
        tenants.settle(self, observer);
        result
    }
}

impl Zone {
    /// Moves what is in use toward the end of the zone, until `run` has what it is for.
    fn compact(
        &mut self,
        run: &mut Run,
        blocks: &mut Pageblocks,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> CompactResult {
        let pageblock = blocks.order();
        self.known(pageblock, observer);
        let mut result = self.worth_compacting(run);
        if result == CompactResult::Continue {
            self.begin(run, pageblock, observer);
            result = self.compact_on(run, blocks, tenants, observer);
            self.release_targets(run, blocks, observer);
            if self.has_captured() {
                result = CompactResult::Success;
            }
        }
        observer.event(Event::Compaction(CompactionEvent::Ended {
            zone: self.id,
            result,
            moved: run.moved,
            looked: run.looked,
        }));
        result
    }

    /// Begins where it was left off, or at the ends.
    fn begin(&mut self, run: &mut Run, pageblock: Order, observer: &mut impl Observer) {
        let anew = |order| {
            let known = self.compaction.as_ref();
            known.is_some_and(|known| known.deferral.is_starting_anew(order))
        };
        if run.order.is_some_and(anew) {
            self.forget_skips(pageblock, observer);
        }
        let ends = CompactionState::at_first(self.id, self.span, pageblock);
        (run.migrate, run.free) = (ends.migrate[0], ends.free);
        if !run.whole && self.profile.compaction.remembers() {
            let position = self.position(run);
            let known = self.known(pageblock, observer);
            let (migrate, free) = (known.migrate[position], known.free);
            if self.span.contains(migrate) {
                run.migrate = migrate;
            }
            if self.span.contains(free) {
                run.free = free.align_down(pageblock);
            }
        }
        run.whole |= run.migrate == ends.migrate[0];
        observer.event(Event::Compaction(CompactionEvent::Started {
            zone: self.id,
            order: run.order,
            migrate: run.migrate,
            free: run.free,
        }));
    }

    /// Which of the remembered positions is the run's.
    fn position(&self, run: &Run) -> usize {
        let own = run.mode == Mode::Async && self.profile.compaction.has_async_position();
        usize::from(!own)
    }

    fn compact_on(
        &mut self,
        run: &mut Run,
        blocks: &mut Pageblocks,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> CompactResult {
        let pageblock = blocks.order();
        let rule = self.profile.compaction;
        let both = self.compaction.as_ref();
        let both = run.mode == Mode::Async
            && rule.has_async_position()
            && both.is_some_and(|known| known.migrate[0] == known.migrate[1]);
        let mut last: Option<Pfn> = None;
        loop {
            match self.compacted(run, blocks, observer) {
                CompactResult::Continue => {}
                over => return over,
            }
            let begun = last.map(|last| last.align_down(pageblock));
            run.finishing =
                rule.finishes_pageblocks() && begun == Some(run.migrate.align_down(pageblock));
            if self.isolate_sources(run, blocks, tenants, observer) {
                let behind = Pfn::new(run.migrate.get() - 1).align_down(pageblock);
                last = Some(behind.max(self.span.start()));
                if !self.move_sources(run, blocks, tenants, observer) && !run.has_met(pageblock) {
                    return CompactResult::Contended;
                }
                if self.has_captured() {
                    return CompactResult::Success;
                }
            } else if both && let Some(known) = &self.compaction {
                // Who may wait need not look again at what nobody can use.
                let at = known.migrate[0];
                self.set_scanner(Scanner::MigrateSync, at, observer);
            }
            // What was moved from is free, but on the CPU's list: there it does not merge.
            if let (Some(order), Some(from)) = (run.order, last)
                && from < run.migrate.align_down(order)
            {
                self.drain(run.cpu, run.cpu, blocks, observer);
                last = None;
                if self.has_captured() {
                    return CompactResult::Success;
                }
            }
        }
    }

    /// Moves what was found, the last first. `false`: there was nowhere to move some of it to.
    fn move_sources(
        &mut self,
        run: &mut Run,
        blocks: &mut Pageblocks,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> bool {
        let mut sources = core::mem::take(&mut run.sources);
        let mut needed: u64 = sources.iter().map(|block| block.frames()).sum();
        // Where blocks are moved, all places are found before the first one is freed.
        let together = self.profile.compaction.moves_blocks();
        let mut moves = Vec::new();
        let mut complete = true;
        while let Some(from) = sources.pop() {
            let Some(to) = self.target(from.order(), needed, run, blocks, observer) else {
                complete = false;
                break;
            };
            if together {
                needed -= from.frames();
                moves.push((from, to));
            } else {
                self.move_lent(from, to, run, blocks, tenants, observer);
            }
        }
        for (from, to) in moves {
            self.move_lent(from, to, run, blocks, tenants, observer);
        }
        complete
    }

    /// What is in one block is in another one from now on, and the first one is free.
    fn move_lent(
        &mut self,
        from: Block,
        to: Block,
        run: &mut Run,
        blocks: &mut Pageblocks,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) {
        self.buddy.frames.set(to, State::Lent);
        self.lent(to, observer);
        tenants.moved(from, to, run.cpu, observer);
        observer.event(Event::Memory(MemoryEvent::Migrated { from, to }));
        let taken = self.take_back(from, observer);
        taken.expect("it was handed out: its record says so");
        self.free(from, End::Head, run.cpu, blocks, observer);
        run.moved += 1;
    }
}

impl Run {
    /// Whether the two positions have met in one pageblock, or passed each other.
    pub(super) fn has_met(&self, pageblock: Order) -> bool {
        self.free.align_down(pageblock) <= self.migrate.align_down(pageblock)
    }
}
