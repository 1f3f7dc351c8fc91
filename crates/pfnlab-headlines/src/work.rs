//! A busy machine whose memory is full of page cache: what H4 and the second half of H5 run.

use pfnlab_mm::Mm;
use pfnlab_model::{Block, ClientOp, Gfp, Inspect, LruList, MemoryOp, NodeId, Op, Ticket, ZoneId};
use pfnlab_sim::{Driver, Held, Outcome, Stream};

use crate::bench::{Fragmenting, cpu, request};
use crate::stealing::RECLAIMABLE;

pub(crate) const CPUS: u16 = 4;

const PAGE_CACHE: Gfp = Gfp::GFP_HIGHUSER_MOVABLE;
const HUGE: Gfp = Gfp::GFP_TRANSHUGE.union(Gfp::NORETRY);

/// kswapd runs after so many steps, if it was asked.
const KSWAPD_EVERY: u32 = 32;

/// How often half of the page cache is dropped and read anew before the first step.
const AGING: u32 = 3;

/// A kind of memory whose amount is bounded: who has it gives one back for one.
struct Bounded {
    tickets: Vec<Ticket>,
    frames: u64,
    most: u64,
}

impl Bounded {
    fn new(most: u64) -> Bounded {
        Bounded {
            tickets: Vec::new(),
            frames: 0,
            most,
        }
    }
}

fn low_marks(mm: &Mm) -> Vec<(ZoneId, i64)> {
    let zones = mm
        .snapshot()
        .zones
        .into_iter()
        .filter(|zone| zone.managed > 0);
    zones
        .map(|zone| (zone.id, zone.watermarks.low as i64))
        .collect()
}

/// The machine, and who has what of it.
pub(crate) struct Work {
    driver: Driver<Mm>,
    /// The low mark of every zone.
    low: Vec<(ZoneId, i64)>,
    seen: Fragmenting,
    next: u64,
    /// The page cache; some of it is given up already.
    cache: Vec<Ticket>,
    kinds: Stream,
    picks: Stream,
    /// Unmovable, and reclaimable.
    kernel: [Bounded; 2],
    huge: Bounded,
}

impl Work {
    /// Fills memory with page cache until a zone is below its low mark. Requests wait.
    pub(crate) fn new(mm: Mm, seed: u64) -> Work {
        let zones = mm.zones();
        let frames: u64 = zones
            .iter()
            .map(|&zone| mm.free_pages(zone).max(0) as u64)
            .sum();
        let mut work = Work {
            low: low_marks(&mm),
            driver: Driver::new(mm),
            seen: Fragmenting::default(),
            next: 0,
            cache: Vec::new(),
            kinds: Stream::new(seed, "kinds"),
            picks: Stream::new(seed, "picks"),
            kernel: [11, 4].map(|percent| Bounded::new(frames * percent / 100)),
            huge: Bounded::new(frames * 10 / 100),
        };
        work.step(Op::Memory(MemoryOp::Waiting {
            on: true,
            swap: false,
        }));
        while !work.is_low() {
            work.page_cache();
        }
        (0..AGING).for_each(|_| work.age());
        work.seen = Fragmenting::default();
        work
    }

    /// Half of the page cache, drawn at random, is dropped, and as much is read: afterwards pages that
    /// came one after the other do not lie side by side.
    fn age(&mut self) {
        let half = self.cache.len() / 2;
        for _ in 0..half {
            // Fits: there are fewer tickets than frames.
            let at = self.picks.below(self.cache.len() as u32) as usize;
            let ticket = self.cache.swap_remove(at);
            let cpu = cpu(CPUS, &mut self.picks);
            self.step(Op::Free {
                ticket,
                cpu,
                cold: false,
            });
        }
        (0..half).for_each(|_| self.page_cache());
    }

    /// Goes on for so many steps.
    pub(crate) fn run(&mut self, steps: u32) {
        for step in 0..steps {
            match self.kinds.below(100) {
                0..80 => self.page_cache(),
                80..94 => {
                    let order = self.kinds.geometric(2);
                    self.kernel(Gfp::GFP_KERNEL, order, 0);
                }
                94..98 => self.kernel(RECLAIMABLE, 0, 1),
                _ => self.huge(),
            }
            if step % KSWAPD_EVERY == 0 {
                let cpu = cpu(CPUS, &mut self.picks);
                let node = NodeId(0);
                self.step(Op::Memory(MemoryOp::Kswapd { node, cpu }));
            }
        }
    }

    /// What was seen.
    pub(crate) fn seen(&self) -> Fragmenting {
        self.seen
    }

    /// The machine.
    pub(crate) fn machine(&self) -> &Mm {
        self.driver.allocator()
    }

    /// What was asked for as unmovable.
    pub(crate) fn unmovable(&self) -> impl Iterator<Item = Block> {
        let held = |&ticket: &Ticket| match self.driver.held(ticket) {
            Some(Held::Block(block) | Held::Compound(block)) => Some(block),
            _ => None,
        };
        self.kernel[0].tickets.iter().filter_map(held)
    }

    fn step(&mut self, op: Op) -> Outcome {
        let outcome = self.driver.step_told(&op, &mut self.seen);
        outcome.expect("no ticket is used twice")
    }

    /// Whether a zone is below its low mark.
    fn is_low(&self) -> bool {
        let mm = self.driver.allocator();
        self.low
            .iter()
            .any(|&(zone, low)| mm.free_pages(zone) < low)
    }

    fn alloc(&mut self, gfp: Gfp, order: u32) -> Option<(Ticket, u64)> {
        self.next += 1;
        let ticket = Ticket(self.next);
        let request = request(gfp, order, cpu(CPUS, &mut self.picks));
        match self.step(Op::Alloc { ticket, request }) {
            Outcome::Lent(block) => Some((ticket, block.frames())),
            _ => None,
        }
    }

    fn page_cache(&mut self) {
        if let Some((ticket, _)) = self.alloc(PAGE_CACHE, 0) {
            let cpu = cpu(CPUS, &mut self.picks);
            let list = LruList::InactiveFile;
            self.step(Op::Client(ClientOp::LruAdd { ticket, list, cpu }));
            self.cache.push(ticket);
        }
    }

    fn kernel(&mut self, gfp: Gfp, order: u32, kind: usize) {
        let got = self.alloc(gfp, order);
        self.keep(got, |work| &mut work.kernel[kind]);
    }

    fn huge(&mut self) {
        let got = self.alloc(HUGE, 9);
        self.keep(got, |work| &mut work.huge);
    }

    /// Keeps what was got, and gives back what is too much.
    fn keep(&mut self, got: Option<(Ticket, u64)>, of: impl Fn(&mut Work) -> &mut Bounded) {
        if let Some((ticket, frames)) = got {
            let kind = of(self);
            kind.tickets.push(ticket);
            kind.frames += frames;
        }
        while of(self).frames > of(self).most {
            // Fits: there are fewer tickets than frames.
            let count = of(self).tickets.len() as u32;
            let at = self.picks.below(count) as usize;
            let ticket = of(self).tickets.swap_remove(at);
            let cpu = cpu(CPUS, &mut self.picks);
            let cold = false;
            if let Outcome::Freed(block) = self.step(Op::Free { ticket, cpu, cold }) {
                of(self).frames -= block.frames();
            }
        }
    }
}
