//! A list of blocks of one order, linked through their records: it owns no memory.

use pfnlab_model::{Block, End, Order};

use crate::frames::{Frames, NEXT, PREV, Record, State};

/// A doubly linked list of blocks of one order. Links are record positions counted from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FreeList {
    head: u32,
    tail: u32,
    len: u32,
}

impl FreeList {
    /// How many blocks it holds.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The block at one end.
    #[inline]
    pub(crate) fn peek(&self, frames: &Frames, order: Order, end: End) -> Option<Block> {
        let link = match end {
            End::Head => self.head,
            End::Tail => self.tail,
        };
        (link != 0).then(|| frames.block_at(link - 1, order))
    }

    /// Puts a block at one end and notes its state.
    #[inline]
    pub(crate) fn push(&mut self, frames: &mut Frames, block: Block, state: State, end: End) {
        let link = frames.position(block) + 1;
        let table = frames.records();
        let word = state.word(block.order());
        match end {
            End::Head => {
                table[link as usize - 1] = [self.head, 0, word];
                match self.head {
                    0 => self.tail = link,
                    next => table[next as usize - 1][PREV] = link,
                }
                self.head = link;
            }
            End::Tail => {
                table[link as usize - 1] = [0, self.tail, word];
                match self.tail {
                    0 => self.head = link,
                    prev => table[prev as usize - 1][NEXT] = link,
                }
                self.tail = link;
            }
        }
        self.len += 1;
    }

    /// Takes the block at one end off. What its record said, and says from now on, are states.
    #[inline(always)]
    pub(crate) fn pop(
        &mut self,
        frames: &mut Frames,
        order: Order,
        end: End,
        state: State,
    ) -> Option<(Block, State)> {
        let link = match end {
            End::Head => self.head,
            End::Tail => self.tail,
        };
        if link == 0 {
            return None;
        }
        let word = self.cut(frames.records(), link - 1, state.word(order));
        Some((frames.block_at(link - 1, order), State::of(word, order)))
    }

    /// Takes a block off, wherever it is, clears its state, and says what it was.
    #[inline]
    pub(crate) fn remove(&mut self, frames: &mut Frames, block: Block) -> State {
        let position = frames.position(block);
        let word = self.cut(frames.records(), position, State::None.word(block.order()));
        State::of(word, block.order())
    }

    /// Joins the neighbours of a record, changes its word and returns what it was.
    #[inline(always)]
    fn cut(&mut self, records: &mut [Record], position: u32, word: u32) -> u32 {
        let record = &mut records[position as usize];
        let [next, prev, before] = core::mem::replace(record, [0, 0, word]);
        match prev {
            0 => self.head = next,
            prev => records[prev as usize - 1][NEXT] = next,
        }
        match next {
            0 => self.tail = prev,
            next => records[next as usize - 1][PREV] = prev,
        }
        self.len -= 1;
        before
    }

    /// Its blocks, head first.
    ///
    /// # Panics
    /// When the links do not lead through as many blocks as the list counts.
    pub(crate) fn iter<'a>(
        &self,
        frames: &'a Frames,
        order: Order,
    ) -> impl Iterator<Item = (Block, State)> + use<'a> {
        let (mut link, mut left) = (self.head, self.len);
        core::iter::from_fn(move || {
            assert_eq!(link == 0, left == 0, "a list ends where its count says");
            (link != 0).then(|| {
                let block = frames.block_at(link - 1, order);
                link = frames.next(block);
                left -= 1;
                (block, frames.state(block))
            })
        })
    }
}
