//! Tickets: which name stands for which frames.

use std::collections::BTreeMap;

use pfnlab_model::{Block, Order, Pfn, PfnRange, Ticket};

/// What a live ticket names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A block that goes back in one piece.
    Block(Block),
    /// The same, allocated with `__GFP_COMP`: it cannot be split.
    Compound(Block),
    /// Frames in a row that go back one by one.
    Run(PfnRange),
}

impl Held {
    /// The frames.
    pub fn range(self) -> PfnRange {
        match self {
            Held::Block(block) | Held::Compound(block) => block.range(),
            Held::Run(range) => range,
        }
    }
}

/// The smallest part of a table that is made at once.
const FIRST_DENSE: u64 = 1 << 12;

/// The live tickets: a dense table from 0 on, which doubles as the numbers grow, and a map for
/// numbers far above it, so that a trace with one huge number costs no memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    dense: Vec<Option<Slot>>,
    sparse: BTreeMap<u64, Slot>,
}

/// What [`Held`] says, in 16 bytes.
#[derive(Clone, Copy, Debug)]
struct Slot {
    start: Pfn,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Block(Order),
    Compound(Order),
    Run(u32),
}

const _: () = assert!(size_of::<Option<Slot>>() == 16);

impl Slot {
    fn new(held: Held) -> Slot {
        let start = held.range().start();
        let shape = match held {
            Held::Block(block) => Shape::Block(block.order()),
            Held::Compound(block) => Shape::Compound(block.order()),
            // Fits: the driver made the run from a u32.
            Held::Run(range) => Shape::Run(range.frames() as u32),
        };
        Slot { start, shape }
    }

    fn held(self) -> Held {
        match self.shape {
            Shape::Block(order) => Held::Block(Block::containing(self.start, order)),
            Shape::Compound(order) => Held::Compound(Block::containing(self.start, order)),
            Shape::Run(frames) => Held::Run(PfnRange::sized(self.start, u64::from(frames))),
        }
    }
}

impl Tickets {
    /// What a ticket names.
    #[inline]
    pub(crate) fn get(&self, ticket: Ticket) -> Option<Held> {
        match self.dense.get(ticket.0 as usize) {
            Some(slot) => *slot,
            None => self.sparse.get(&ticket.0).copied(),
        }
        .map(Slot::held)
    }

    /// Takes what a ticket names; it names nothing afterwards.
    #[inline]
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Held> {
        match self.dense.get_mut(ticket.0 as usize) {
            Some(slot) => slot.take(),
            None => self.sparse.remove(&ticket.0),
        }
        .map(Slot::held)
    }

    /// Lets a ticket name something.
    #[inline]
    pub(crate) fn put(&mut self, ticket: Ticket, held: Held) {
        let slot = Slot::new(held);
        match self.dense.get_mut(ticket.0 as usize) {
            Some(empty) => *empty = Some(slot),
            None => self.put_outside(ticket, slot),
        }
    }

    #[cold]
    fn put_outside(&mut self, ticket: Ticket, slot: Slot) {
        let length = self.dense.len() as u64;
        let grown = (2 * length).max(FIRST_DENSE);
        if ticket.0 >= grown {
            self.sparse.insert(ticket.0, slot);
            return;
        }
        // Fits: it is at most twice the length of a table that exists.
        self.dense.resize(grown as usize, None);
        let above = self.sparse.split_off(&grown);
        for (number, slot) in std::mem::replace(&mut self.sparse, above) {
            self.dense[number as usize] = Some(slot);
        }
        self.dense[ticket.0 as usize] = Some(slot);
    }

    /// Every live ticket, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ticket, Held)> {
        let dense = (0..).zip(&self.dense);
        let dense = dense.filter_map(|(number, slot)| Some((number, (*slot)?)));
        let sparse = self.sparse.iter().map(|(&number, &slot)| (number, slot));
        dense
            .chain(sparse)
            .map(|(number, slot)| (Ticket(number), slot.held()))
    }
}
