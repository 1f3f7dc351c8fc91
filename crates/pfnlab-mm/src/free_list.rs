//! A list of blocks of one order, linked through their records: it owns no memory.

use pfnlab_model::{Block, End, Order};

use crate::frames::{Frames, NEXT, PREV, State};

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
        frames.set(block, state);
        let table = frames.table(block.order());
        let (ours, theirs, outer, other) = match end {
            End::Head => (NEXT, PREV, &mut self.head, &mut self.tail),
            End::Tail => (PREV, NEXT, &mut self.tail, &mut self.head),
        };
        let record = &mut table[link as usize - 1];
        record[ours] = *outer;
        record[theirs] = 0;
        match *outer {
            0 => *other = link,
            neighbour => table[neighbour as usize - 1][theirs] = link,
        }
        *outer = link;
        self.len += 1;
    }

    /// Takes a block off, wherever it is, and clears its state.
    #[inline]
    pub(crate) fn remove(&mut self, frames: &mut Frames, block: Block) {
        let position = frames.position(block) as usize;
        let table = frames.table(block.order());
        let [next, prev, _] = table[position];
        table[position] = [0; 3];
        match prev {
            0 => self.head = next,
            prev => table[prev as usize - 1][NEXT] = next,
        }
        match next {
            0 => self.tail = prev,
            next => table[next as usize - 1][PREV] = prev,
        }
        self.len -= 1;
    }

    /// Its blocks, head first.
    pub(crate) fn iter<'a>(
        &self,
        frames: &'a Frames,
        order: Order,
    ) -> impl Iterator<Item = (Block, State)> + use<'a> {
        let mut link = self.head;
        core::iter::from_fn(move || {
            (link != 0).then(|| {
                let block = frames.block_at(link - 1, order);
                link = frames.next(block);
                (block, frames.state(block))
            })
        })
    }
}
