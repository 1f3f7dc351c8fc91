//! H2: how many huge frames are left after a long time.

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{Block, CpuId, Gfp, PageAllocator};
use pfnlab_sim::Stream;

use crate::bench::{Held, boot, cpu, drain, free_frames, huge_frames, request};
use crate::{Placed, Size, Trees};

const CPUS: u16 = 4;

const ROUNDS: u32 = 100;

/// Huge frames that are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HugeFrames {
    /// Before the rounds, then after each.
    pub free: Vec<u64>,
    /// Of all frames.
    pub all: u64,
    /// How many there could be, of what is free in the end.
    pub possible: u64,
}

/// What must be counted of an allocator.
trait Counted: PageAllocator {
    fn free_now(&self) -> u64;
    fn huge_now(&self) -> u64;
}

impl Counted for Mm {
    fn free_now(&self) -> u64 {
        free_frames(self)
    }
    fn huge_now(&self) -> u64 {
        huge_frames(self)
    }
}

impl Counted for Placed<Trees> {
    fn free_now(&self) -> u64 {
        self.free_frames()
    }
    fn huge_now(&self) -> u64 {
        self.whole_blocks()
    }
}

/// Under the newest Linux.
pub fn linux(size: Size, seed: u64) -> HugeFrames {
    let ram = size.of("0..8G", "0..256M");
    let mut mm = boot(&[ram], CPUS, Profile::NEWEST);
    run(&mut mm, seed)
}

/// Under placement by trees, of as many frames.
pub fn trees(size: Size, seed: u64) -> HugeFrames {
    let mut placed = Placed::new(size.of(8 << 18, 256 << 8), Trees::default());
    run(&mut placed, seed)
}

fn run(allocator: &mut impl Counted, seed: u64) -> HugeFrames {
    let mut picks = Stream::new(seed, "picks");
    let mut cpus = Stream::new(seed, "cpus");
    let mut held = Held::default();
    let before = allocator.free_now();
    let all = before / 512;
    let mut turn = 0;
    let mut take = |allocator: &mut _, held: &mut Held| -> bool {
        turn = (turn + 1) % CPUS;
        match get(allocator, CpuId(turn)) {
            Some(block) => {
                held.put(block);
                true
            }
            None => false,
        }
    };
    while held.frames() < before * 9 / 10 && take(allocator, &mut held) {}
    let give = |count: usize, allocator: &mut _, held: &mut Held, picks: &mut _, cpus: &mut _| {
        for _ in 0..count {
            if let Some(block) = held.draw(picks) {
                put(allocator, block, cpu(CPUS, cpus));
            }
        }
    };
    give(held.len() / 2, allocator, &mut held, &mut picks, &mut cpus);
    drain(allocator, CPUS);
    let mut free = vec![allocator.huge_now()];
    for _ in 0..ROUNDS {
        let tenth = held.len() / 10;
        give(tenth, allocator, &mut held, &mut picks, &mut cpus);
        (0..tenth).all(|_| take(allocator, &mut held));
        drain(allocator, CPUS);
        free.push(allocator.huge_now());
    }
    HugeFrames {
        free,
        all,
        possible: allocator.free_now() / 512,
    }
}

fn get(allocator: &mut impl PageAllocator, cpu: CpuId) -> Option<Block> {
    allocator
        .alloc(&request(Gfp::GFP_USER, 0, cpu), &mut ())
        .ok()
}

fn put(allocator: &mut impl PageAllocator, block: Block, cpu: CpuId) {
    allocator
        .free(block, cpu, &mut ())
        .expect("it was handed out");
}
