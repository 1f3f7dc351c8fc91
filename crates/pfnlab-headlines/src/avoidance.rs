//! H4: what it helps to go to another zone rather than mix types, and to make room early.

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    ClientOp, Gfp, Inspect, LruList, MemoryOp, NodeId, Op, PageAllocator, Sysctl, Ticket, ZoneId,
};
use pfnlab_sim::{Driver, Outcome, Stream};

use crate::bench::{Fragmenting, boot, cpu, request};
use crate::stealing::RECLAIMABLE;
use crate::{Size, median};

const CPUS: u16 = 4;

/// What is asked for, and how many of 100 requests ask for it.
const PAGE_CACHE: Gfp = Gfp::GFP_HIGHUSER_MOVABLE;
const HUGE: Gfp = Gfp::GFP_TRANSHUGE.union(Gfp::NORETRY);

/// kswapd runs after so many steps, if it was asked.
const KSWAPD_EVERY: u32 = 32;

/// Fragmenting fallbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoidance {
    /// Types are mixed as they come.
    pub none: u64,
    /// Another zone is asked first.
    pub other_zone: u64,
    /// And room is made after every mixing.
    pub boost: u64,
}

/// The medians of all seeds.
///
/// # Panics
/// When there is no seed.
pub fn medians(size: Size) -> Avoidance {
    let of = |name: &str, boost: u64| {
        let mut all = Profile::ALL.iter().chain(Profile::VARIANTS);
        let profile = all
            .find(|profile| profile.name() == name)
            .expect("there is one");
        let runs = (0..size.of(8, 3)).map(|seed| run(profile, boost, size, seed).all);
        median(&runs.collect::<Vec<_>>())
    };
    Avoidance {
        none: of("linux-5.0", 0),
        other_zone: of("linux-5.0+nofragment", 0),
        boost: of("linux-5.0+nofragment", 15_000),
    }
}

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

/// One run.
pub fn run(profile: &'static Profile, boost: u64, size: Size, seed: u64) -> Fragmenting {
    let ram = size.of(["3584M..4G", "4G..4608M"], ["3968M..4G", "4G..4224M"]);
    let mut mm = boot(&ram, CPUS, profile);
    mm.sysctl(Sysctl::WatermarkBoostFactor, boost, &mut ())
        .expect("5.0 has boosts");
    let frames: u64 = mm
        .zones()
        .iter()
        .map(|&zone| mm.free_pages(zone).max(0) as u64)
        .sum();
    let mut work = Work {
        low: low_marks(&mm),
        driver: Driver::new(mm),
        seen: Fragmenting::default(),
        next: 0,
        kinds: Stream::new(seed, "kinds"),
        picks: Stream::new(seed, "picks"),
        kernel: Bounded::new(frames * 15 / 100),
        huge: Bounded::new(frames * 10 / 100),
    };
    work.step(Op::Memory(MemoryOp::Waiting {
        on: true,
        swap: false,
    }));
    while !work.is_low() {
        work.page_cache();
    }
    work.seen = Fragmenting::default();
    for step in 0..size.of(100_000, 20_000) {
        match work.kinds.below(100) {
            0..80 => work.page_cache(),
            80..94 => {
                let order = work.kinds.geometric(2);
                work.kernel(Gfp::GFP_KERNEL, order);
            }
            94..98 => work.kernel(RECLAIMABLE, 0),
            _ => work.huge(),
        }
        if step % KSWAPD_EVERY == 0 {
            let cpu = cpu(CPUS, &mut work.picks);
            let node = NodeId(0);
            work.step(Op::Memory(MemoryOp::Kswapd { node, cpu }));
        }
    }
    work.seen
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

struct Work {
    driver: Driver<Mm>,
    /// The low mark of every zone.
    low: Vec<(ZoneId, i64)>,
    seen: Fragmenting,
    next: u64,
    kinds: Stream,
    picks: Stream,
    kernel: Bounded,
    huge: Bounded,
}

impl Work {
    fn step(&mut self, op: Op) -> Outcome {
        let outcome = self.driver.step(&op, &mut self.seen);
        outcome.expect("no ticket is used twice")
    }

    /// Whether every zone is below its low mark.
    fn is_low(&self) -> bool {
        let mm = self.driver.allocator();
        self.low
            .iter()
            .all(|&(zone, low)| mm.free_pages(zone) < low)
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
        }
    }

    fn kernel(&mut self, gfp: Gfp, order: u32) {
        let got = self.alloc(gfp, order);
        self.keep(got, |work| &mut work.kernel);
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
