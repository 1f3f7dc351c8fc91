//! A block: an aligned run of 2^order frames, the unit a buddy allocator deals in.

use core::fmt;

use crate::{Order, Pfn, PfnRange};

/// 2^order frames that start at a multiple of 2^order. Aligned by construction.
///
/// ```
/// use pfnlab_model::{Block, Order, Pfn};
/// let block = Block::new(Pfn::new(0x3f8), Order::new(3).unwrap()).unwrap();
/// assert_eq!(block.buddy().start(), Pfn::new(0x3f0));     // bit 3 flipped
/// assert_eq!(block.parent().unwrap().start(), Pfn::new(0x3f0));
/// assert_eq!(format!("{block:?}"), "pfn:0x3f8+2^3");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "(Pfn, Order)", into = "(Pfn, Order)")
)]
pub struct Block {
    start: Pfn,
    order: Order,
}

impl Block {
    /// The block of `order` that starts at `start`.
    ///
    /// # Errors
    /// When no block of that order can start there.
    pub const fn new(start: Pfn, order: Order) -> Result<Block, BlockError> {
        if start.is_aligned(order) {
            Ok(Block { start, order })
        } else {
            Err(BlockError { start, order })
        }
    }

    /// The block of `order` that holds `pfn`.
    pub const fn containing(pfn: Pfn, order: Order) -> Block {
        Block {
            start: pfn.align_down(order),
            order,
        }
    }

    /// The block of one frame.
    pub const fn page(pfn: Pfn) -> Block {
        Block {
            start: pfn,
            order: Order::ZERO,
        }
    }

    /// Its first frame.
    pub const fn start(self) -> Pfn {
        self.start
    }

    /// Its order.
    pub const fn order(self) -> Order {
        self.order
    }

    /// How many frames it holds.
    pub const fn frames(self) -> u64 {
        self.order.frames()
    }

    /// Its frames.
    pub const fn range(self) -> PfnRange {
        PfnRange::sized(self.start, self.order.frames())
    }

    /// The other half of its parent: the one bit at position `order` flipped
    /// (`__find_buddy_pfn`).
    pub const fn buddy(self) -> Block {
        Block {
            start: Pfn::new(self.start.get() ^ self.order.frames()),
            order: self.order,
        }
    }

    /// The block of the next order that holds it; `None` at [`Order::MAX`].
    pub const fn parent(self) -> Option<Block> {
        match self.order.up() {
            Some(order) => Some(Block::containing(self.start, order)),
            None => None,
        }
    }

    /// The blocks that hold it, up to one of [`Order::MAX`]: its parent first.
    pub fn parents(self) -> impl Iterator<Item = Block> {
        core::iter::successors(self.parent(), |block| block.parent())
    }

    /// Its lower and upper half; `None` for a single frame.
    pub const fn split(self) -> Option<(Block, Block)> {
        match self.order.down() {
            Some(order) => {
                let lower = Block {
                    start: self.start,
                    order,
                };
                Some((lower, lower.buddy()))
            }
            None => None,
        }
    }

    /// The blocks of at most order `most` that it is made of, ascending.
    ///
    /// ```
    /// use pfnlab_model::{Block, Order, Pfn};
    /// let order = |order| Order::new(order).unwrap();
    /// let block = Block::containing(Pfn::new(8), order(3));
    /// let starts: Vec<u64> = block.parts(order(2)).map(|part| part.start().get()).collect();
    /// assert_eq!(starts, [8, 12]);
    /// assert!(block.parts(order(9)).eq([block]));
    /// ```
    pub fn parts(self, most: Order) -> impl Iterator<Item = Block> {
        let order = self.order.min(most);
        let count = 1_u64 << (self.order.get() - order.get());
        (0..count).map(move |at| Block {
            start: self.start.offset(at << order.get()),
            order,
        })
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+2^{}", self.start, self.order)
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pfn:{self}")
    }
}

impl TryFrom<(Pfn, Order)> for Block {
    type Error = BlockError;
    fn try_from((start, order): (Pfn, Order)) -> Result<Block, BlockError> {
        Block::new(start, order)
    }
}

impl From<Block> for (Pfn, Order) {
    fn from(block: Block) -> (Pfn, Order) {
        (block.start, block.order)
    }
}

/// A start that is not a multiple of the block's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockError {
    /// Where the block would have started.
    pub start: Pfn,
    /// Of what order it would have been.
    pub order: Order,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BlockError { start, order } = self;
        write!(
            f,
            "no block of order {order} starts at {start}: not a multiple of {:#x}",
            order.frames()
        )
    }
}

impl core::error::Error for BlockError {}
