//! A zone: the one place where decisions become changes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pfnlab_model::{
    Block, CpuId, End, Event, FreeError, Gfp, MemoryEvent, MigrateType, Observer, Order, PfnRange,
    Watermarks, ZoneFlags, ZoneId, ZoneKind, ZoneStat,
};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::buddy::Buddy;
use crate::compaction::{Capture, Known};
use crate::frames::{Frames, State};
use crate::pcp::Pcp;
use crate::profile::{Policy, Told, told};
use crate::watermark::Ask;
use crate::{Config, Profile};

/// What a zone is measured by: its watermarks, its reserves and its per-CPU lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeBase {
    /// The frames that exist, the memory map left out (up to 3.8).
    Present,
    /// The frames that were given to the allocator (since 3.9).
    Managed,
}

impl Policy for SizeBase {
    const DECIDES: &'static str = "what zones are measured by";

    fn told(self) -> Told {
        match self {
            SizeBase::Present => told("the frames that exist", "present_pages"),
            SizeBase::Managed => told(
                "the frames that were given to the allocator",
                "managed_pages (3.9)",
            ),
        }
    }
}

/// Whether isolated frames count as free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsolatedFrames {
    /// They do (2.6.37).
    Counted,
    /// They do not (since 3.7).
    Left,
}

impl Policy for IsolatedFrames {
    const DECIDES: &'static str = "whether isolated frames count as free";

    fn told(self) -> Told {
        match self {
            IsolatedFrames::Counted => told("they do", "NR_FREE_PAGES"),
            IsolatedFrames::Left => {
                told("they do not", "NR_FREE_PAGES, ~__mod_zone_freepage_state")
            }
        }
    }
}

/// The kinds of zone there can be, to size tables with.
pub(crate) const MAX_ZONES: usize = 6;

/// One zone (`struct zone`). Sizes are frames.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) id: ZoneId,
    pub(crate) profile: &'static Profile,
    pub(crate) span: PfnRange,
    /// Where its frames are, ascending.
    pub(crate) memory: Vec<PfnRange>,
    /// Memory of other zones between its first and last top-order block.
    pub(crate) foreign: Vec<PfnRange>,
    pub(crate) present: u64,
    /// Frames that existed at boot; kept for the `auto-movable` policy.
    pub(crate) present_early: u64,
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
    /// Below the drift mark, requests are tested with the differences of all CPUs: the background
    /// reclaimer is awake (2.6.37).
    pub(crate) counts_exactly: bool,
    /// Pages reclaim has looked at since one was freed (up to 3.8).
    pub(crate) pages_scanned: u64,
    /// Reclaim gave up (up to 3.8).
    pub(crate) all_unreclaimable: bool,
    /// Frames that may not be filled with dirty pages (3.8).
    pub(crate) dirty_balance_reserve: u64,
    pub(crate) boost_factor: u64,
    /// The kernel can set memory aside for contiguous areas.
    pub(crate) has_cma: bool,
    /// The index of the movable kind: the highest a request can name.
    pub(crate) movable_index: usize,
    pub(crate) pageset: Pageset,
    pub(crate) vm_stat: [i64; ZoneStat::COUNT],
    pub(crate) buddy: Buddy,
    /// By CPU.
    pub(crate) pcps: Vec<Pcp>,
    /// What compaction remembers, once it looked at the zone.
    pub(crate) compaction: Option<Box<Known>>,
    /// Somebody compacts it for a block, and takes it when it has grown.
    pub(crate) capture: Option<Capture>,
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
        let pcp = |cpu: usize| Pcp::new(id, CpuId(cpu as u16), profile, config);
        Zone {
            id,
            profile,
            span,
            memory: Vec::new(),
            foreign: Vec::new(),
            present: 0,
            present_early: 0,
            managed: 0,
            watermarks: Watermarks::default(),
            boost: 0,
            flags: ZoneFlags::NONE,
            lowmem_reserve: [0; MAX_ZONES],
            highatomic_reserved: 0,
            highatomic_free: 0,
            isolated_pageblocks: 0,
            percpu_drift_mark: 0,
            counts_exactly: false,
            pages_scanned: 0,
            all_unreclaimable: false,
            dirty_balance_reserve: 0,
            boost_factor: 0,
            has_cma: config.cma,
            movable_index: config
                .zone_index(ZoneKind::Movable)
                .unwrap_or(MAX_ZONES - 1),
            pageset: Pageset::default(),
            vm_stat: [0; ZoneStat::COUNT],
            buddy: Buddy::new(id, frames, config.top_order),
            pcps: (0..cpus).map(pcp).collect(),
            compaction: None,
            capture: None,
        }
    }

    /// Whether it has memory (`populated_zone`).
    #[inline]
    pub(crate) fn is_populated(&self) -> bool {
        self.present > 0
    }

    /// How large it is for all that is measured by its size.
    #[inline]
    pub(crate) fn size(&self) -> u64 {
        match self.profile.size_base {
            SizeBase::Present => self.present,
            SizeBase::Managed => self.managed,
        }
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
        if mt == MigrateType::Isolate && self.profile.isolated == IsolatedFrames::Left {
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

    /// A page came back: reclaim may hope again (up to 3.8; later generations note neither).
    #[inline]
    pub(crate) fn encourage_reclaim(&mut self, observer: &mut impl Observer) {
        if self.all_unreclaimable || self.pages_scanned != 0 {
            self.all_unreclaimable = false;
            self.pages_scanned = 0;
            observer.event(Event::ReclaimEncouraged { zone: self.id });
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
    pub(crate) fn leave_below_high(&mut self, observer: &mut impl Observer) {
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

    /// So many frames of `mt` are isolated now, or, negative, no more: where each move of a block
    /// is a step that was counted already (`set_migratetype_isolate`, up to 6.1).
    pub(crate) fn account_isolated(
        &mut self,
        mt: MigrateType,
        frames: i64,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        let counted = self.profile.isolated == IsolatedFrames::Left;
        if counted && !self.profile.grouping.per_block() {
            self.account(mt, -frames, cpu, observer);
        }
    }

    /// Spans other frames, which hold all of its memory: its records move to a table of that
    /// size, and every block stays where it is on its list.
    pub(crate) fn respan(&mut self, span: PfnRange, observer: &mut impl Observer) {
        let top = self.buddy.top_order();
        let mut buddy = Buddy::new(self.id, Frames::new(span, top), top);
        buddy.guard_below(self.buddy.guards_below());
        for order in Order::ZERO.through(top) {
            for mt in MigrateType::ALL {
                let list = self.buddy.list(order, mt);
                let blocks = list.iter(&self.buddy.frames, order);
                blocks.for_each(|(block, _)| buddy.link(block, mt, End::Tail, &mut ()));
            }
        }
        for &run in &self.memory {
            let blocks = self.buddy.frames.blocks(run);
            let kept = blocks.filter(|(_, state)| matches!(state, State::Lent | State::Guard));
            kept.for_each(|(block, state)| buddy.frames.set(block, state));
        }
        for pcp in &mut self.pcps {
            pcp.move_records(&self.buddy.frames, &mut buddy.frames);
        }
        self.buddy = buddy;
        self.span = span;
        let zone = self.id;
        observer.event(Event::Memory(MemoryEvent::SpanSet { zone, span }));
    }

    // ---- lending ---------------------------------------------------------------------------

    /// Tells of a block that was taken and is handed out now.
    #[inline]
    pub(crate) fn lent(&self, block: Block, observer: &mut impl Observer) {
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
        if !self.buddy.frames.take_lent(block) {
            return Err(FreeError::NotLent(block));
        }
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
        if !self.buddy.frames.take_lent(block) {
            return Err(FreeError::NotLent(block));
        }
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
}
