//! The hot paths whose instructions are counted, one by one.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{Block, CpuId, Event, Gfp, Observer, Order, PageAllocator, Request};
use pfnlab_sim::Fingerprint;

use crate::peers::{Bitmap, BuddySlab, BuddySystem, Depot, FrameAlloc, Linux61, Linux612};
use crate::simulator::{Load, Loop};
use crate::work::Row;
use crate::{CpuTime, Machine, Peer, peers};

/// Calls `work`. A profiler counts what happens in here and nothing else.
#[inline(never)]
pub fn measured(work: &mut dyn FnMut()) {
    work();
}

/// A path through the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Nothing: what it costs to measure.
    Nothing,
    /// A frame from a per-CPU list.
    PcpAlloc,
    /// The same, every event counted.
    PcpAllocWatched,
    /// A frame to a per-CPU list.
    PcpFree,
    /// The same, every event counted.
    PcpFreeWatched,
    /// A frame from an empty per-CPU list: by frame fetched.
    Refill,
    /// The per-CPU lists back to the buddy: by frame.
    Drain,
    /// A block of the top order.
    Top,
    /// Its way back.
    TopFree,
    /// A block of order 4 where there are only larger ones, of the top order.
    Split,
    /// Its way back: six merges.
    Merge,
    /// A block of the top order for a type that has none.
    Claim,
    /// A request that no watermark lets in.
    Refused,
    /// The statistics of a CPU are folded.
    Tick,
    /// One operation of the simulator's loop: workload, driver, allocator, fingerprint, log.
    Simulator,
    /// The same, single frames.
    Churn,
}

/// A machine of 1 GiB.
const MACHINE: Machine = Machine::gib(1);
const CPU: CpuId = CpuId(0);
const USER: Request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE);
/// Counts in one run.
const TIMES: u64 = 200;
/// Operations of the simulator's loop before it is counted, and while it is.
const LOOP_OPS: usize = 500_000;

impl Path {
    /// Every path.
    pub const ALL: [Path; 16] = [
        Path::Nothing,
        Path::PcpAlloc,
        Path::PcpAllocWatched,
        Path::PcpFree,
        Path::PcpFreeWatched,
        Path::Refill,
        Path::Drain,
        Path::Top,
        Path::TopFree,
        Path::Split,
        Path::Merge,
        Path::Claim,
        Path::Refused,
        Path::Tick,
        Path::Simulator,
        Path::Churn,
    ];

    /// What to call it.
    pub fn name(self) -> &'static str {
        match self {
            Path::Nothing => "nothing",
            Path::PcpAlloc => "allocation from a per-CPU list",
            Path::PcpAllocWatched => "the same, events counted",
            Path::PcpFree => "free to a per-CPU list",
            Path::PcpFreeWatched => "the same, events counted",
            Path::Refill => "refill, by frame",
            Path::Drain => "drain, by frame",
            Path::Top => "order-10 allocation",
            Path::TopFree => "order-10 free",
            Path::Split => "order-4 allocation, 6 splits",
            Path::Merge => "order-4 free, 6 merges",
            Path::Claim => "order-10 allocation, claimed from another type",
            Path::Refused => "refusal by watermarks",
            Path::Tick => "statistics tick",
            Path::Simulator => "simulator loop, the tour, by operation",
            Path::Churn => "simulator loop, steady churn, by operation",
        }
    }

    /// Walks the path many times, each in [`measured`]. How many operations that was.
    ///
    /// # Panics
    /// When the allocator refuses what it must be able to do.
    pub fn walk(self, profile: &'static Profile) -> u64 {
        let mut bench = Bench::new(profile);
        match self {
            Path::Nothing => (0..TIMES).for_each(|_| measured(&mut || ())),
            Path::PcpAlloc => bench.pairs(USER, Which::Alloc, &mut ()),
            Path::PcpFree => bench.pairs(USER, Which::Free, &mut ()),
            Path::PcpAllocWatched => bench.pairs(USER, Which::Alloc, &mut Count::default()),
            Path::PcpFreeWatched => bench.pairs(USER, Which::Free, &mut Count::default()),
            Path::Refill => return bench.refills(),
            Path::Drain => return bench.drains(),
            Path::Top => bench.pairs(user(10), Which::Alloc, &mut ()),
            Path::TopFree => bench.pairs(user(10), Which::Free, &mut ()),
            Path::Split => bench.pairs(user(4), Which::Alloc, &mut ()),
            Path::Merge => bench.pairs(user(4), Which::Free, &mut ()),
            Path::Claim => return bench.claims(),
            Path::Refused => bench.refusals(),
            Path::Tick => bench.ticks(),
            Path::Simulator => return simulator(Load::Tour, profile),
            Path::Churn => return simulator(Load::Churn, profile),
        }
        TIMES
    }
}

/// Does one round of a row, the timed part in [`measured`], and says how many operations it was; 0:
/// the peer does not take part.
pub type RowCount = fn(Row) -> u64;

/// Who is counted in the rows of the table, and how.
pub const PEERS: [(&str, RowCount); 7] = [
    (Linux612::NAME, row::<Linux612>),
    (Linux61::NAME, row::<Linux61>),
    (BuddySlab::NAME, row::<BuddySlab>),
    (FrameAlloc::NAME, row::<FrameAlloc>),
    (Depot::NAME, row::<Depot>),
    (BuddySystem::NAME, row::<BuddySystem>),
    (Bitmap::NAME, row::<Bitmap>),
];

fn row<P: Peer + 'static>(row: Row) -> u64 {
    if !P::BLOCKS && !row.is_single() {
        return 0;
    }
    let mut round = row.rounds::<P>(MACHINE);
    CpuTime::count();
    round().ops
}

fn user(order: u8) -> Request {
    let order = Order::new(order).expect("an order");
    Request { order, ..USER }
}

/// Which half of a pair is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Alloc,
    Free,
}

/// Counts events, and the frames that refills fetch and drains give back.
#[derive(Default)]
struct Count {
    events: u64,
    frames: u64,
}

impl Observer for Count {
    #[inline]
    fn event(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::PcpRefilled { blocks: frames, .. } | Event::PcpDrained { frames, .. } => {
                self.frames += u64::from(frames);
            }
            _ => {}
        }
    }
}

struct Bench(Mm);

impl Bench {
    fn new(profile: &'static Profile) -> Bench {
        let machine = peers::booted(MACHINE);
        Bench(Mm::boot(&machine, profile, &Config::X86_64).expect("a plain machine"))
    }

    fn alloc(&mut self, request: Request) -> Block {
        self.0.alloc(&request, &mut ()).expect("there is memory")
    }

    fn free(&mut self, block: Block) {
        self.0.free(block, CPU, &mut ()).expect("it was handed out");
    }

    /// The same block, handed out and taken back.
    fn pairs(&mut self, request: Request, which: Which, observer: &mut impl Observer) {
        // Fetches a batch, so that the lists neither run dry nor overflow.
        let warm = self.alloc(request);
        self.free(warm);
        for _ in 0..TIMES {
            let mut got = None;
            let mut alloc = || got = self.0.alloc(&request, observer).ok();
            match which {
                Which::Alloc => measured(&mut alloc),
                Which::Free => alloc(),
            }
            let block = got.expect("there is memory");
            let mut free = || {
                self.0
                    .free(block, CPU, observer)
                    .expect("it was handed out");
            };
            match which {
                Which::Alloc => free(),
                Which::Free => measured(&mut free),
            }
        }
    }

    fn refills(&mut self) -> u64 {
        let mut fetched = Count::default();
        for _ in 0..TIMES {
            // Counted when it goes back: an observer costs, too.
            self.0.drain(CPU, &mut ());
            let mut block = None;
            measured(&mut || block = self.0.alloc(&USER, &mut ()).ok());
            self.free(block.expect("there is memory"));
            self.0.drain(CPU, &mut fetched);
        }
        fetched.frames
    }

    fn drains(&mut self) -> u64 {
        let mut fetched = Count::default();
        for _ in 0..TIMES {
            let block = self.0.alloc(&USER, &mut fetched).expect("there is memory");
            self.free(block);
            measured(&mut || self.0.drain(CPU, &mut ()));
        }
        fetched.frames
    }

    fn claims(&mut self) -> u64 {
        /// Two pageblocks at a time, out of 512.
        const CLAIMS: u64 = 100;
        let request = Request {
            gfp: Gfp::GFP_KERNEL,
            ..user(10)
        };
        for _ in 0..CLAIMS {
            let mut got = None;
            measured(&mut || got = self.0.alloc(&request, &mut ()).ok());
            got.expect("there is memory");
        }
        CLAIMS
    }

    fn refusals(&mut self) {
        while self.0.alloc(&USER, &mut ()).is_ok() {}
        let request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE.without(Gfp::DIRECT_RECLAIM));
        for _ in 0..TIMES {
            let mut refused = false;
            measured(&mut || refused = self.0.alloc(&request, &mut ()).is_err());
            assert!(refused, "the watermarks hold");
        }
    }

    fn ticks(&mut self) {
        for _ in 0..TIMES {
            let block = self.alloc(user(4));
            measured(&mut || self.0.vmstat_tick(CPU, &mut ()));
            self.free(block);
        }
    }
}

fn simulator(load: Load, profile: &'static Profile) -> u64 {
    let mut simulator = Loop::new(MACHINE, load, profile.name());
    let mut fingerprint = Fingerprint::new();
    simulator.run(LOOP_OPS, &mut fingerprint);
    measured(&mut || simulator.run(LOOP_OPS, &mut fingerprint));
    LOOP_OPS as u64
}
