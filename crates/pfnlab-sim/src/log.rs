//! A log: what came of every operation, 8 bytes each.

use pfnlab_model::{Address, AllocError, Block, CpuId, Gfp, MemoryError, Order, Pfn, PfnRange};

use crate::{Outcome, RefusalKind};

/// What came of every operation, in order; the operations themselves are elsewhere, in a trace or
/// a seed. Nothing is lost of frames below [`Pfn::LIMIT`].
///
/// ```
/// use pfnlab_model::{AllocError, Block, Order, Pfn};
/// use pfnlab_sim::{Log, Outcome};
/// let outcomes = [
///     Outcome::Lent(Block::containing(Pfn::new(0x2f0), Order::new(4).unwrap())),
///     Outcome::Refused(AllocError::Watermark(Order::ZERO)),
/// ];
/// let mut log = Log::default();
/// outcomes.iter().for_each(|outcome| log.push(outcome));
/// assert!(log.iter().eq(outcomes));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log(Vec<Entry>);

/// An [`Outcome`]:
///
/// ```text
///   63          8 7      4 3    0
///   [   value    | detail | kind ]      lent, 0x2f0 of order 4: 2f0 4 0
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(u64);

const LENT: u8 = 0;
const FREED: u8 = 1;
const SPLIT: u8 = 2;
const KEPT: u8 = 3;
const EXACT: u8 = 4;
const FREED_RUN: u8 = 5;
const OBJECT: u8 = 6;
const OBJECT_FREED: u8 = 7;
const REFUSED: u8 = 8;
const BULK: u8 = 9;
const SKIPPED: u8 = 10;
const DONE: u8 = 11;
const REJECTED: u8 = 12;
const UNSUPPORTED: u8 = 13;
const FAILED: u8 = 14;

/// A run's start stands above its length, which the driver keeps within 2^20.
const LENGTH_BITS: u32 = 21;

impl Log {
    /// Adds what came of an operation.
    #[inline]
    pub fn push(&mut self, outcome: &Outcome) {
        self.0.push(Entry::of(outcome));
    }

    /// All of it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Outcome> {
        self.0.iter().map(|entry| entry.outcome())
    }

    /// Forgets all of it, but keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Entry {
    #[inline]
    fn new(kind: u8, detail: u8, value: u64) -> Entry {
        Entry(value << 8 | u64::from(detail << 4 | kind))
    }

    #[inline]
    fn of(outcome: &Outcome) -> Entry {
        let block = |kind, block: Block| Entry::new(kind, block.order().get(), block.start().get());
        let run = |kind, run: PfnRange| {
            Entry::new(kind, 0, run.start().get() << LENGTH_BITS | run.frames())
        };
        match *outcome {
            Outcome::Lent(lent) => block(LENT, lent),
            Outcome::Freed(freed) => block(FREED, freed),
            Outcome::Split(split) => block(SPLIT, split),
            Outcome::Kept(kept) => block(KEPT, kept),
            Outcome::Exact(range) => run(EXACT, range),
            Outcome::FreedRun(range) => run(FREED_RUN, range),
            Outcome::Object(at) => Entry::new(OBJECT, 0, at.get()),
            Outcome::ObjectFreed(at) => Entry::new(OBJECT_FREED, 0, at.get()),
            Outcome::Refused(error) => Entry::refused(error),
            Outcome::Failed(error) => Entry::failed(error),
            Outcome::Bulk { got } => Entry::new(BULK, 0, u64::from(got)),
            Outcome::Skipped => Entry::new(SKIPPED, 0, 0),
            Outcome::Done => Entry::new(DONE, 0, 0),
            Outcome::Rejected => Entry::new(REJECTED, 0, 0),
            Outcome::Unsupported => Entry::new(UNSUPPORTED, 0, 0),
        }
    }

    fn refused(error: AllocError) -> Entry {
        let value = match error {
            AllocError::TooLarge(order)
            | AllocError::Watermark(order)
            | AllocError::Exhausted(order)
            | AllocError::OutOfMemory(order) => u64::from(order.get()),
            AllocError::Contradiction(gfp) => u64::from(gfp.bits()),
            AllocError::NoCpu(cpu) => u64::from(cpu.0),
            AllocError::NoZone | AllocError::Unsupported => 0,
        };
        Entry::new(REFUSED, RefusalKind::from(error) as u8, value)
    }

    fn failed(error: MemoryError) -> Entry {
        let (detail, value) = match error {
            MemoryError::NotWhole(pfn) => (0, pfn.get()),
            MemoryError::Exists(pfn) => (1, pfn.get()),
            MemoryError::NotThere(pfn) => (2, pfn.get()),
            MemoryError::Nowhere(number) => (3, u64::from(number)),
            MemoryError::Zone(pfn) => (4, pfn.get()),
            MemoryError::Busy(pfn) => (5, pfn.get()),
            MemoryError::Stuck(pfn) => (6, pfn.get()),
            MemoryError::TooLarge(pfn) => (7, pfn.get()),
            // The objection, without its kind: 36 bits.
            MemoryError::Vetoed(why) => (8, Entry::refused(why).0 >> 4),
            MemoryError::AreaFull(frames) => (9, u64::from(frames)),
            MemoryError::Unsupported => (10, 0),
        };
        Entry::new(FAILED, detail, value)
    }

    fn outcome(self) -> Outcome {
        let (kind, detail, value) = (self.0 as u8 & 15, self.0 as u8 >> 4, self.0 >> 8);
        let block = || Block::containing(Pfn::new(value), order(detail));
        let run = || {
            let length = value & ((1 << LENGTH_BITS) - 1);
            PfnRange::sized(Pfn::new(value >> LENGTH_BITS), length)
        };
        match kind {
            LENT => Outcome::Lent(block()),
            FREED => Outcome::Freed(block()),
            SPLIT => Outcome::Split(block()),
            KEPT => Outcome::Kept(block()),
            EXACT => Outcome::Exact(run()),
            FREED_RUN => Outcome::FreedRun(run()),
            OBJECT => Outcome::Object(Address::within(Pfn::new(0), value)),
            OBJECT_FREED => Outcome::ObjectFreed(Address::within(Pfn::new(0), value)),
            REFUSED => Outcome::Refused(refusal(detail, value)),
            // What follows fits: it was put there.
            BULK => Outcome::Bulk { got: value as u32 },
            SKIPPED => Outcome::Skipped,
            DONE => Outcome::Done,
            REJECTED => Outcome::Rejected,
            FAILED => Outcome::Failed(failure(detail, value)),
            _ => Outcome::Unsupported,
        }
    }
}

fn refusal(detail: u8, value: u64) -> AllocError {
    match RefusalKind::ALL[usize::from(detail)] {
        RefusalKind::TooLarge => AllocError::TooLarge(order(value as u8)),
        RefusalKind::Contradiction => {
            AllocError::Contradiction(Gfp::from_bits(value as u32).expect("flags were put there"))
        }
        RefusalKind::NoZone => AllocError::NoZone,
        RefusalKind::Watermark => AllocError::Watermark(order(value as u8)),
        RefusalKind::Exhausted => AllocError::Exhausted(order(value as u8)),
        RefusalKind::OutOfMemory => AllocError::OutOfMemory(order(value as u8)),
        RefusalKind::NoCpu => AllocError::NoCpu(CpuId(value as u16)),
        RefusalKind::Unsupported => AllocError::Unsupported,
    }
}

fn failure(detail: u8, value: u64) -> MemoryError {
    let pfn = Pfn::new(value);
    match detail {
        0 => MemoryError::NotWhole(pfn),
        1 => MemoryError::Exists(pfn),
        2 => MemoryError::NotThere(pfn),
        // This and the others fit: they were put there.
        3 => MemoryError::Nowhere(value as u32),
        4 => MemoryError::Zone(pfn),
        5 => MemoryError::Busy(pfn),
        6 => MemoryError::Stuck(pfn),
        7 => MemoryError::TooLarge(pfn),
        8 => MemoryError::Vetoed(refusal(value as u8 & 15, value >> 4)),
        9 => MemoryError::AreaFull(value as u32),
        _ => MemoryError::Unsupported,
    }
}

fn order(order: u8) -> Order {
    Order::new(order).expect("an order was put there")
}
