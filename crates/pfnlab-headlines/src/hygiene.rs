//! H5: whether movable pageblocks hold unmovable pages, and how many would if pages lay anywhere.

use std::collections::BTreeSet;

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{Block, Gfp, Inspect, MigrateType, PageAllocator, Pfn, Request};
use pfnlab_sim::Stream;

use crate::bench::{Held, boot, cpu, free_frames, request};
use crate::placed::BLOCK;
use crate::stealing::RECLAIMABLE;
use crate::work::{CPUS, Work};
use crate::{Placed, Scatter, Size, median};

/// Movable pageblocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mixed {
    /// Those that hold something that was asked for as unmovable.
    pub tainted: u64,
    /// All of them.
    pub movable: u64,
}

/// The median of all seeds.
///
/// # Panics
/// When there is no such profile.
pub fn medians(profile: &str, size: Size) -> Mixed {
    let profile = Profile::by_name(profile).expect("there is one");
    let runs = (0..size.of(8, 3)).map(|seed| run(profile, size, seed));
    median(&runs.collect::<Vec<_>>())
}

/// One run.
pub fn run(profile: &'static Profile, size: Size, seed: u64) -> Mixed {
    let mut mm = boot(&[size.of("0..2G", "0..512M")], CPUS, profile);
    let frames = free_frames(&mm);
    let steps = size.of(1_000_000, 200_000);
    let mut kinds = Stream::new(seed, "kinds");
    let mut picks = Stream::new(seed, "picks");
    // Movable, unmovable, reclaimable.
    let mut held = [(); 3].map(|()| Held::default());
    for step in 0..steps {
        let total: u64 = held.iter().map(Held::frames).sum();
        let want = level(step, steps) * frames / 100;
        // Three steps toward the level for one away from it.
        let toward = kinds.below(4) != 0;
        if toward == (total < want) {
            let (kind, gfp, order) = match kinds.below(10) {
                0..7 => (0, Gfp::GFP_HIGHUSER_MOVABLE, 0),
                7..9 => (1, Gfp::GFP_KERNEL, kinds.geometric(3)),
                _ => (2, RECLAIMABLE, 0),
            };
            if let Ok(block) = mm.alloc(&request(gfp, order, cpu(CPUS, &mut kinds)), &mut ()) {
                if kind == 0 {
                    mm.set_listed(block, true);
                }
                held[kind].put(block);
            }
        } else {
            let all: usize = held.iter().map(Held::len).sum();
            // Fits: there are fewer blocks than frames.
            let mut at = picks.below(all.max(1) as u32) as usize;
            let mut drawn = None;
            for (kind, held) in held.iter_mut().enumerate() {
                if at < held.len() {
                    drawn = held.draw(&mut picks).map(|block| (kind, block));
                    break;
                }
                at -= held.len();
            }
            if let Some((kind, block)) = drawn {
                if kind == 0 {
                    mm.set_listed(block, false);
                }
                mm.free(block, cpu(CPUS, &mut picks), &mut ())
                    .expect("it was handed out");
            }
        }
    }
    count(&mm, held[1].iter())
}

/// The same of a machine whose memory is full of page cache: the median of all seeds.
///
/// # Panics
/// When there is no such profile.
pub fn full_medians(profile: &str, size: Size) -> Mixed {
    let profile = Profile::by_name(profile).expect("there is one");
    let runs = (0..size.of(8, 3)).map(|seed| run_full(profile, size, seed));
    median(&runs.collect::<Vec<_>>())
}

/// One run of a machine whose memory is full of page cache.
pub fn run_full(profile: &'static Profile, size: Size, seed: u64) -> Mixed {
    let mm = boot(&[size.of("0..1G", "0..256M")], CPUS, profile);
    let mut work = Work::new(mm, seed);
    work.run(size.of(100_000, 20_000));
    count(work.machine(), work.unmovable())
}

/// Movable pageblocks, and those of them that hold one of these.
pub(crate) fn count(mm: &Mm, unmovable: impl Iterator<Item = Block>) -> Mixed {
    let pageblock = |pfn: Pfn| pfn.get() / BLOCK;
    let tainted: BTreeSet<u64> = unmovable
        .map(Block::start)
        .filter(|&pfn| mm.pageblock_type(pfn) == MigrateType::Movable)
        .map(pageblock)
        .collect();
    let snapshot = mm.snapshot();
    let types = snapshot
        .zones
        .iter()
        .filter_map(|zone| zone.pageblocks.as_ref());
    let movable = types.flat_map(|blocks| &blocks.types);
    Mixed {
        tainted: tainted.len() as u64,
        movable: movable
            .filter(|&&mt| mt == Some(MigrateType::Movable))
            .count() as u64,
    }
}

/// The part of memory that is to be held, in percent: eight waves from 50 to 80.
fn level(step: u64, steps: u64) -> u64 {
    let wave = steps / 8;
    let at = step % wave * 60 / wave;
    match at {
        0..=30 => 50 + at,
        _ => 110 - at,
    }
}

/// Blocks that hold something of `used` frames placed anywhere in `blocks` blocks: how many were
/// seen, and how many 1 − (1 − u)^512 of them are, rounded, with the variance of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anywhere {
    /// Seen.
    pub tainted: u64,
    /// Expected.
    pub expected: u64,
    /// The square of a standard deviation of it, n·p·(1 − p), rounded up.
    pub variance: u64,
}

/// One frame of every `sparse` is used, placed anywhere.
pub fn anywhere(size: Size, sparse: u64, seed: u64) -> Anywhere {
    let blocks: u64 = size.of(4096, 1024);
    let mut placed = Placed::new(blocks * BLOCK, Scatter::new(seed));
    for _ in 0..blocks * BLOCK / sparse {
        let got = placed.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ());
        got.expect("there is room");
    }
    // (1 − 1/sparse)^512, of 2^32.
    let clean = (0..BLOCK).fold(1_u64 << 32, |part, _| part - part / sparse);
    let expected_clean = (blocks * clean) >> 32;
    Anywhere {
        tainted: blocks - placed.whole_blocks(),
        expected: blocks - expected_clean,
        variance: expected_clean * (blocks - expected_clean) / blocks + 1,
    }
}
