//! Frame records, in two granularities.
//!
//! ```text
//!   tops    [ free ][ broken ][ lent ][ free ] …        one record per top-order block
//!                      │
//!   frames  ···········[0·12····8···]···········        one per frame, used only beneath a block
//!                                                       that is not whole
//! ```
//!
//! Both lie in one table, the tops first. All-zero means untouched, so the table is allocated
//! zeroed and the operating system backs a page of it when it is first written: a machine that was
//! never broken up costs almost nothing.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Block, MigrateType, Order, Pfn, PfnRange};

/// Links to the next and the previous record of a list, and what the record says. Links are
/// positions in the table, counted from 1; 0 is no link.
pub(crate) type Record = [u32; 3];

/// A record that says `word`.
#[inline]
pub(crate) const fn record(next: u32, prev: u32, word: Word) -> Record {
    [next, prev, word.0]
}

/// What a record says.
#[inline]
pub(crate) const fn word([.., word]: Record) -> Word {
    Word(word)
}

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
    /// Kept back to guard the block below it.
    Guard,
}

/// What a record says about a block, packed: bits 0–1 the kind, 2–5 the order, 6–8 the migratetype,
/// or, of what is on no list, whether it is kept back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Word(u32);

/// The bits of the migratetype.
const TYPE: u32 = 7 << 6;

impl Word {
    /// Nothing.
    pub(crate) const NONE: Word = Word(0);

    /// What is said of a block of `order`.
    #[inline]
    pub(crate) const fn new(state: State, order: Order) -> Word {
        let (kind, mt) = match state {
            State::None => return Word::NONE,
            State::Free(mt) => (1, mt.index()),
            State::Pcp(mt) => (2, mt.index()),
            State::Lent => (3, 0),
            State::Guard => (3, 1),
        };
        Word(kind | (order.get() as u32) << 2 | (mt as u32) << 6)
    }

    /// Whether it says the same as `other`, but for the migratetype.
    #[inline]
    pub(crate) const fn is_like(self, other: Word) -> bool {
        (self.0 ^ other.0) & !TYPE == 0
    }

    /// The migratetype it speaks of.
    #[inline]
    pub(crate) fn mt(self) -> MigrateType {
        MigrateType::from_index((self.0 >> 6 & 7) as usize).expect("we wrote the word")
    }

    /// What it says about a block of `order`: nothing when it speaks of another order.
    #[inline]
    pub(crate) fn state(self, order: Order) -> State {
        if self.order() == order.get() {
            self.read()
        } else {
            State::None
        }
    }

    /// The type of the list it is on, if it is a free block of `order`.
    #[inline]
    pub(crate) fn free_type(self, order: Order) -> Option<MigrateType> {
        let free = Word::new(State::Free(MigrateType::Unmovable), order);
        self.is_like(free).then(|| self.mt())
    }

    #[inline]
    const fn order(self) -> u8 {
        (self.0 >> 2 & 15) as u8
    }

    #[inline]
    fn read(self) -> State {
        match self.0 & 3 {
            0 => State::None,
            1 => State::Free(self.mt()),
            2 => State::Pcp(self.mt()),
            _ if self.0 & TYPE != 0 => State::Guard,
            _ => State::Lent,
        }
    }
}

/// Frames of the top-order blocks that `span` touches.
fn covered(span: PfnRange, top_order: Order) -> u64 {
    if span.is_empty() {
        return 0;
    }
    let base = span.start().align_down(top_order);
    span.end().align_up(top_order).since(base)
}

/// The records of one zone.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    /// The zone's first frame, rounded down to the top order. Record 0 is this frame's.
    base: Pfn,
    /// Frames covered: a multiple of the top-order block.
    covered: u64,
    top_order: Order,
    /// How many of the records are of top-order blocks.
    tops: u32,
    records: Vec<Record>,
}

impl Frames {
    /// The most frames a zone may span: links are 32 bits.
    pub(crate) const LIMIT: u64 = 1 << 31;

    /// Bytes of the records for `span`.
    pub(crate) fn bytes(span: PfnRange, top_order: Order) -> u64 {
        let covered = covered(span, top_order);
        (covered + (covered >> top_order.get())) * size_of::<Record>() as u64
    }

    /// Whether tables of these sizes can be had all at once: asked before they are made, because
    /// a table that cannot is the end of the program. Nothing is written, so that it costs
    /// nothing.
    ///
    /// # Errors
    /// When not: how many bytes that are.
    pub(crate) fn can_be_had(sizes: impl Iterator<Item = u64>) -> Result<(), u64> {
        let sizes: Vec<u64> = sizes.collect();
        let mut held: Vec<Vec<u8>> = Vec::new();
        for &size in &sizes {
            let mut table = Vec::new();
            let enough =
                usize::try_from(size).is_ok_and(|size| table.try_reserve_exact(size).is_ok());
            if !enough {
                return Err(sizes.iter().sum());
            }
            held.push(table);
        }
        Ok(())
    }

    /// Untouched records for `span`.
    pub(crate) fn new(span: PfnRange, top_order: Order) -> Frames {
        let base = span.start().align_down(top_order);
        let covered = covered(span, top_order);
        assert!(covered <= Frames::LIMIT, "the layout refuses larger zones");
        Frames {
            base,
            covered,
            top_order,
            tops: (covered >> top_order.get()) as u32,
            records: vec![[0; 3]; ((covered >> top_order.get()) + covered) as usize],
        }
    }

    /// Whether there is a record for `pfn`.
    #[inline]
    pub(crate) fn covers(&self, pfn: Pfn) -> bool {
        pfn.get().wrapping_sub(self.base.get()) < self.covered
    }

    /// All records, to follow links.
    #[inline]
    pub(crate) fn records(&mut self) -> &mut [Record] {
        &mut self.records
    }

    /// The position of a block's record.
    #[inline]
    pub(crate) fn position(&self, block: Block) -> u32 {
        // Fits: `covered` is within the limit.
        let offset = (block.start().get() - self.base.get()) as u32;
        if block.order() == self.top_order {
            offset >> self.top_order.get()
        } else {
            self.tops + offset
        }
    }

    /// The block of `order` whose record is at `position`.
    #[inline]
    pub(crate) fn block_at(&self, position: u32, order: Order) -> Block {
        let offset = if order == self.top_order {
            position << self.top_order.get()
        } else {
            position - self.tops
        };
        Block::containing(self.base.offset(u64::from(offset)), order)
    }

    #[inline]
    fn record(&self, block: Block) -> &Record {
        &self.records[self.position(block) as usize]
    }

    #[inline]
    fn word_mut(&mut self, block: Block) -> &mut u32 {
        let position = self.position(block) as usize;
        &mut self.records[position][WORD]
    }

    /// The link to the record behind this block's on its list.
    #[inline]
    pub(crate) fn next(&self, block: Block) -> u32 {
        self.record(block)[NEXT]
    }

    #[inline]
    fn word(&self, block: Block) -> Word {
        word(*self.record(block))
    }

    /// What is known about exactly this block.
    #[inline]
    pub(crate) fn state(&self, block: Block) -> State {
        self.word(block).state(block.order())
    }

    /// The type of the list a block is on, if the zone has a free block exactly there.
    #[inline]
    pub(crate) fn free_type(&self, block: Block) -> Option<MigrateType> {
        self.covers(block.start())
            .then(|| self.word(block).free_type(block.order()))
            .flatten()
    }

    /// The type of the list that the buddy of a block of this zone is on, if it is free as a whole.
    /// There is a record of it: the block that both are halves of lies in one top-order block.
    #[inline]
    pub(crate) fn free_type_of_buddy(&self, block: Block) -> Option<MigrateType> {
        if block.order() >= self.top_order {
            return None;
        }
        let offset = (block.buddy().start().get() - self.base.get()) as usize;
        let said = word(self.records[self.tops as usize + offset]);
        said.free_type(block.order())
    }

    /// Notes what becomes of a block.
    #[inline]
    pub(crate) fn set(&mut self, block: Block, state: State) {
        *self.word_mut(block) = Word::new(state, block.order()).0;
    }

    /// A block that was handed out is no more; `false`: exactly this one never was.
    #[inline]
    pub(crate) fn take_lent(&mut self, block: Block) -> bool {
        let word = self.word_mut(block);
        let was_lent = *word == Word::new(State::Lent, block.order()).0;
        if was_lent {
            *word = 0;
        }
        was_lent
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
        let word = word(self.records[self.tops as usize + pfn.since(self.base) as usize]);
        let order = Order::new(word.order()).expect("we wrote the word");
        match word.read() {
            State::None => None,
            state => Some((Block::containing(pfn, order), state)),
        }
    }

    /// The block that holds `pfn` and has a state, wherever it starts; `None`: no block does.
    pub(crate) fn block_around(&self, pfn: Pfn) -> Option<(Block, State)> {
        Order::ZERO
            .through(self.top_order)
            .map(|order| Block::containing(pfn, order))
            .filter(|block| self.covers(block.start()))
            .map(|block| (block, self.state(block)))
            .find(|(_, state)| *state != State::None)
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
