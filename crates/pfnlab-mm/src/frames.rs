//! Frame records, in two granularities.
//!
//! ```text
//!   tops    [ free ][ broken ][ lent ][ free ] …        one record per top-order block
//!                      │
//!   frames  ···········[0·12····8···]···········        one per frame, used only beneath a block
//!                                                       that is not whole
//! ```
//!
//! All-zero means untouched, so both tables are allocated zeroed and the operating system backs
//! a page of them when it is first written: a machine that was never broken up costs almost nothing.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Block, MigrateType, Order, Pfn, PfnRange};

/// Links to the next and the previous record of a list, and what the record says. Links are
/// positions in the same table, counted from 1; 0 is no link.
pub(crate) type Record = [u32; 3];

pub(crate) const NEXT: usize = 0;
pub(crate) const PREV: usize = 1;
const WORD: usize = 2;

/// What a record says about the block that starts at its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing: the frame starts no block, or is in use and was never ours to lend.
    None,
    /// Free, on a list of this migratetype.
    Free(MigrateType),
    /// On a per-CPU list, with the migratetype noted on it.
    Pcp(MigrateType),
    /// Handed out.
    Lent,
}

impl State {
    /// Bits 0–1 the kind, 2–5 the order, 6–8 the migratetype.
    #[inline]
    const fn word(self, order: Order) -> u32 {
        let (kind, mt) = match self {
            State::None => return 0,
            State::Free(mt) => (1, mt.index()),
            State::Pcp(mt) => (2, mt.index()),
            State::Lent => (3, 0),
        };
        kind | (order.get() as u32) << 2 | (mt as u32) << 6
    }

    #[inline]
    fn of(word: u32) -> State {
        let mt = || MigrateType::from_index((word >> 6 & 7) as usize).expect("we wrote the word");
        match word & 3 {
            0 => State::None,
            1 => State::Free(mt()),
            2 => State::Pcp(mt()),
            _ => State::Lent,
        }
    }
}

#[inline]
const fn order_of(word: u32) -> u8 {
    (word >> 2 & 15) as u8
}

/// The records of one zone.
#[derive(Debug)]
pub(crate) struct Frames {
    /// The zone's first frame, rounded down to the top order. Record 0 is this frame's.
    base: Pfn,
    /// Frames covered: a multiple of the top-order block.
    covered: u64,
    top_order: Order,
    tops: Vec<Record>,
    frames: Vec<Record>,
}

impl Frames {
    /// The most frames a zone may span: links are 32 bits, and the tables must be allocatable.
    pub(crate) const LIMIT: u64 = 1 << 30;

    /// Untouched records for `span`.
    pub(crate) fn new(span: PfnRange, top_order: Order) -> Frames {
        let base = span.start().align_down(top_order);
        let covered = if span.is_empty() {
            0
        } else {
            span.end().align_up(top_order).since(base)
        };
        assert!(covered <= Frames::LIMIT, "the layout refuses larger zones");
        Frames {
            base,
            covered,
            top_order,
            tops: vec![[0; 3]; (covered >> top_order.get()) as usize],
            frames: vec![[0; 3]; covered as usize],
        }
    }

    /// Whether there is a record for `pfn`.
    #[inline]
    pub(crate) fn covers(&self, pfn: Pfn) -> bool {
        pfn.get().wrapping_sub(self.base.get()) < self.covered
    }

    /// The table that blocks of `order` have their records in.
    #[inline]
    pub(crate) fn table(&mut self, order: Order) -> &mut [Record] {
        if order == self.top_order {
            &mut self.tops
        } else {
            &mut self.frames
        }
    }

    /// The position of a block's record in its table.
    #[inline]
    pub(crate) fn position(&self, block: Block) -> u32 {
        let offset = block.start().get() - self.base.get();
        // Fits: `covered` is within the limit.
        if block.order() == self.top_order {
            (offset >> self.top_order.get()) as u32
        } else {
            offset as u32
        }
    }

    /// The block of `order` whose record is at `position`.
    #[inline]
    pub(crate) fn block_at(&self, position: u32, order: Order) -> Block {
        let shift = if order == self.top_order {
            self.top_order.get()
        } else {
            0
        };
        Block::containing(self.base.offset(u64::from(position) << shift), order)
    }

    #[inline]
    fn word(&self, block: Block) -> u32 {
        let table = if block.order() == self.top_order {
            &self.tops
        } else {
            &self.frames
        };
        table[self.position(block) as usize][WORD]
    }

    /// The link to the record behind this block's on its list.
    #[inline]
    pub(crate) fn next(&self, block: Block) -> u32 {
        let table = if block.order() == self.top_order {
            &self.tops
        } else {
            &self.frames
        };
        table[self.position(block) as usize][NEXT]
    }

    /// What is known about exactly this block: `None` when its record speaks of another order.
    #[inline]
    pub(crate) fn state(&self, block: Block) -> State {
        let word = self.word(block);
        if order_of(word) == block.order().get() {
            State::of(word)
        } else {
            State::None
        }
    }

    /// Whether the zone has a free block exactly there.
    #[inline]
    pub(crate) fn is_free(&self, block: Block) -> bool {
        self.covers(block.start()) && matches!(self.state(block), State::Free(_))
    }

    /// Notes what becomes of a block.
    #[inline]
    pub(crate) fn set(&mut self, block: Block, state: State) {
        let position = self.position(block) as usize;
        self.table(block.order())[position][WORD] = state.word(block.order());
    }

    /// The block that starts at `pfn`, of whatever order, and its state; `None`: no block does.
    pub(crate) fn block_from(&self, pfn: Pfn) -> Option<(Block, State)> {
        if pfn.is_aligned(self.top_order) {
            let top = Block::containing(pfn, self.top_order);
            match self.state(top) {
                State::None => {}
                state => return Some((top, state)),
            }
        }
        let word = self.frames[pfn.since(self.base) as usize][WORD];
        let order = Order::new(order_of(word)).expect("we wrote the word");
        match State::of(word) {
            State::None => None,
            state => Some((Block::containing(pfn, order), state)),
        }
    }

    /// Every block within `range` that has a state, ascending. Skips what is whole.
    pub(crate) fn blocks(&self, range: PfnRange) -> impl Iterator<Item = (Block, State)> {
        let mut pfn = range.start();
        core::iter::from_fn(move || {
            while pfn < range.end() {
                match self.block_from(pfn) {
                    Some((block, state)) => {
                        pfn = block.range().end();
                        return Some((block, state));
                    }
                    None => pfn = pfn.offset(1),
                }
            }
            None
        })
    }
}
