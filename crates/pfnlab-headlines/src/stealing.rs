//! H3: what it helps to take the rest of a pageblock along.

use std::fmt;

use pfnlab_mm::Mm;
use pfnlab_model::{Gfp, PageAllocator};
use pfnlab_sim::Stream;

use crate::bench::{Fragmenting, Held, boot, cpu, free_frames, request};
use crate::{Size, median};

const CPUS: u16 = 2;

/// What the workload is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The part of memory that is held at most, in percent.
    pub level: u64,
    /// Shares of movable, unmovable and reclaimable memory, in percent.
    pub shares: [u64; 3],
    /// The largest order of an unmovable block.
    pub most_order: u32,
}

impl Form {
    /// What the page describes.
    pub const FIRST: Form = Form {
        level: 95,
        shares: [70, 20, 10],
        most_order: 3,
    };
}

/// The first of them: its frames are on lists, as pages of files and of programs are.
const MOVABLE: usize = 0;

const FLAGS: [Gfp; 3] = [Gfp::GFP_HIGHUSER_MOVABLE, Gfp::GFP_KERNEL, RECLAIMABLE];

/// What may be given up when memory is short.
pub(crate) const RECLAIMABLE: Gfp = Gfp::GFP_KERNEL.union(Gfp::RECLAIMABLE);

/// Fragmenting fallbacks for unmovable requests, and of these from movable pageblocks: with what 3.8
/// did, and with what 4.14 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stealing {
    /// The rest of the pageblock stays.
    pub without: (u64, u64),
    /// It is taken along.
    pub with: (u64, u64),
}

impl fmt::Display for Stealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stealing { without, with } = self;
        write!(
            f,
            "unmovable {} -> {}, from movable {} -> {}",
            without.0, with.0, without.1, with.1
        )
    }
}

/// The medians of so many seeds.
///
/// # Panics
/// When there is no seed.
pub fn medians(form: Form, size: Size, seeds: u64) -> Stealing {
    let of = |name: &str| {
        let runs = (0..seeds).map(|seed| run(name, form, size, seed));
        let runs: Vec<Fragmenting> = runs.collect();
        let unmovable: Vec<u64> = runs.iter().map(|run| run.unmovable).collect();
        let from_movable: Vec<u64> = runs.iter().map(|run| run.from_movable).collect();
        (median(&unmovable), median(&from_movable))
    };
    Stealing {
        without: of("linux-4.14+steals-as-3.8"),
        with: of("linux-4.14"),
    }
}

/// One run.
///
/// # Panics
/// When there is no such profile.
pub fn run(profile: &str, form: Form, size: Size, seed: u64) -> Fragmenting {
    let mut mm = boot(&["0..512M"], CPUS, profile);
    let mut seen = Fragmenting::default();
    let mut held = [(); 3].map(|()| Held::default());
    let mut kinds = Stream::new(seed, "kinds");
    let mut picks = Stream::new(seed, "picks");
    let limit = free_frames(&mm) * form.level / 100;
    while total(&held) < limit {
        match mm.alloc(&request(FLAGS[MOVABLE], 0, cpu(CPUS, &mut picks)), &mut ()) {
            Ok(block) => {
                mm.set_listed(block, true);
                held[MOVABLE].put(block);
            }
            Err(_) => break,
        }
    }
    for _ in 0..size.of(200_000, 40_000) {
        let kind = match kinds.below(10) {
            0..6 => 0,
            6..9 => 1,
            _ => 2,
        };
        let order = if kind == 1 {
            kinds.geometric(form.most_order)
        } else {
            0
        };
        let request = request(FLAGS[kind], order, cpu(CPUS, &mut kinds));
        if total(&held) >= limit {
            give_some(&mut mm, form, &mut held, &mut picks, &mut seen);
        }
        match mm.alloc(&request, &mut seen) {
            Ok(block) => {
                if kind == MOVABLE {
                    mm.set_listed(block, true);
                }
                held[kind].put(block);
            }
            Err(_) => give_some(&mut mm, form, &mut held, &mut picks, &mut seen),
        }
    }
    seen
}

fn total(held: &[Held; 3]) -> u64 {
    held.iter().map(Held::frames).sum()
}

/// 64 blocks go, of the type that has most of its share.
fn give_some(
    mm: &mut Mm,
    form: Form,
    held: &mut [Held; 3],
    picks: &mut Stream,
    seen: &mut Fragmenting,
) {
    let most = (0..3).max_by_key(|&kind| held[kind].frames() * 1000 / form.shares[kind]);
    let kind = most.expect("there are three");
    for _ in 0..64 {
        if let Some(block) = held[kind].draw(picks) {
            if kind == MOVABLE {
                mm.set_listed(block, false);
            }
            mm.free(block, cpu(CPUS, picks), seen)
                .expect("it was handed out");
        }
    }
}
