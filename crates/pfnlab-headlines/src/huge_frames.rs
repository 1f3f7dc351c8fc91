//! H2: how many huge frames are left after a long time. Eight threads free and allocate what is their own, as
//! in the program of the paper.

use std::ops::Range;

use pfnlab_mm::Mm;
use pfnlab_model::{
    Block, CpuId, Gfp, Inspect, Order, PageAllocator, Pfn, Sysctl, ZoneId, ZoneKind,
};
use pfnlab_sim::Stream;

use crate::bench::{KEPT_FREE, boot, drain, request, set, two_pieces};
use crate::{Placed, Placement, Size, Trees};

const THREADS: u16 = 8;
const ROUNDS: u32 = 100;
/// What a thread has first, in frames.
const HELD: u64 = 3_686_391;
/// Memory from 4 GiB on, in MiB: 32,113,236 frames.
const NORMAL: u64 = 125_442;
/// The zone all is asked of.
const ZONE: ZoneKind = ZoneKind::Normal;

/// Huge frames that are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HugeFrames {
    /// After each round.
    pub free: Vec<u64>,
    /// Of all frames that are free or held.
    pub all: u64,
    /// How many there could be, of what is free in the end.
    pub possible: u64,
}

impl HugeFrames {
    /// After the first round.
    pub fn first(&self) -> u64 {
        self.free[0]
    }

    /// After the last.
    pub fn last(&self) -> u64 {
        self.free[self.free.len() - 1]
    }
}

/// When the lists of CPUs are emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Never, as it was published.
    Never,
    /// In every round, when all have freed a tenth.
    Freed,
    /// After every round.
    Through,
}

/// In what forms of the workload differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// All is divided by this: 1, or a power of two.
    pub part: u64,
    /// When the lists of CPUs are emptied.
    pub drained: Drained,
}

impl Form {
    /// The published one; small, a 128th of it.
    pub const fn published(size: Size) -> Form {
        Form {
            part: match size {
                Size::Full => 1,
                Size::Small => 128,
            },
            drained: Drained::Never,
        }
    }
}

/// Under a generation of Linux.
///
/// # Panics
/// When there is no such profile.
pub fn linux(profile: &str, form: Form, seed: u64) -> HugeFrames {
    let ram = two_pieces(NORMAL, form.part);
    let mut mm = boot(&ram.each_ref().map(String::as_str), THREADS, profile);
    set(&mut mm, Sysctl::MinFreeKbytes, KEPT_FREE / form.part);
    run(&mut mm, form, seed)
}

/// Under placement by trees, of as many frames.
pub fn trees(form: Form, seed: u64) -> HugeFrames {
    placed(Trees::default(), form, seed)
}

/// Under a placement of one's own, of as many frames.
///
/// ```
/// use pfnlab_headlines::huge_frames::{self, Form};
/// use pfnlab_headlines::{Placement, Room, Size};
/// use pfnlab_model::CpuId;
///
/// /// Every CPU fills a block to the end, and then turns to the fullest that no other fills.
/// #[derive(Default)]
/// struct ToTheEnd {
///     own: Vec<Option<usize>>,
/// }
///
/// impl Placement for ToTheEnd {
///     fn place(&mut self, cpu: CpuId, room: &Room) -> Option<(usize, u64)> {
///         self.own.resize(self.own.len().max(cpu.index() + 1), None);
///         let kept = self.own[cpu.index()].filter(|&block| room.free(block) > 0);
///         let with_room = (0..room.blocks()).filter(|&block| room.free(block) > 0);
///         let taken = |block: &usize| self.own.contains(&Some(*block));
///         let best = || with_room.min_by_key(|block| (taken(block), room.free(*block)));
///         self.own[cpu.index()] = kept.or_else(best);
///         self.own[cpu.index()].map(|block| (block, 0))
///     }
/// }
///
/// let form = Form { part: 1024, ..Form::published(Size::Small) };
/// let own = huge_frames::placed(ToTheEnd::default(), form, 1);
/// let linux = huge_frames::linux("linux-6.1.y", form, 1);
/// assert!(own.last() > linux.last());
/// ```
pub fn placed(policy: impl Placement, form: Form, seed: u64) -> HugeFrames {
    let frames = (NORMAL << 8) / form.part;
    run(&mut Placed::new(frames, policy), form, seed)
}

/// What must be counted of an allocator.
trait Counted: PageAllocator {
    /// Frames that are free.
    fn free_now(&self) -> u64;
    /// Huge frames that are free.
    fn huge_now(&self) -> u64;
}

impl Counted for Mm {
    fn free_now(&self) -> u64 {
        self.free_pages(normal(self)).max(0) as u64
    }
    fn huge_now(&self) -> u64 {
        let zone = normal(self);
        let blocks = |order: u8| self.free_blocks(zone, Order::new(order).expect("there is one"));
        blocks(9) + 2 * blocks(10)
    }
}

fn normal(mm: &Mm) -> ZoneId {
    let zones = mm.zones();
    let zone = zones.into_iter().find(|zone| zone.kind == ZONE);
    zone.expect("there is memory from 4 GiB on")
}

impl<P: Placement> Counted for Placed<P> {
    fn free_now(&self) -> u64 {
        self.free_frames()
    }
    fn huge_now(&self) -> u64 {
        self.whole_blocks()
    }
}

fn run(allocator: &mut impl Counted, form: Form, seed: u64) -> HugeFrames {
    let mut threads = Threads::new(allocator, HELD / form.part);
    threads.shuffle(&mut Stream::new(seed, "shuffle"));
    threads.halve(allocator);
    let mut picks = Stream::new(seed, "picks");
    let mut free = Vec::new();
    for _ in 0..ROUNDS {
        let freed = threads.free_a_tenth(allocator, &mut picks);
        if form.drained == Drained::Freed {
            drain(allocator, THREADS);
        }
        threads.allocate(allocator, freed);
        if form.drained == Drained::Through {
            drain(allocator, THREADS);
        }
        free.push(allocator.huge_now());
    }
    let now = allocator.free_now();
    HugeFrames {
        free,
        all: (now + threads.frames()) / 512,
        possible: now / 512,
    }
}

/// What each thread has. A thread's number is that of its CPU.
struct Threads {
    held: Vec<Vec<Pfn>>,
}

impl Threads {
    /// Each has so many frames. They take turns.
    fn new(allocator: &mut impl PageAllocator, each: u64) -> Threads {
        let mut held = vec![Vec::new(); usize::from(THREADS)];
        for _ in 0..each {
            for (thread, own) in held.iter_mut().enumerate() {
                own.push(get(allocator, thread));
            }
        }
        Threads { held }
    }

    /// Frame by frame of all, each changes places with one drawn.
    fn shuffle(&mut self, draws: &mut Stream) {
        let threads = self.held.len();
        let all = threads * self.held[0].len();
        for at in 0..all {
            // Fits: there are fewer than 2^32 frames.
            let other = draws.below(all as u32) as usize;
            let mine = self.held[at % threads][at / threads];
            let theirs = std::mem::replace(&mut self.held[other % threads][other / threads], mine);
            self.held[at % threads][at / threads] = theirs;
        }
    }

    /// The latter half of what each has is freed.
    fn halve(&mut self, allocator: &mut impl PageAllocator) {
        let half = self.held[0].len() / 2;
        for at in half..self.held[0].len() {
            for (thread, own) in self.held.iter().enumerate() {
                put(allocator, own[at], thread);
            }
        }
        self.held.iter_mut().for_each(|own| own.truncate(half));
    }

    /// Each frees a tenth of what it has, drawn at random; what it kept comes first. Says what was freed of each.
    fn free_a_tenth(
        &mut self,
        allocator: &mut impl PageAllocator,
        picks: &mut Stream,
    ) -> Range<usize> {
        let each = self.held[0].len();
        let kept = each - each / 10;
        for left in (kept..each).rev() {
            for (thread, own) in self.held.iter_mut().enumerate() {
                // Fits: there are fewer than 2^32 frames.
                own.swap(picks.below(left as u32 + 1) as usize, left);
                put(allocator, own[left], thread);
            }
        }
        kept..each
    }

    /// Each has as many anew.
    fn allocate(&mut self, allocator: &mut impl PageAllocator, freed: Range<usize>) {
        for at in freed {
            for (thread, own) in self.held.iter_mut().enumerate() {
                own[at] = get(allocator, thread);
            }
        }
    }

    fn frames(&self) -> u64 {
        self.held.iter().map(|own| own.len() as u64).sum()
    }
}

fn get(allocator: &mut impl PageAllocator, thread: usize) -> Pfn {
    let gfp = Gfp::GFP_HIGHUSER_MOVABLE.union(Gfp::THISNODE);
    let request = request(gfp, 0, CpuId(thread as u16));
    let got = allocator.alloc(&request, &mut ());
    got.expect("half of memory is free").start()
}

fn put(allocator: &mut impl PageAllocator, frame: Pfn, thread: usize) {
    allocator
        .free(Block::page(frame), CpuId(thread as u16), &mut ())
        .expect("it was handed out");
}
