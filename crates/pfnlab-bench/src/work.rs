//! What is done in one round, and what of it is timed.

use std::time::Duration;

use pfnlab_sim::Stream;

use crate::{CpuTime, Machine, Peer};

/// One round: how long the timed part took, and of how many single operations it was.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// The timed part.
    pub time: Duration,
    /// Its operations: an allocation is one, a free is one.
    pub ops: u64,
}

/// Something that can be done again and again.
pub type Rounds = Box<dyn FnMut() -> Round>;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// All frames of a machine become free.
    Boot,
    /// Single frames until 90 % are handed out. Memory was used before, so the books are warm.
    BulkAlloc,
    /// They come back in random order.
    RandomFree,
    /// At 50 % full, the latest frame is freed and one is asked for, again and again.
    HotPairs,
    /// The same with any frame.
    RandomPairs,
    /// At 50 % full, 512 frames from anywhere are freed, then 512 asked for.
    Batches,
    /// At 70 % full, a block is freed and another one asked for; order 0 half of the time, 1 a
    /// quarter of it, up to 9.
    Mixed,
    /// Blocks of 512 frames until 90 % are handed out.
    HugeAlloc,
    /// They come back in random order.
    HugeFree,
}

impl Row {
    /// Every row, as the table has them.
    pub const ALL: [Row; 9] = [
        Row::Boot,
        Row::BulkAlloc,
        Row::RandomFree,
        Row::HotPairs,
        Row::RandomPairs,
        Row::Batches,
        Row::Mixed,
        Row::HugeAlloc,
        Row::HugeFree,
    ];

    /// What to call it.
    pub fn name(self) -> &'static str {
        match self {
            Row::Boot => "boot",
            Row::BulkAlloc => "order-0 bulk allocation",
            Row::RandomFree => "order-0 free in random order",
            Row::HotPairs => "free+alloc pairs, the latest frame, 50 % full",
            Row::RandomPairs => "free+alloc pairs, any frame, 50 % full",
            Row::Batches => "512 frees then 512 allocations, 50 % full",
            Row::Mixed => "mixed orders 0..9 geometric, 70 % full",
            Row::HugeAlloc => "order-9 allocation",
            Row::HugeFree => "order-9 free in random order",
        }
    }

    /// Whether all of its blocks are single frames.
    pub fn is_single(self) -> bool {
        !matches!(self, Row::Mixed | Row::HugeAlloc | Row::HugeFree)
    }

    /// Prepares it for a peer. What is returned does one round each time.
    ///
    /// # Panics
    /// When the peer refuses what it must be able to do.
    pub fn rounds<P: Peer + 'static>(self, machine: Machine) -> Rounds {
        match self {
            Row::Boot => boot::<P>(machine),
            Row::BulkAlloc => bulk::<P>(machine, 0, Half::Alloc),
            Row::RandomFree => bulk::<P>(machine, 0, Half::Free),
            Row::HotPairs => batches::<P>(machine, 1, Victims::Latest),
            Row::RandomPairs => batches::<P>(machine, 1, Victims::Any),
            Row::Batches => batches::<P>(machine, 512, Victims::Any),
            Row::Mixed => mixed::<P>(machine),
            Row::HugeAlloc => bulk::<P>(machine, 9, Half::Alloc),
            Row::HugeFree => bulk::<P>(machine, 9, Half::Free),
        }
    }
}

/// A peer and the memory it keeps its books in, which must outlive it.
struct Running<P: Peer> {
    peer: P,
    _memory: P::Memory,
}

impl<P: Peer> Running<P> {
    fn new(machine: Machine) -> Running<P> {
        let mut memory = P::memory(machine);
        let peer = P::boot(&mut memory);
        Running {
            peer,
            _memory: memory,
        }
    }

    /// A method, so that a closure that calls it owns the memory, too.
    fn peer(&mut self) -> &mut P {
        &mut self.peer
    }
}

fn boot<P: Peer + 'static>(machine: Machine) -> Rounds {
    Box::new(move || {
        let mut memory = P::memory(machine);
        let mut peer = None;
        let time = CpuTime::of(|| peer = Some(P::boot(&mut memory)));
        drop(peer);
        Round { time, ops: 1 }
    })
}

/// Which half of filling and emptying is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Alloc,
    Free,
}

fn bulk<P: Peer + 'static>(machine: Machine, order: u8, timed: Half) -> Rounds {
    let count = (machine.frames() >> order) / 10 * 9;
    let mut running = Running::<P>::new(machine);
    let mut held = vec![0; count as usize];
    let shuffled = shuffled(count as u32);
    let mut freed = vec![0; count as usize];
    let mut round = move |timed| {
        let peer = running.peer();
        let alloc = timed_if(timed == Half::Alloc, || {
            for slot in &mut held {
                *slot = must(peer.alloc(order));
            }
        });
        for (slot, &from) in freed.iter_mut().zip(&shuffled) {
            *slot = held[from as usize];
        }
        let free = timed_if(timed == Half::Free, || {
            for &start in &freed {
                peer.free(start, order);
            }
        });
        Round {
            time: alloc + free,
            ops: count,
        }
    };
    round(timed);
    Box::new(move || round(timed))
}

fn timed_if(timed: bool, mut work: impl FnMut()) -> Duration {
    if timed {
        return CpuTime::of(work);
    }
    work();
    Duration::ZERO
}

/// Which frames are freed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Victims {
    Latest,
    Any,
}

fn batches<P: Peer + 'static>(machine: Machine, size: usize, victims: Victims) -> Rounds {
    /// In a round.
    const FREES: usize = 1 << 18;
    let count = machine.frames() / 2;
    let mut running = Running::<P>::new(machine);
    let mut held: Vec<u64> = (0..count).map(|_| must(running.peer().alloc(0))).collect();
    if victims == Victims::Any {
        let shuffled = shuffled(count as u32);
        held = shuffled.iter().map(|&from| held[from as usize]).collect();
    }
    let mut at = 0;
    Box::new(move || {
        let peer = running.peer();
        let time = CpuTime::of(|| {
            for _ in 0..FREES / size {
                let batch = &mut held[at..at + size];
                for &start in &*batch {
                    peer.free(start, 0);
                }
                for slot in batch {
                    *slot = must(peer.alloc(0));
                }
                if victims == Victims::Any {
                    at = (at + size) % (count as usize / size * size);
                }
            }
        });
        let ops = 2 * FREES as u64;
        Round { time, ops }
    })
}

/// A block that is held, or the place of one that was refused.
#[derive(Clone, Copy)]
struct Slot {
    start: Option<u64>,
    order: u8,
}

fn mixed<P: Peer + 'static>(machine: Machine) -> Rounds {
    /// In a round.
    const STEPS: usize = 1 << 18;
    const MOST: u8 = 9;
    // The mean of 2^order: half a frame for each order below the last, and one for the last.
    let count = machine.frames() * 7 / 10 * 2 / (u64::from(MOST) + 2);
    let mut orders = Stream::new(1, "orders");
    let mut picks = Stream::new(1, "picks");
    let mut draw = move || orders.geometric(u32::from(MOST)) as u8;
    let mut running = Running::<P>::new(machine);
    let mut held: Vec<Slot> = (0..count)
        .map(|_| {
            let order = draw();
            let start = running.peer().alloc(order);
            Slot { start, order }
        })
        .collect();
    let mut steps = vec![(0_u32, 0_u8); STEPS];
    let mut first = true;
    let mut round = move || {
        for step in &mut steps {
            *step = (picks.below(count as u32), draw());
        }
        let peer = running.peer();
        let mut ops = 0;
        let time = CpuTime::of(|| {
            for &(at, order) in &steps {
                let slot = &mut held[at as usize];
                if let Some(start) = slot.start {
                    peer.free(start, slot.order);
                    ops += 1;
                }
                let start = peer.alloc(order);
                *slot = Slot { start, order };
                ops += 1;
            }
        });
        Round { time, ops }
    };
    // Some rounds pass before memory is as mixed as it stays.
    Box::new(move || {
        if std::mem::take(&mut first) {
            for _ in 0..4 {
                round();
            }
        }
        round()
    })
}

#[inline]
fn must(start: Option<u64>) -> u64 {
    start.expect("there is memory enough")
}

/// The numbers below `count` in random order.
fn shuffled(count: u32) -> Vec<u32> {
    let mut stream = Stream::new(1, "shuffle");
    let mut numbers: Vec<u32> = (0..count).collect();
    for at in (1..count).rev() {
        numbers.swap(at as usize, stream.below(at + 1) as usize);
    }
    numbers
}
