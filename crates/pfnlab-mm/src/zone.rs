//! A zone: the one place where decisions become changes.

use alloc::vec::Vec;

use pfnlab_model::{
    Block, CpuId, End, Event, FreeError, Gfp, MigrateType, Observer, Order, Pfn, PfnRange,
    Watermarks, ZoneFlags, ZoneId, ZoneKind, ZoneStat,
};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::buddy::Buddy;
use crate::frames::{Frames, State};
use crate::pageblock::Pageblocks;
use crate::pcp::Pcp;
use crate::watermark::Ask;
use crate::{Config, Profile};

/// Which type's list a page goes to when its per-CPU list is drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DrainType {
    /// The one noted on it when it was put there, even if its pageblock has changed hands (6.1).
    Noted,
    /// The one its pageblock has now (6.12).
    Pageblock,
}

/// Which requests clear a zone's boost flag, and so wake the background reclaimer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoostFlagRule {
    /// Any (6.1).
    AnyRequest,
    /// Those that may wake it (6.12).
    KswapdRequests,
}

impl BoostFlagRule {
    pub(crate) fn applies(self, may_wake: bool) -> bool {
        match self {
            BoostFlagRule::AnyRequest => true,
            BoostFlagRule::KswapdRequests => may_wake,
        }
    }
}

/// Where a freed block goes when it is not merged further.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// To the tail if two merges are near, else to the head.
    ByMergeLikely,
    /// To the tail (`FPI_TO_TAIL`): what should be taken last.
    Tail,
}

/// The kinds of zone there can be, to size tables with.
pub(crate) const MAX_ZONES: usize = 6;

/// One zone (`struct zone`). Sizes are frames.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) id: ZoneId,
    pub(crate) profile: &'static Profile,
    pub(crate) span: PfnRange,
    /// Where its frames are, ascending.
    pub(crate) memory: Vec<PfnRange>,
    /// Memory of other zones between its first and last top-order block.
    pub(crate) foreign: Vec<PfnRange>,
    pub(crate) present: u64,
    pub(crate) managed: u64,
    pub(crate) watermarks: Watermarks,
    pub(crate) boost: u64,
    pub(crate) flags: ZoneFlags,
    /// By zone index: withheld from requests that could go as high.
    pub(crate) lowmem_reserve: [u64; MAX_ZONES],
    pub(crate) highatomic_reserved: u64,
    pub(crate) highatomic_free: u64,
    pub(crate) isolated_pageblocks: u64,
    pub(crate) percpu_drift_mark: u64,
    pub(crate) boost_factor: u64,
    /// The index of the movable kind: the highest a request can name.
    pub(crate) movable_index: usize,
    pub(crate) pageset: Pageset,
    pub(crate) vm_stat: [i64; ZoneStat::COUNT],
    pub(crate) buddy: Buddy,
    /// By CPU.
    pub(crate) pcps: Vec<Pcp>,
}

/// The limits every per-CPU list of a zone gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pageset {
    pub(crate) high_min: u32,
    pub(crate) high_max: u32,
    pub(crate) batch: u32,
}

impl Zone {
    /// A zone with nothing free, before any limit is computed.
    pub(crate) fn new(
        id: ZoneId,
        span: PfnRange,
        profile: &'static Profile,
        config: &Config,
        cpus: usize,
    ) -> Zone {
        let frames = Frames::new(span, config.top_order);
        // A zone without memory has no lists.
        let cpus = if span.is_empty() { 0 } else { cpus };
        let pcp = |cpu: usize| Pcp::new(id, CpuId(cpu as u16), profile.pcp, config);
        Zone {
            id,
            profile,
            span,
            memory: Vec::new(),
            foreign: Vec::new(),
            present: 0,
            managed: 0,
            watermarks: Watermarks::default(),
            boost: 0,
            flags: ZoneFlags::NONE,
            lowmem_reserve: [0; MAX_ZONES],
            highatomic_reserved: 0,
            highatomic_free: 0,
            isolated_pageblocks: 0,
            percpu_drift_mark: 0,
            boost_factor: 0,
            movable_index: config
                .zone_index(ZoneKind::Movable)
                .unwrap_or(MAX_ZONES - 1),
            pageset: Pageset::default(),
            vm_stat: [0; ZoneStat::COUNT],
            buddy: Buddy::new(id, frames, config.top_order),
            pcps: (0..cpus).map(pcp).collect(),
        }
    }

    /// Whether it has memory (`populated_zone`).
    pub(crate) fn is_populated(&self) -> bool {
        self.present > 0
    }

    /// Free frames of `mt` changed by `delta` (`account_freepages`).
    #[inline]
    pub(crate) fn account(
        &mut self,
        mt: MigrateType,
        delta: i64,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        if mt == MigrateType::Isolate {
            return;
        }
        self.count(ZoneStat::FreePages, delta, cpu, observer);
        match mt {
            MigrateType::Cma => self.count(ZoneStat::FreeCma, delta, cpu, observer),
            MigrateType::HighAtomic if self.profile.highatomic_share.is_counted() => {
                self.highatomic_free = self.highatomic_free.wrapping_add_signed(delta);
                let frames = self.highatomic_free;
                observer.event(Event::HighAtomicFree {
                    zone: self.id,
                    frames,
                });
            }
            _ => {}
        }
    }

    /// Changes the flags.
    #[inline]
    pub(crate) fn set_flags(&mut self, flags: ZoneFlags, observer: &mut impl Observer) {
        if self.flags != flags {
            self.flags = flags;
            observer.event(Event::FlagsSet {
                zone: self.id,
                flags,
            });
        }
    }

    /// Changes the boost.
    pub(crate) fn set_boost(&mut self, frames: u64, observer: &mut impl Observer) {
        if self.boost != frames {
            self.boost = frames;
            observer.event(Event::BoostSet {
                zone: self.id,
                frames,
            });
        }
    }

    /// Free memory is back above the high watermark: notes it (6.12).
    fn leave_below_high(&mut self, observer: &mut impl Observer) {
        if !self.flags.contains(ZoneFlags::BELOW_HIGH) {
            return;
        }
        let ask = Ask {
            order: Order::ZERO,
            gfp: Gfp::NONE,
            flags: AllocFlags::MIN,
            highest: self.movable_index,
        };
        if self.watermark(self.mark(Mark::High), ask).is_ok() {
            self.set_flags(self.flags.without(ZoneFlags::BELOW_HIGH), observer);
        }
    }

    // ---- lending ---------------------------------------------------------------------------

    /// Hands a block out.
    #[inline]
    pub(crate) fn lend(&mut self, block: Block, observer: &mut impl Observer) {
        self.buddy.frames.set(block, State::Lent);
        observer.event(Event::Lent {
            zone: self.id,
            block,
        });
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// When it was not handed out, or not in this size.
    #[inline]
    pub(crate) fn take_back(
        &mut self,
        block: Block,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        if self.buddy.frames.state(block) != State::Lent {
            return Err(FreeError::NotLent(block));
        }
        self.buddy.frames.set(block, State::None);
        observer.event(Event::Returned {
            zone: self.id,
            block,
        });
        Ok(())
    }

    /// Makes single frames of a block that was handed out (`split_page`).
    ///
    /// # Errors
    /// When it was not handed out, or not in this size.
    pub(crate) fn split_lent(
        &mut self,
        block: Block,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        if self.buddy.frames.state(block) != State::Lent {
            return Err(FreeError::NotLent(block));
        }
        self.buddy.frames.set(block, State::None);
        for frame in 0..block.frames() {
            self.buddy
                .frames
                .set(Block::page(block.start().offset(frame)), State::Lent);
        }
        observer.event(Event::LentSplit {
            zone: self.id,
            block,
        });
        Ok(())
    }

    // ---- freeing ---------------------------------------------------------------------------

    /// Frees a block that has been taken back: to the CPU's lists if such blocks are cached, else
    /// to the buddy (`free_unref_page`, `__free_pages_ok`).
    #[inline]
    pub(crate) fn free(
        &mut self,
        block: Block,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mt = blocks.type_of(block.start());
        // Kept or contiguous memory is cached with the movable pages, isolated memory not at all.
        let list_type = if mt.is_ordinary() {
            mt
        } else {
            MigrateType::Movable
        };
        match self.pcps[cpu.index()].list_for(block.order(), list_type) {
            Some(list) if mt != MigrateType::Isolate => {
                self.free_to_pcp(block, list, mt, cpu, blocks, observer);
            }
            _ => self.free_to_buddy(block, Placement::ByMergeLikely, cpu, blocks, observer),
        }
    }

    #[inline]
    fn free_to_pcp(
        &mut self,
        block: Block,
        list: u8,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let pcp = &mut self.pcps[cpu.index()];
        pcp.calm_refill(observer);
        pcp.push(&mut self.buddy.frames, list, block, mt, End::Head, observer);
        if let Some(frames) = pcp.on_free(block.order(), self.flags, observer) {
            self.drain_from(list, frames, cpu, cpu, blocks, observer);
            self.leave_below_high(observer);
        }
    }

    /// Gives back up to `frames` frames of `owner`'s lists: the list at `list` from its tail, then
    /// the next, round about (`free_pcppages_bulk`). The counters are those of `cpu`.
    pub(crate) fn drain_from(
        &mut self,
        mut list: u8,
        frames: u32,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let before = self.pcps[owner.index()].count();
        let mut left = i64::from(frames.min(before));
        while left > 0 {
            let pcp = &mut self.pcps[owner.index()];
            list = pcp
                .next_filled(list)
                .expect("the lists hold as many frames as they count");
            while left > 0
                && let Some((block, noted)) =
                    self.pcps[owner.index()].pop(&mut self.buddy.frames, list, End::Tail, observer)
            {
                left -= block.frames() as i64;
                let mt = match self.profile.drain_type {
                    DrainType::Noted if self.isolated_pageblocks == 0 => noted,
                    _ => blocks.type_of(block.start()),
                };
                self.put(block, mt, Placement::ByMergeLikely, cpu, blocks, observer);
            }
            list = (list + 1) % crate::pcp::LISTS;
        }
        let frames = before - self.pcps[owner.index()].count();
        observer.event(Event::PcpDrained {
            zone: self.id,
            cpu: owner,
            frames,
        });
    }

    /// Empties the lists of `owner` (`drain_pages_zone`).
    pub(crate) fn drain(
        &mut self,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        loop {
            let pcp = &self.pcps[owner.index()];
            let frames = pcp.count().min(pcp.drain_step().max(1));
            if frames == 0 {
                return;
            }
            self.drain_from(0, frames, owner, cpu, blocks, observer);
        }
    }

    /// Frees a block past the per-CPU lists; a block of several pageblocks one by one, each with
    /// its own type (`free_one_page`, `split_large_buddy`).
    pub(crate) fn free_to_buddy(
        &mut self,
        block: Block,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mt = blocks.type_of(block.start());
        let pieces = PfnRange::sized(block.start(), block.frames());
        let mixed = || {
            let mut start = pieces.start();
            while start < pieces.end() {
                if blocks.type_of(start) != mt {
                    return true;
                }
                start = start.offset(blocks.order().frames());
            }
            false
        };
        // Pieces of one type would merge again at once.
        if block.order() <= blocks.order() || !self.profile.merge.retypes() || !mixed() {
            return self.put(block, mt, placement, cpu, blocks, observer);
        }
        for piece in 0..block.frames() >> blocks.order().get() {
            let start = block.start().offset(piece << blocks.order().get());
            let piece = blocks.block_of(start);
            self.put(
                piece,
                blocks.type_of(start),
                placement,
                cpu,
                blocks,
                observer,
            );
        }
    }

    /// Puts a free block on the list of `mt`, merged with its buddies as far as they are free
    /// (`__free_one_page`).
    pub(crate) fn put(
        &mut self,
        mut block: Block,
        mt: MigrateType,
        placement: Placement,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        self.account(mt, block.frames() as i64, cpu, observer);
        while let Some(buddy) = self.buddy.free_buddy(block) {
            if block.order() >= blocks.order() {
                let theirs = blocks.type_of(buddy.start());
                if theirs != mt && !(mt.is_ordinary() && theirs.is_ordinary()) {
                    break;
                }
                self.buddy.unlink(buddy, observer);
                if theirs != mt && self.profile.merge.retypes() {
                    blocks.retype(buddy, mt, observer);
                }
            } else {
                self.buddy.unlink(buddy, observer);
            }
            block = block
                .parent()
                .expect("blocks of the top order have no buddy");
            self.buddy.merged(block, observer);
        }
        let end = match placement {
            Placement::Tail => End::Tail,
            Placement::ByMergeLikely => self.end_for(block),
        };
        self.buddy.link(block, mt, end, observer);
    }

    /// The tail if `block` will probably soon merge twice. The block it would merge into must
    /// start in this zone: at a border its first frame may be a neighbour's.
    #[inline]
    fn end_for(&self, block: Block) -> End {
        match self.buddy.merge_likely(block) {
            Some(parent)
                if !self
                    .foreign
                    .iter()
                    .any(|range| range.contains(parent.start())) =>
            {
                End::Tail
            }
            _ => End::Head,
        }
    }

    // ---- moving between types --------------------------------------------------------------

    /// The pageblock around `start` if it lies in the zone entirely.
    pub(crate) fn whole_pageblock(&self, start: Pfn, blocks: &Pageblocks) -> Option<Block> {
        let block = blocks.block_of(start);
        self.span.covers(block.range()).then_some(block)
    }

    /// Frames of a range that are free, counted block by block (`prep_move_freepages_block`).
    pub(crate) fn count_free(&self, range: PfnRange) -> u64 {
        let blocks = self.buddy.frames.blocks(range);
        blocks
            .filter(|(_, state)| matches!(state, State::Free(_)))
            .map(|(block, _)| block.frames())
            .sum()
    }

    /// Moves the free blocks of a pageblock to the lists of `mt`, and the pageblock with them
    /// (`move_freepages_block`, 6.12). `false`: it reaches out of the zone, nothing happened.
    pub(crate) fn move_pageblock(
        &mut self,
        start: Pfn,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        let Some(pageblock) = self.whole_pageblock(start, blocks) else {
            return false;
        };
        self.move_range(pageblock.range(), mt, cpu, observer);
        blocks.retype(pageblock, mt, observer);
        true
    }

    /// Moves the free blocks of a pageblock to the lists of `mt`, but leaves its type
    /// (`move_freepages_block`, up to 6.1). A pageblock that begins before the zone is moved from
    /// `start` on, one that ends behind it not at all. How many frames were moved.
    pub(crate) fn move_free(
        &mut self,
        start: Pfn,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) -> u64 {
        let range = blocks.block_of(start).range();
        if range.end() > self.span.end() {
            return 0;
        }
        let from = if range.start() < self.span.start() {
            start
        } else {
            range.start()
        };
        let range = PfnRange::new(from, range.end()).expect("start lies in its pageblock");
        self.move_range(range, mt, cpu, observer)
    }

    fn move_range(
        &mut self,
        range: PfnRange,
        mt: MigrateType,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> u64 {
        let mut moved = 0;
        let mut at = range.start();
        while at < range.end() {
            let Some((block, state)) = self.buddy.frames.block_from(at) else {
                at = at.offset(1);
                continue;
            };
            at = block.range().end();
            if !matches!(state, State::Free(_)) {
                continue;
            }
            let frames = block.frames() as i64;
            let from = self.buddy.unlink(block, observer);
            self.buddy.link(block, mt, End::Tail, observer);
            if self.profile.grouping.per_block() {
                self.account(from, -frames, cpu, observer);
                self.account(mt, frames, cpu, observer);
            }
            moved += block.frames();
        }
        moved
    }
}
