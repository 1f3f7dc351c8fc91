//! Taking a block from a zone: per-CPU lists, then the buddy, then other types' blocks.

use pfnlab_model::{Block, CpuId, End, Event, MigrateType, Observer, Order, ZoneFlags, ZoneStat};

use crate::alloc_flags::AllocFlags;
use crate::fallback::Fallback;
use crate::frames::State;
use crate::pageblock::Pageblocks;
use crate::zone::Zone;

/// What is wanted from a zone.
#[derive(Clone, Copy)]
pub(crate) struct Want {
    pub(crate) order: Order,
    pub(crate) mt: MigrateType,
    pub(crate) flags: AllocFlags,
    pub(crate) cpu: CpuId,
    /// A frame that is cold in the CPU cache will do.
    pub(crate) cold: bool,
}

/// A block that was taken, and the type of the list it was on.
pub(crate) type Taken = (Block, MigrateType);

/// Where the last block of a refill came from: the next one is looked for there first (6.12.y).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Normal,
    Cma,
    Steal,
}

impl Zone {
    /// Takes a block (`rmqueue`). Its record says already that it is lent; nobody was told.
    #[inline]
    pub(crate) fn take(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let pcp = &mut self.pcps[want.cpu.index()];
        let Some(list) = pcp.list_for(want.order, want.mt) else {
            return self.take_from_buddy(want, blocks, observer);
        };
        if !pcp.is_direct() {
            return self.take_indirect(list, want, blocks, observer);
        }
        pcp.on_alloc(observer);
        match pcp.lend(
            &mut self.buddy.frames,
            list,
            want.order,
            End::Head,
            observer,
        ) {
            Some(block) => Some(block),
            None => self.take_uncached(list, want, blocks, observer),
        }
    }

    /// Takes a block of a size that is cached by a kernel that has more to ask first. Up to 5.0:
    /// is the request content with a cold frame, and what a refill does not bring is not there. On
    /// 6.1 with contiguous memory areas: the movable list may hold their frames, so who is not
    /// entitled to them does not look there.
    #[inline(never)]
    fn take_indirect(
        &mut self,
        list: u8,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let policy = self.profile.pcp;
        if policy.is_single() {
            let end = if want.cold && policy.knows_cold() {
                End::Tail
            } else {
                End::Head
            };
            return self.pop_or_refill((list, end), want, blocks, observer);
        }
        if want.mt == MigrateType::Movable && !want.flags.any(AllocFlags::CMA) {
            return self.take_from_buddy(want, blocks, observer);
        }
        self.pcps[want.cpu.index()].on_alloc(observer);
        self.pop_or_refill((list, End::Head), want, blocks, observer)
            .or_else(|| self.take_from_buddy(want, blocks, observer))
    }

    /// Takes a block of a size that is cached, when none is in the cache.
    #[inline(never)]
    fn take_uncached(
        &mut self,
        list: u8,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        self.lend_after_refill((list, End::Head), want, blocks, observer)
            .or_else(|| self.take_from_buddy(want, blocks, observer))
    }

    /// Tests and clears the boost flag; `true`: the background reclaimer is to be woken.
    #[inline]
    pub(crate) fn clear_boosted(
        &mut self,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> bool {
        let boosted = self.flags.contains(ZoneFlags::BOOSTED)
            && self
                .profile
                .boost_flag
                .applies(flags.any(AllocFlags::KSWAPD));
        if boosted {
            self.set_flags(self.flags.without(ZoneFlags::BOOSTED), observer);
        }
        boosted
    }

    /// Takes the block at an end of a per-CPU list, refilled if it is empty
    /// (`__rmqueue_pcplist`).
    #[inline]
    pub(crate) fn pop_or_refill(
        &mut self,
        (list, end): (u8, End),
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        self.pcps[want.cpu.index()]
            .lend(&mut self.buddy.frames, list, want.order, end, observer)
            .or_else(|| self.lend_after_refill((list, end), want, blocks, observer))
    }

    fn lend_after_refill(
        &mut self,
        (list, end): (u8, End),
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        self.refill((list, end), want, blocks, observer);
        self.pcps[want.cpu.index()].lend(&mut self.buddy.frames, list, want.order, end, observer)
    }

    /// Fetches blocks for a per-CPU list, so that they leave it at `end` in the order they come
    /// (`rmqueue_bulk`).
    fn refill(
        &mut self,
        (list, end): (u8, End),
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let cpu = want.cpu;
        let wanted = self.pcps[cpu.index()].refill(want.order, self.flags, observer);
        let behind = match end {
            End::Head => End::Tail,
            End::Tail => End::Head,
        };
        let mut mode = Mode::Normal;
        let mut fetched = 0;
        while fetched < wanted
            && let Some((block, from)) = self.take_for_type(want, &mut mode, blocks, observer)
        {
            let pcp = &mut self.pcps[cpu.index()];
            pcp.push(&mut self.buddy.frames, list, block, from, behind, observer);
            if from == MigrateType::Cma && !self.profile.grouping.per_block() {
                self.count(ZoneStat::FreeCma, -(block.frames() as i64), cpu, observer);
            }
            fetched += 1;
        }
        if !self.profile.grouping.per_block() {
            let frames = i64::from(fetched) << want.order.get();
            self.count(ZoneStat::FreePages, -frames, cpu, observer);
        }
        let zone = self.id;
        observer.event(Event::PcpRefilled {
            zone,
            cpu,
            list,
            blocks: fetched,
        });
    }

    /// Takes a block past the per-CPU lists (`rmqueue_buddy`).
    #[inline(never)]
    fn take_from_buddy(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let (block, from) = if want.flags.any(AllocFlags::RESERVES) {
            self.take_with_reserve(want, blocks, observer)?
        } else {
            self.take_for_type(want, &mut Mode::Normal, blocks, observer)?
        };
        if !self.profile.grouping.per_block() {
            self.account(from, -(block.frames() as i64), want.cpu, observer);
        }
        self.buddy.frames.set(block, State::Lent);
        Some(block)
    }

    /// Takes a block for a request that pageblocks kept for high orders may be open to: before all
    /// others, or as a last resort.
    #[inline(never)]
    fn take_with_reserve(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Taken> {
        let highatomic = want.flags.any(AllocFlags::HIGHATOMIC);
        let last_resort =
            want.flags.any(AllocFlags::NON_BLOCK) && self.profile.reserves.has_last_resort();
        let reserve = Want {
            mt: MigrateType::HighAtomic,
            ..want
        };
        let kept = |zone: &mut Zone, observer: &mut _| {
            let block = zone.smallest(reserve, observer)?;
            Some((block, MigrateType::HighAtomic))
        };
        highatomic
            .then(|| kept(self, observer))
            .flatten()
            .or_else(|| self.take_for_type(want, &mut Mode::Normal, blocks, observer))
            .or_else(|| last_resort.then(|| kept(self, observer)).flatten())
    }

    /// Takes the smallest sufficient block of the wanted type (`__rmqueue_smallest`).
    #[inline]
    pub(crate) fn smallest(&mut self, want: Want, observer: &mut impl Observer) -> Option<Block> {
        if self.buddy.keeps_guards() {
            return self.smallest_guarded(want, observer);
        }
        let block = self.buddy.smallest(want.order, want.mt, observer)?;
        if self.profile.grouping.per_block() {
            self.account(want.mt, -(block.frames() as i64), want.cpu, observer);
        }
        Some(block)
    }

    /// Takes a block of the wanted type, or one of a contiguous memory area, or robs another type
    /// (`__rmqueue`).
    #[inline]
    fn take_for_type(
        &mut self,
        want: Want,
        mode: &mut Mode,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Taken> {
        // Nearly always it is as simple as this.
        if !self.has_cma
            && *mode == Mode::Normal
            && let Some(block) = self.smallest(want, observer)
        {
            return Some((block, want.mt));
        }
        self.take_for_type_or_rob(want, mode, blocks, observer)
    }

    #[inline(never)]
    fn take_for_type_or_rob(
        &mut self,
        want: Want,
        mode: &mut Mode,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Taken> {
        if self.has_cma
            && let Some(block) = self.cma_first(want, observer)
        {
            return Some((block, MigrateType::Cma));
        }
        if self.profile.fallback.plan() == Fallback::ClaimThenSteal {
            return self.claim_or_steal(want, mode, blocks, observer);
        }
        if let Some(block) = self.smallest(want, observer) {
            return Some((block, want.mt));
        }
        if self.has_cma
            && let Some(block) = self.cma_next(want, observer)
        {
            return Some((block, MigrateType::Cma));
        }
        let robbed = match self.profile.fallback.plan() {
            Fallback::Largest(rest) => return self.take_largest(rest, want, blocks, observer),
            Fallback::Join => self.rob(want, blocks, observer),
            _ => self.rob_one(want, blocks, observer),
        };
        robbed.map(|block| (block, want.mt))
    }

    /// The own lists, then contiguous areas, then claiming, then stealing. A refill goes on where
    /// it last found something, but claiming leads back to the own lists (6.12.y).
    #[inline]
    fn claim_or_steal(
        &mut self,
        want: Want,
        mode: &mut Mode,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Taken> {
        if *mode == Mode::Normal
            && let Some(block) = self.smallest(want, observer)
        {
            return Some((block, want.mt));
        }
        if *mode != Mode::Steal {
            if self.has_cma
                && let Some(block) = self.cma_next(want, observer)
            {
                *mode = Mode::Cma;
                return Some((block, MigrateType::Cma));
            }
            if let Some(block) = self.claim(want, blocks, observer) {
                *mode = Mode::Normal;
                return Some((block, want.mt));
            }
        }
        if want.flags.any(AllocFlags::NOFRAGMENT) {
            return None;
        }
        let block = self.steal(want, blocks, observer)?;
        *mode = Mode::Steal;
        Some((block, want.mt))
    }
}
