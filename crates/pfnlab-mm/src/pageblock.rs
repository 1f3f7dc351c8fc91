//! Pageblocks: the migratetype of every aligned run of frames.
//!
//! Kept for the whole machine and not by zone: where two zones share a pageblock, they share its
//! type, as they do where the kernel keeps it with the memory section.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Block, Event, MigrateType, Observer, Order, Pfn, PfnRange};

/// The bit that says there is no memory section, and so no type.
const ABSENT: u8 = 0x80;

/// The types of all pageblocks, from frame 0 on.
#[derive(Debug)]
pub(crate) struct Pageblocks {
    order: Order,
    /// The migratetype's index; zero, and so what was never initialised: unmovable.
    types: Vec<u8>,
    /// Frames that are in use but could be moved, by pageblock, where there are any.
    movable: BTreeMap<u32, u32>,
}

impl Pageblocks {
    /// Pageblocks of `order` up to `end` (exclusive), every one unmovable.
    pub(crate) fn new(order: Order, end: Pfn) -> Pageblocks {
        let count = end.align_up(order).get() >> order.get();
        Pageblocks {
            order,
            types: vec![0; count as usize],
            movable: BTreeMap::new(),
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

    /// The type of the pageblock `pfn` is in.
    #[inline]
    pub(crate) fn type_of(&self, pfn: Pfn) -> MigrateType {
        let at = (pfn.get() >> self.order.get()) as usize;
        let mt = usize::from(self.types[at] & !ABSENT);
        MigrateType::from_index(mt).expect("only types are stored")
    }

    /// Makes every pageblock that a block covers, or the one it lies in, `mt`.
    pub(crate) fn retype(&mut self, block: Block, mt: MigrateType, observer: &mut impl Observer) {
        let first = block.start().get() >> self.order.get();
        let last = (block.range().end().get() - 1) >> self.order.get();
        for at in first..=last {
            self.types[at as usize] = mt.index() as u8;
            let block = Block::containing(Pfn::new(at << self.order.get()), self.order);
            observer.event(Event::Retyped { block, mt });
        }
    }

    /// The type of the pageblock `pfn` is in, unless there is no memory section.
    pub(crate) fn recorded_type(&self, pfn: Pfn) -> Option<MigrateType> {
        let at = (pfn.get() >> self.order.get()) as usize;
        let word = *self.types.get(at)?;
        MigrateType::from_index(usize::from(word & !ABSENT)).filter(|_| word & ABSENT == 0)
    }

    /// Takes over a type, or that there is no memory section.
    pub(crate) fn record(&mut self, pfn: Pfn, mt: Option<MigrateType>) {
        let at = (pfn.get() >> self.order.get()) as usize;
        self.types[at] = mt.map_or(ABSENT, |mt| mt.index() as u8);
    }

    /// There are pageblocks up to `end` (exclusive); those that are new have no memory section.
    pub(crate) fn reach(&mut self, end: Pfn) {
        let count = end.align_up(self.order).get() >> self.order.get();
        if count as usize > self.types.len() {
            self.types.resize(count as usize, ABSENT);
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
        if first < end {
            self.types[first as usize..end as usize].fill(mt.index() as u8);
        }
    }

    /// How many frames of `pfn`'s pageblock are in use but could be moved.
    pub(crate) fn movable(&self, pfn: Pfn) -> u64 {
        let at = (pfn.get() >> self.order.get()) as u32;
        self.movable.get(&at).map_or(0, |&frames| u64::from(frames))
    }

    /// Says so.
    pub(crate) fn set_movable(&mut self, pfn: Pfn, frames: u32) {
        self.movable
            .insert((pfn.get() >> self.order.get()) as u32, frames);
    }
}
