//! Draining per-CPU lists: from which of them, in which turn, and to which type's list.

use pfnlab_model::{Block, CpuId, Event, MigrateType, Observer, Order, ZoneStat};

use crate::freeing::Placement;
use crate::pageblock::Pageblocks;
use crate::pcp::{LISTS, TYPES};
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// Which type's list a page goes to when its per-CPU list is drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DrainType {
    /// The one noted on it when it was put there, even if its pageblock has changed hands (2.6.37).
    Noted,
    /// The same; if its pageblock is isolated, it is no free memory there (3.8).
    NotedAside,
    /// The same, unless anything in the zone is isolated (4.14 to 6.1).
    NotedUnlessIsolated,
    /// The one its pageblock has now (6.12).
    Pageblock,
}

impl Policy for DrainType {
    const DECIDES: &'static str = "which list a page is drained to";

    fn told(self) -> Told {
        match self {
            DrainType::Noted => told(
                "the one noted on it when it was cached, even if its pageblock has changed hands",
                "~page_private",
            ),
            DrainType::NotedAside => told(
                "the one noted on it, but in an isolated pageblock it does not count as free",
                "~get_freepage_migratetype",
            ),
            DrainType::NotedUnlessIsolated => told(
                "the one noted on it, unless anything in the zone is isolated",
                "~get_pcppage_migratetype (up to 6.9)",
            ),
            DrainType::Pageblock => told(
                "the one its pageblock has now",
                "free_pcppages_bulk (after 6.9)",
            ),
        }
    }
}

impl Zone {
    /// Gives back up to `frames` frames of `owner`'s lists, each from its tail, beginning with the
    /// one at `list` if that makes a difference (`free_pcppages_bulk`). The counters are those of
    /// `cpu`.
    #[inline(never)]
    pub(crate) fn drain_from(
        &mut self,
        list: u8,
        frames: u32,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let before = self.pcps[owner.index()].count();
        let frames = frames.min(before);
        self.encourage_reclaim(observer);
        if self.profile.pcp.drains_by_turns() {
            self.drain_by_turns(frames, owner, cpu, blocks, observer);
        } else {
            self.drain_round(list, frames, owner, cpu, blocks, observer);
        }
        let frames = before - self.pcps[owner.index()].count();
        if self.profile.grouping.drains_at_once() {
            self.count(ZoneStat::FreePages, i64::from(frames), cpu, observer);
        }
        observer.event(Event::PcpDrained {
            zone: self.id,
            cpu: owner,
            frames,
        });
    }

    /// Empties the list at `list`, then the next, round about (since 6.1).
    fn drain_round(
        &mut self,
        mut list: u8,
        frames: u32,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let mut left = i64::from(frames);
        while left > 0 {
            let pcp = &mut self.pcps[owner.index()];
            list = pcp
                .next_filled(list)
                .expect("the lists hold as many frames as they count");
            let order = pcp.order_of(list);
            while left > 0
                && let Some(block) = self.drain_one((list, order), owner, cpu, blocks, observer)
            {
                left -= block.frames() as i64;
            }
            list = (list + 1) % LISTS;
        }
    }

    /// Takes single frames from one list after the other, from each once more for every list passed on the way
    /// to it; what is left of that when a list runs empty goes to the next (up to 5.0).
    ///
    /// ```text
    ///   lists of 5, 2 and 4 frames, drained of 8: b c a b c a c c
    /// ```
    fn drain_by_turns(
        &mut self,
        frames: u32,
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let (mut list, mut turn, mut left) = (0, 0, frames);
        while left > 0 {
            loop {
                turn += 1;
                list = (list + 1) % TYPES;
                if !self.pcps[owner.index()].is_empty(list) {
                    break;
                }
            }
            while left > 0
                && turn > 0
                && self
                    .drain_one((list, Order::ZERO), owner, cpu, blocks, observer)
                    .is_some()
            {
                left -= 1;
                turn -= 1;
            }
        }
    }

    /// Gives back the last block of a list, which is one of blocks of `order`.
    #[inline(always)]
    fn drain_one(
        &mut self,
        (list, order): (u8, Order),
        owner: CpuId,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let pcp = &mut self.pcps[owner.index()];
        let (block, was) = pcp.pop_last(&mut self.buddy.frames, list, order, observer)?;
        let now = || blocks.type_of(block.start());
        let (mt, aside) = match self.profile.drain_type {
            DrainType::Noted => (was.mt(), false),
            DrainType::NotedAside => (was.mt(), now() == MigrateType::Isolate),
            DrainType::NotedUnlessIsolated if self.isolated_pageblocks == 0 => (was.mt(), false),
            DrainType::NotedUnlessIsolated | DrainType::Pageblock => (now(), false),
        };
        if aside || self.profile.grouping.drains_at_once() {
            self.merge_in(block, mt, Placement::ByMergeLikely, cpu, blocks, observer);
        } else {
            self.put(block, mt, Placement::ByMergeLikely, cpu, blocks, observer);
        }
        Some(block)
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
}
