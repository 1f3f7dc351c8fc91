//! A list of blocks of one order, linked through their records: it owns no memory.

use pfnlab_model::{Block, End, Order};

use crate::frames::{Frames, NEXT, PREV, Record, State, Word, record, word};

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
    #[inline(always)]
    pub(crate) fn push(&mut self, frames: &mut Frames, block: Block, state: State, end: End) {
        let link = frames.position(block) + 1;
        let table = frames.records();
        let word = Word::new(state, block.order());
        match end {
            End::Head => {
                table[link as usize - 1] = record(self.head, 0, word);
                match self.head {
                    0 => self.tail = link,
                    next => table[next as usize - 1][PREV] = link,
                }
                self.head = link;
            }
            End::Tail => {
                table[link as usize - 1] = record(0, self.tail, word);
                match self.tail {
                    0 => self.head = link,
                    prev => table[prev as usize - 1][NEXT] = link,
                }
                self.tail = link;
            }
        }
        self.len += 1;
    }

    /// Takes the block at one end off, which is in `state` then. Its word is what it was before.
    #[inline(always)]
    pub(crate) fn pop(
        &mut self,
        frames: &mut Frames,
        order: Order,
        end: End,
        state: State,
    ) -> Option<(Block, Word)> {
        let link = match end {
            End::Head => self.head,
            End::Tail => self.tail,
        };
        if link == 0 {
            return None;
        }
        let records = frames.records();
        let at = &mut records[link as usize - 1];
        let before = core::mem::replace(at, record(0, 0, Word::new(state, order)));
        match end {
            End::Head => self.joined(records, 0, before[NEXT]),
            End::Tail => self.joined(records, before[PREV], 0),
        }
        self.len -= 1;
        Some((frames.block_at(link - 1, order), word(before)))
    }

    /// Takes a block off, wherever it is, clears its state, and says what it was.
    #[inline]
    pub(crate) fn remove(&mut self, frames: &mut Frames, block: Block) -> Word {
        let position = frames.position(block);
        let records = frames.records();
        let before = core::mem::take(&mut records[position as usize]);
        self.joined(records, before[PREV], before[NEXT]);
        self.len -= 1;
        word(before)
    }

    /// Joins what were the neighbours of a record.
    #[inline(always)]
    fn joined(&mut self, records: &mut [Record], prev: u32, next: u32) {
        match prev {
            0 => self.head = next,
            prev => records[prev as usize - 1][NEXT] = next,
        }
        match next {
            0 => self.tail = prev,
            next => records[next as usize - 1][PREV] = prev,
        }
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
