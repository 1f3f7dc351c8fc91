//! Pageblocks: the migratetype of every aligned run of frames.
//!
//! Kept for the whole machine and not by zone: where two zones share a pageblock, they share its
//! type, as they do where the kernel keeps it with the memory section.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Block, Event, MigrateType, Observer, Order, Pfn, PfnRange};

/// The types of all pageblocks, from frame 0 on.
#[derive(Clone, Debug)]
pub(crate) struct Pageblocks {
    order: Order,
    types: Vec<MigrateType>,
    /// Whether there is a memory section; if not, the type is unmovable.
    present: Vec<bool>,
    /// Frames that are in use but could be moved, by pageblock, where there are any.
    movable: BTreeMap<u32, u32>,
    /// Frames that were handed out and are on lists of what can be reclaimed, by pageblock.
    listed: Vec<u32>,
}

impl Pageblocks {
    /// Pageblocks of `order` up to `end` (exclusive), every one unmovable.
    pub(crate) fn new(order: Order, end: Pfn) -> Pageblocks {
        let count = end.align_up(order).get() >> order.get();
        Pageblocks {
            order,
            types: vec![MigrateType::Unmovable; count as usize],
            present: vec![true; count as usize],
            movable: BTreeMap::new(),
            listed: vec![0; count as usize],
        }
    }

    #[inline]
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// The pageblock `pfn` is in.
    #[inline]
    pub(crate) fn block_of(&self, pfn: Pfn) -> Block {
        Block::containing(pfn, self.order)
    }

    /// The type of the pageblock `pfn` is in; unmovable where there is no memory section.
    #[inline]
    pub(crate) fn type_of(&self, pfn: Pfn) -> MigrateType {
        let at = (pfn.get() >> self.order.get()) as usize;
        self.types[at]
    }

    /// Makes every pageblock that a block covers, or the one it lies in, `mt`.
    pub(crate) fn retype(&mut self, block: Block, mt: MigrateType, observer: &mut impl Observer) {
        let first = block.start().get() >> self.order.get();
        let last = (block.range().end().get() - 1) >> self.order.get();
        for at in first..=last {
            self.record_at(at as usize, Some(mt));
            let block = Block::containing(Pfn::new(at << self.order.get()), self.order);
            observer.event(Event::Retyped { block, mt });
        }
    }

    /// The type of the pageblock `pfn` is in, unless there is no memory section.
    pub(crate) fn recorded_type(&self, pfn: Pfn) -> Option<MigrateType> {
        let at = (pfn.get() >> self.order.get()) as usize;
        self.present.get(at)?.then(|| self.types[at])
    }

    /// Takes over a type, or that there is no memory section.
    pub(crate) fn record(&mut self, pfn: Pfn, mt: Option<MigrateType>) {
        let at = (pfn.get() >> self.order.get()) as usize;
        self.record_at(at, mt);
    }

    fn record_at(&mut self, at: usize, mt: Option<MigrateType>) {
        self.types[at] = mt.unwrap_or(MigrateType::Unmovable);
        self.present[at] = mt.is_some();
    }

    /// There are pageblocks up to `end` (exclusive); those that are new have no memory section.
    pub(crate) fn reach(&mut self, end: Pfn) {
        let count = end.align_up(self.order).get() >> self.order.get();
        if count as usize > self.types.len() {
            self.types.resize(count as usize, MigrateType::Unmovable);
            self.present.resize(count as usize, false);
            self.listed.resize(count as usize, 0);
        }
    }

    /// Every pageblock that starts within `range` becomes `mt`, or has no memory section. Told as
    /// part of what happens to the range.
    pub(crate) fn record_all(&mut self, range: PfnRange, mt: Option<MigrateType>) {
        let mut at = range.start().align_up(self.order);
        while at < range.end() {
            self.record(at, mt);
            at = at.offset(self.order.frames());
        }
    }

    /// The first initialisation: every pageblock that starts within `range` becomes `mt`.
    pub(crate) fn init(&mut self, range: PfnRange, mt: MigrateType) {
        let first = range.start().align_up(self.order).get() >> self.order.get();
        let end = range.end().align_up(self.order).get() >> self.order.get();
        (first..end).for_each(|at| self.record_at(at as usize, Some(mt)));
    }

    /// How many frames of `pfn`'s pageblock are in use but could be moved.
    pub(crate) fn movable(&self, pfn: Pfn) -> u64 {
        let at = (pfn.get() >> self.order.get()) as u32;
        self.movable.get(&at).map_or(0, |&frames| u64::from(frames))
    }

    /// How many frames of `pfn`'s pageblock were handed out and are on lists (`PageLRU`).
    pub(crate) fn listed(&self, pfn: Pfn) -> u64 {
        let at = (pfn.get() >> self.order.get()) as usize;
        self.listed.get(at).map_or(0, |&frames| u64::from(frames))
    }

    /// Takes over how many are.
    pub(crate) fn record_listed(&mut self, pfn: Pfn, frames: u32) {
        let at = (pfn.get() >> self.order.get()) as usize;
        self.listed[at] = frames;
    }

    /// A page is on a list, or on none any more.
    pub(crate) fn set_listed(&mut self, page: Block, listed: bool) {
        for part in page.parts(self.order) {
            let at = (part.start().get() >> self.order.get()) as usize;
            // Fits: it is at most a pageblock.
            let frames = part.frames() as u32;
            if let Some(count) = self.listed.get_mut(at) {
                *count = match listed {
                    true => count.saturating_add(frames),
                    false => count.saturating_sub(frames),
                };
            }
        }
    }

    /// How many frames of `pfn`'s pageblock are in use but could be moved, whether from the start or
    /// handed out.
    pub(crate) fn could_move(&self, pfn: Pfn) -> u64 {
        self.movable(pfn) + self.listed(pfn)
    }

    /// Says so.
    pub(crate) fn set_movable(&mut self, pfn: Pfn, frames: u32) {
        self.movable
            .insert((pfn.get() >> self.order.get()) as u32, frames);
    }
}
