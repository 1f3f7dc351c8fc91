//! H2 as the program of the paper has it: eight threads free and allocate what is their own.

use pfnlab_mm::Mm;
use pfnlab_model::{
    Block, CpuId, Gfp, Inspect, Order, PageAllocator, Pfn, Sysctl, ZoneId, ZoneKind,
};
use pfnlab_sim::Stream;

use crate::bench::{boot, named, request, set};
use crate::huge_frames::HugeFrames;
use crate::{Placed, Size, Trees};

const THREADS: u16 = 8;
const ROUNDS: u32 = 100;
/// What a thread has first, in frames.
const HELD: u64 = 3_686_391;
/// Memory from 4 GiB on, in MiB: 32,113,236 frames.
const NORMAL: u64 = 125_442;
/// And below, in MiB.
const BELOW: u64 = 3 * 1024;
/// What such a machine keeps free for huge pages, in KiB.
const KEPT_FREE: u64 = 67_584;
/// The zone all is asked of.
const ZONE: ZoneKind = ZoneKind::Normal;

/// All is divided by this.
fn part(size: Size) -> u64 {
    size.of(1, 128)
}

/// Under a generation of Linux.
///
/// # Panics
/// When there is no such profile.
pub fn linux(profile: &str, size: Size, seed: u64) -> HugeFrames {
    let part = part(size);
    let below = format!("{}M..4G", 4096 - BELOW / part);
    let below = size.of("0..3G", below.as_str());
    let above = format!("4G..{}M", 4096 + NORMAL / part);
    let mut mm = boot(&[below, &above], THREADS, named(profile));
    set(&mut mm, Sysctl::MinFreeKbytes, KEPT_FREE / part);
    run(&mut mm, part, seed)
}

/// Under placement by trees, of as many frames.
pub fn trees(size: Size, seed: u64) -> HugeFrames {
    let part = part(size);
    run(
        &mut Placed::new((NORMAL << 8) / part, Trees::default()),
        part,
        seed,
    )
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

impl Counted for Placed<Trees> {
    fn free_now(&self) -> u64 {
        self.free_frames()
    }
    fn huge_now(&self) -> u64 {
        self.whole_blocks()
    }
}

fn run(allocator: &mut impl Counted, part: u64, seed: u64) -> HugeFrames {
    let mut threads = Threads::new(allocator, HELD / part);
    threads.shuffle(&mut Stream::new(seed, "shuffle"));
    threads.halve(allocator);
    let mut picks = Stream::new(seed, "picks");
    let mut free = Vec::new();
    for _ in 0..ROUNDS {
        threads.round(allocator, &mut picks);
        free.push(allocator.huge_now());
    }
    let now = allocator.free_now();
    HugeFrames {
        free,
        all: (now + threads.held.iter().map(|own| own.len() as u64).sum::<u64>()) / 512,
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

    /// Each frees a tenth, and then has as many anew.
    fn round(&mut self, allocator: &mut impl PageAllocator, picks: &mut Stream) {
        let each = self.held[0].len();
        let kept = each - each / 10;
        for left in (kept..each).rev() {
            for (thread, own) in self.held.iter_mut().enumerate() {
                // Fits: there are fewer than 2^32 frames.
                own.swap(picks.below(left as u32 + 1) as usize, left);
                put(allocator, own[left], thread);
            }
        }
        for at in kept..each {
            for (thread, own) in self.held.iter_mut().enumerate() {
                own[at] = get(allocator, thread);
            }
        }
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
