//! Tickets: which name stands for which frames.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

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
    /// By frame: the ticket that was the last to name a block there, and 1. Once somebody asked. What
    /// it says may be long past: [`Tickets::naming`] looks.
    by_frame: Option<Vec<u64>>,
}

/// What [`Held`] says, in 8 bytes: a run of a large machine looks tickets up at random, and the more
/// of them the processor's cache holds, the faster it is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    start: u32,
    /// What kind it is, in the upper two bits, and its order or how many frames there are.
    shape: NonZeroU32,
}

const KIND: u32 = 3 << 30;
const BLOCK: NonZeroU32 = NonZeroU32::new(1 << 30).unwrap();
const COMPOUND: NonZeroU32 = NonZeroU32::new(2 << 30).unwrap();
/// Whoever has it has nothing against its being moved. Above every order and number of frames.
const MOVABLE: u32 = 1 << 29;
const RUN: NonZeroU32 = NonZeroU32::new(3 << 30).unwrap();

const _: () = assert!(size_of::<Option<Slot>>() == 8);

impl Slot {
    #[inline]
    fn new(held: Held) -> Slot {
        let (start, shape) = match held {
            Held::Block(block) => (block.start(), BLOCK | u32::from(block.order().get())),
            Held::Compound(block) => (block.start(), COMPOUND | u32::from(block.order().get())),
            // Fits: the driver allows 2^20 of them.
            Held::Run(range) => (range.start(), RUN | range.frames() as u32),
        };
        let start = u32::try_from(start.get()).expect("frames lie below Pfn::LIMIT");
        Slot { start, shape }
    }

    #[inline]
    fn held(self) -> Held {
        let start = Pfn::new(u64::from(self.start));
        let (kind, number) = (
            self.shape.get() & KIND,
            self.shape.get() & !(KIND | MOVABLE),
        );
        // Fits: an order was put there.
        let block = || Block::containing(start, Order::new(number as u8).unwrap_or(Order::MAX));
        if kind == BLOCK.get() {
            Held::Block(block())
        } else if kind == COMPOUND.get() {
            Held::Compound(block())
        } else {
            Held::Run(PfnRange::sized(start, u64::from(number)))
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

    /// Whether a ticket names something.
    #[inline]
    pub(crate) fn is_live(&self, ticket: Ticket) -> bool {
        match self.dense.get(ticket.0 as usize) {
            Some(slot) => slot.is_some(),
            None => self.sparse.contains_key(&ticket.0),
        }
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
        self.put_known(ticket, Slot::new(held));
    }

    /// Lets a ticket name something that can be moved.
    #[inline]
    pub(crate) fn put_movable(&mut self, ticket: Ticket, held: Held) {
        let Slot { start, shape } = Slot::new(held);
        let shape = shape | MOVABLE;
        self.put_known(ticket, Slot { start, shape });
    }

    #[inline]
    fn put_known(&mut self, ticket: Ticket, slot: Slot) {
        if self.by_frame.is_some() {
            self.note_frame(ticket, slot);
        }
        self.put_slot(ticket, slot);
    }

    /// From now on it is known which ticket names the block at a frame.
    pub(crate) fn index(&mut self) {
        if self.by_frame.is_some() {
            return;
        }
        let known: Vec<(Ticket, Slot)> = self.slots().collect();
        self.by_frame = Some(Vec::new());
        for (ticket, slot) in known {
            self.note_frame(ticket, slot);
        }
    }

    /// The ticket that names exactly this block, and whether it was asked for as memory that can be
    /// moved.
    pub(crate) fn naming(&self, block: Block) -> Option<(Ticket, bool)> {
        let at = usize::try_from(block.start().get()).ok()?;
        let ticket = Ticket(self.by_frame.as_ref()?.get(at)?.checked_sub(1)?);
        let slot = match self.dense.get(ticket.0 as usize) {
            Some(slot) => *slot,
            None => self.sparse.get(&ticket.0).copied(),
        };
        let slot = slot?;
        match slot.held() {
            Held::Block(held) | Held::Compound(held) if held == block => {
                Some((ticket, slot.shape.get() & MOVABLE != 0))
            }
            _ => None,
        }
    }

    #[cold]
    fn note_frame(&mut self, ticket: Ticket, slot: Slot) {
        if let Some(by_frame) = &mut self.by_frame {
            let at = slot.start as usize;
            if at >= by_frame.len() {
                by_frame.resize(at + 1, 0);
            }
            by_frame[at] = ticket.0 + 1;
        }
    }

    #[inline]
    fn put_slot(&mut self, ticket: Ticket, slot: Slot) {
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
        self.slots().map(|(ticket, slot)| (ticket, slot.held()))
    }

    fn slots(&self) -> impl Iterator<Item = (Ticket, Slot)> {
        let dense = (0..).zip(&self.dense);
        let dense = dense.filter_map(|(number, slot)| Some((number, (*slot)?)));
        let sparse = self.sparse.iter().map(|(&number, &slot)| (number, slot));
        dense
            .chain(sparse)
            .map(|(number, slot)| (Ticket(number), slot))
    }
}
