//! Taking a block from a zone: per-CPU lists, then the buddy, then other types' blocks.

use pfnlab_model::{Block, CpuId, End, Event, MigrateType, Observer, Order, ZoneFlags};

use crate::alloc_flags::{AllocFlags, Mark};
use crate::fallback::{self, Fallback, Find};
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
}

/// Where the last block of a refill came from: the next one is looked for there first (6.12.y).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Normal,
    Steal,
}

impl Zone {
    /// Takes a block (`rmqueue`). Its record says already that it is lent; nobody was told.
    #[inline(always)]
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
        pcp.on_alloc(observer);
        match pcp.lend(&mut self.buddy.frames, list, observer) {
            Some(block) => Some(block),
            None => self.take_uncached(list, want, blocks, observer),
        }
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
        self.lend_after_refill(list, want, blocks, observer)
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

    /// Takes the head of a per-CPU list, refilled if it is empty (`__rmqueue_pcplist`).
    #[inline]
    pub(crate) fn pop_or_refill(
        &mut self,
        list: u8,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        self.pcps[want.cpu.index()]
            .lend(&mut self.buddy.frames, list, observer)
            .or_else(|| self.lend_after_refill(list, want, blocks, observer))
    }

    fn lend_after_refill(
        &mut self,
        list: u8,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        self.refill(list, want, blocks, observer);
        self.pcps[want.cpu.index()].lend(&mut self.buddy.frames, list, observer)
    }

    /// Fetches blocks for a per-CPU list, to its tail in the order they come (`rmqueue_bulk`).
    fn refill(
        &mut self,
        list: u8,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let cpu = want.cpu;
        let wanted = self.pcps[cpu.index()].refill(want.order, self.flags, observer);
        let mut mode = Mode::Normal;
        let mut fetched = 0;
        while fetched < wanted
            && let Some(block) = self.take_for_type(want, &mut mode, blocks, observer)
        {
            let pcp = &mut self.pcps[cpu.index()];
            pcp.push(
                &mut self.buddy.frames,
                list,
                block,
                want.mt,
                End::Tail,
                observer,
            );
            fetched += 1;
        }
        if !self.profile.grouping.per_block() {
            self.account(
                want.mt,
                -(i64::from(fetched) << want.order.get()),
                cpu,
                observer,
            );
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
        let highatomic = want.flags.any(AllocFlags::HIGHATOMIC);
        let last_resort = want.flags.any(AllocFlags::OOM.with(AllocFlags::NON_BLOCK))
            && self.profile.reserves.has_last_resort();
        let reserve = Want {
            mt: MigrateType::HighAtomic,
            ..want
        };
        let block = highatomic
            .then(|| self.smallest(reserve, observer))
            .flatten()
            .or_else(|| self.take_for_type(want, &mut Mode::Normal, blocks, observer))
            .or_else(|| {
                last_resort
                    .then(|| self.smallest(reserve, observer))
                    .flatten()
            })?;
        if !self.profile.grouping.per_block() {
            self.account(want.mt, -(block.frames() as i64), want.cpu, observer);
        }
        self.buddy.frames.set(block, State::Lent);
        Some(block)
    }

    /// Takes the smallest sufficient block of the wanted type (`__rmqueue_smallest`).
    #[inline]
    fn smallest(&mut self, want: Want, observer: &mut impl Observer) -> Option<Block> {
        let block = self.buddy.smallest(want.order, want.mt, observer)?;
        if self.profile.grouping.per_block() {
            self.account(want.mt, -(block.frames() as i64), want.cpu, observer);
        }
        Some(block)
    }

    /// Takes a block of the wanted type, or robs another (`__rmqueue`).
    #[inline]
    fn take_for_type(
        &mut self,
        want: Want,
        mode: &mut Mode,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        match self.profile.fallback.plan() {
            Fallback::Join => self
                .smallest(want, observer)
                .or_else(|| self.rob(want, blocks, observer)),
            Fallback::One => self
                .smallest(want, observer)
                .or_else(|| self.rob_one(want, blocks, observer)),
            Fallback::ClaimThenSteal => self.claim_or_steal(want, mode, blocks, observer),
        }
    }

    /// The own lists, then claiming, then stealing; once something was stolen, the rest of a refill
    /// is stolen too (6.12.y).
    #[inline]
    fn claim_or_steal(
        &mut self,
        want: Want,
        mode: &mut Mode,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        if *mode == Mode::Normal {
            let own = self
                .smallest(want, observer)
                .or_else(|| self.claim(want, blocks, observer));
            if own.is_some() {
                return own;
            }
        }
        if want.flags.any(AllocFlags::NOFRAGMENT) {
            return None;
        }
        let stolen = self.steal(want, blocks, observer);
        if stolen.is_some() {
            *mode = Mode::Steal;
        }
        stolen
    }

    /// Claims a pageblock of another type and takes from it (`__rmqueue_claim`, 6.12.y).
    fn claim(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let pageblock_order = blocks.order();
        let orders = fallback::claim_orders(
            want.order,
            want.flags,
            pageblock_order,
            self.buddy.top_order(),
        );
        for order in orders {
            let Some(find) = fallback::find(&self.buddy, order, want.mt, pageblock_order) else {
                continue;
            };
            if !find.whole_pageblock {
                return None;
            }
            if let Some(block) = self.try_to_claim(find, want, blocks, observer) {
                self.fell_back(find, want, true, observer);
                return Some(block);
            }
            let (zone, Find { block, from, .. }) = (self.id, find);
            observer.event(Event::NotClaimed { zone, block, from });
        }
        None
    }

    fn try_to_claim(
        &mut self,
        find: Find,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let block_type = blocks.type_of(find.block.start());
        if block_type == MigrateType::HighAtomic {
            return None;
        }
        if find.block.order() >= blocks.order() {
            return Some(self.claim_whole(find, want, blocks, observer));
        }
        self.boost_watermark(want.flags, blocks, observer);
        let pageblock = self.whole_pageblock(find.block.start(), blocks)?;
        if !find.whole_pageblock || !self.worth_claiming(find, block_type, pageblock, want, blocks)
        {
            return None;
        }
        self.move_pageblock(find.block.start(), want.mt, want.cpu, blocks, observer);
        self.smallest(want, observer)
    }

    /// Makes whole pageblocks the wanted type's and takes from them.
    fn claim_whole(
        &mut self,
        Find { block, from, .. }: Find,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Block {
        self.buddy.unlink(block, from, observer);
        self.account(from, -(block.frames() as i64), want.cpu, observer);
        blocks.retype(block, want.mt, observer);
        let taken = self.buddy.expand(block, want.order, want.mt, observer);
        let rest = (block.frames() - taken.frames()) as i64;
        self.account(want.mt, rest, want.cpu, observer);
        taken
    }

    fn worth_claiming(
        &self,
        find: Find,
        block_type: MigrateType,
        pageblock: Block,
        want: Want,
        blocks: &Pageblocks,
    ) -> bool {
        let free = self.count_free(pageblock.range());
        let movable = blocks.movable(find.block.start());
        fallback::worth_claiming(free, movable, block_type, want.mt, pageblock.frames())
    }

    /// Steals one block; what is split off stays the other type's (`__rmqueue_steal`, 6.12.y).
    fn steal(
        &mut self,
        want: Want,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let find = fallback::smallest(&self.buddy, want.order, want.mt, blocks.order())?;
        let taken = self.take_one(find, find.from, want, observer);
        self.fell_back(find, want, false, observer);
        Some(taken)
    }

    /// Claims the pageblock of what is found, or takes that one block (`__rmqueue_fallback`,
    /// `steal_suitable_fallback`, 6.12.0).
    fn rob_one(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let find = fallback::largest(&self.buddy, want.order, want.mt, want.flags, blocks.order())?;
        let block_type = blocks.type_of(find.block.start());
        let claimed = self.try_to_claim(find, want, blocks, observer);
        let block = claimed.unwrap_or_else(|| self.take_one(find, block_type, want, observer));
        self.fell_back(find, want, claimed.is_some(), observer);
        Some(block)
    }

    /// Takes one block; what is split off goes to the lists of `rest`.
    fn take_one(
        &mut self,
        Find { block, from, .. }: Find,
        rest: MigrateType,
        want: Want,
        observer: &mut impl Observer,
    ) -> Block {
        self.buddy.unlink(block, from, observer);
        let taken = self.buddy.expand(block, want.order, rest, observer);
        self.account(from, -(taken.frames() as i64), want.cpu, observer);
        taken
    }

    /// Moves blocks of another type to the own lists and takes the smallest that serves
    /// (`__rmqueue_fallback`, 6.1).
    fn rob(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let find = fallback::largest(&self.buddy, want.order, want.mt, want.flags, blocks.order())?;
        let claimed = self.move_robbed(find, want, blocks, observer);
        self.fell_back(find, want, claimed, observer);
        self.smallest(want, observer)
    }

    /// Moves what was found to the own lists (`steal_suitable_fallback`); says whether the
    /// pageblock changed hands.
    fn move_robbed(
        &mut self,
        find: Find,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        let start = find.block.start();
        let block_type = blocks.type_of(start);
        let mut claimed = false;
        let mut moved = 0;
        if block_type != MigrateType::HighAtomic && find.block.order() >= blocks.order() {
            blocks.retype(find.block, want.mt, observer);
            claimed = true;
        } else if block_type != MigrateType::HighAtomic {
            self.boost_watermark(want.flags, blocks, observer);
            if find.whole_pageblock {
                moved = self.move_free(start, want.mt, want.cpu, blocks, observer);
                let movable = blocks.movable(start);
                let frames = blocks.order().frames();
                claimed = moved > 0
                    && fallback::worth_claiming(moved, movable, block_type, want.mt, frames);
                if claimed {
                    blocks.retype(blocks.block_of(start), want.mt, observer);
                }
            }
        }
        if moved == 0 {
            self.buddy.unlink(find.block, find.from, observer);
            self.buddy.link(find.block, want.mt, End::Tail, observer);
        }
        claimed
    }

    fn fell_back(&self, find: Find, want: Want, claimed: bool, observer: &mut impl Observer) {
        let Find { block, from, .. } = find;
        let (zone, order, wanted) = (self.id, want.order, want.mt);
        observer.event(Event::FellBack {
            zone,
            block,
            order,
            wanted,
            from,
            claimed,
        });
    }

    /// Raises the watermarks a while, so that the background reclaimer makes room before types
    /// must mix again (`boost_watermark`).
    fn boost_watermark(
        &mut self,
        flags: AllocFlags,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) {
        let pageblock = blocks.order().frames();
        if self.boost_factor == 0 || pageblock * 4 > self.managed {
            return;
        }
        let high = self.mark(Mark::High) - self.boost;
        let most = mult_frac(high, self.boost_factor, 10_000);
        if most == 0 {
            return;
        }
        self.set_boost((self.boost + pageblock).min(most.max(pageblock)), observer);
        if flags.any(AllocFlags::KSWAPD) {
            self.set_flags(self.flags.with(ZoneFlags::BOOSTED), observer);
        }
    }
}

/// `value · numerator / denominator` without a large product (`mult_frac`).
pub(crate) fn mult_frac(value: u64, numerator: u64, denominator: u64) -> u64 {
    let (quotient, remainder) = (value / denominator, value % denominator);
    quotient * numerator + remainder * numerator / denominator
}
