//! Reclaim: pages at the tails of the inactive lists are given up (`shrink_node`).
//!
//! A model. Pages are clean and unmapped, nobody refers to them, and nothing takes time: a page at
//! the tail of a list goes. What a kernel decides by reference bits, by writing back and by control
//! groups is not here.

use alloc::vec::Vec;

use pfnlab_model::{
    Block, CpuId, End, FreeError, LruList, NodeId, Observer, PageAllocator, Pfn, Shrink, ZoneId,
};

use super::Lru;

/// What can be given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReclaimModel {
    /// There is swap space: anonymous pages can be given up, too.
    pub swap: bool,
}

/// So many pages are taken from one list before the other's turn (`SWAP_CLUSTER_MAX`).
const BATCH: u64 = 32;

/// The inactive lists and the active ones behind them, in the order in which they are looked at.
const LISTS: [(LruList, LruList); 2] = [
    (LruList::InactiveFile, LruList::ActiveFile),
    (LruList::InactiveAnon, LruList::ActiveAnon),
];

impl ReclaimModel {
    fn lists(self) -> &'static [(LruList, LruList)] {
        match self.swap {
            true => &LISTS,
            false => &LISTS[..1],
        }
    }
}

impl Lru {
    /// Gives up pages of a node, least recently added first, of files and, in turn, anonymous ones;
    /// each is freed at once. Of every list, 1/2^priority is looked at; pages of zones above the
    /// highest, and those that `may` says no to, go back to its head. Says which were given up,
    /// and how many frames were looked at.
    pub fn shrink(
        &mut self,
        model: ReclaimModel,
        ask: Shrink,
        may: impl Fn(Block) -> bool,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> (Vec<Block>, u64) {
        let mut given_up = Vec::new();
        let (mut frames, mut looked_at) = (0, 0);
        let mut left: Vec<(LruList, u64)> = Vec::new();
        for &(inactive, active) in model.lists() {
            self.refill(ask.node, inactive, active, memory, observer);
            let pages = self.pages.length(ask.node, inactive) as u64;
            left.push((inactive, pages >> ask.priority));
        }
        while left.iter().any(|&(_, scan)| scan > 0) && frames < ask.target {
            for (list, scan) in &mut left {
                for _ in 0..BATCH.min(*scan) {
                    *scan -= 1;
                    let Some(block) = self.pages.last(ask.node, *list) else {
                        break;
                    };
                    looked_at += block.frames();
                    let zone = memory
                        .inspect()
                        .and_then(|inside| inside.zone_of(block.start()));
                    let within = zone.is_none_or(|zone| zone.kind <= ask.highest);
                    if !within || !self.can_move(block) || !may(block) {
                        self.pages
                            .put(block.start(), *list, End::Head, memory, observer);
                        continue;
                    }
                    if self.give_up(block, ask.cpu, memory, observer).is_ok() {
                        frames += block.frames();
                        given_up.push(block);
                    }
                }
            }
        }
        (given_up, looked_at)
    }

    /// Active pages, oldest first, become inactive while there are too many of them
    /// (`inactive_is_low`).
    fn refill(
        &mut self,
        node: NodeId,
        inactive: LruList,
        active: LruList,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        let both = self.pages.length(node, inactive) + self.pages.length(node, active);
        // A list of 10 GiB is ten times as long as its inactive part.
        let gib = (both as u64) >> 18;
        let ratio = (10 * gib).isqrt().max(1);
        while (self.pages.length(node, inactive) as u64) * ratio
            < self.pages.length(node, active) as u64
            && let Some(block) = self.pages.last(node, active)
        {
            self.pages
                .put(block.start(), inactive, End::Head, memory, observer);
        }
    }

    /// How many frames of a zone could be given up.
    pub fn reclaimable(&self, model: ReclaimModel, zone: ZoneId) -> u64 {
        let lists = model.lists().iter();
        let lists = lists.flat_map(|&(inactive, active)| [inactive, active]);
        // Which zone a page is in is not known here: a node's pages stand for each of its zones.
        lists
            .map(|list| self.pages.length(zone.node, list) as u64)
            .sum()
    }

    /// Whoever has anonymous pages loses all of them (`oom_kill_process`): one process has them all.
    /// Says which.
    pub fn kill(
        &mut self,
        cpu: CpuId,
        may: impl Fn(Block) -> bool,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Vec<Block> {
        let anonymous = self.pages.iter().filter(|page| {
            matches!(
                page.list,
                Some(LruList::InactiveAnon | LruList::ActiveAnon | LruList::Unevictable)
            )
        });
        let mut lost: Vec<Block> = anonymous.map(|page| page.block).collect();
        lost.retain(|&block| {
            self.can_move(block) && may(block) && self.give_up(block, cpu, memory, observer).is_ok()
        });
        lost
    }

    fn give_up(
        &mut self,
        block: Block,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        match self.pages.release(block.start(), memory, observer) {
            Some(block) => memory.free(block, cpu, observer),
            None => Err(FreeError::NotLent(Block::page(Pfn::default()))),
        }
    }
}
