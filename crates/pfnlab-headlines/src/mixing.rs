//! H5 with the workload of H3, whose requests wait.

use pfnlab_mm::Profile;
use pfnlab_model::{Block, CpuId, Gfp, Order, PageAllocator, Sysctl};
use pfnlab_sim::Stream;

use crate::bench::{Held, boot, cpu, free_frames, named};
use crate::hygiene::{Mixed, count};
use crate::kernel::Kswapd;
use crate::machine::Machine;
use crate::page_cache::Owner;
use crate::stealing::{Form, RECLAIMABLE};
use crate::{Size, median};

const CPUS: u16 = 2;
const KSWAPD: Kswapd = Kswapd {
    cpu: CpuId(1),
    every: 32,
};
/// All movable frames are one file's.
const FILE: Owner = Owner::File(0);

/// The median of all seeds.
///
/// # Panics
/// When there is no such profile.
pub fn medians(profile: &str, size: Size) -> Mixed {
    let runs = (0..size.of(8, 3)).map(|seed| run(named(profile), size, seed));
    median(&runs.collect::<Vec<_>>())
}

/// One run.
pub fn run(profile: &'static Profile, size: Size, seed: u64) -> Mixed {
    let mut mm = boot(&["0..512M"], CPUS, profile);
    let frames = free_frames(&mm);
    mm.sysctl(Sysctl::MinFreeKbytes, frames * 4 / 1000, &mut ())
        .expect("it takes such a value");
    let mut work = Work {
        machine: Machine::new(mm, 1, KSWAPD, ()),
        held: [(); 2].map(|()| Held::default()),
        limit: frames * Form::FIRST.level / 100,
        picks: Stream::new(seed, "picks"),
    };
    let mut kinds = Stream::new(seed, "kinds");
    for _ in 0..work.limit {
        let cpu = cpu(CPUS, &mut work.picks);
        work.machine.page(FILE, cpu);
        work.machine.tick();
    }
    for _ in 0..size.of(200_000, 40_000) {
        work.step(&mut kinds);
    }
    count(&work.machine.mm, work.held[0].iter())
}

struct Work {
    machine: Machine<()>,
    /// Unmovable blocks, and reclaimable ones.
    held: [Held; 2],
    /// So many frames are held at most.
    limit: u64,
    picks: Stream,
}

impl Work {
    fn step(&mut self, kinds: &mut Stream) {
        let kind = match kinds.below(10) {
            0..6 => None,
            6..9 => Some((0, Gfp::GFP_KERNEL, kinds.geometric(Form::FIRST.most_order))),
            _ => Some((1, RECLAIMABLE, 0)),
        };
        if self.shares().iter().sum::<u64>() >= self.limit {
            self.give_some();
        }
        let cpu = cpu(CPUS, kinds);
        match kind {
            None => self.machine.page(FILE, cpu),
            Some((kind, gfp, order)) => {
                // Fits: it is at most 3.
                let order = Order::new(order as u8).expect("there is one");
                match self.machine.block(gfp, order, cpu) {
                    Some(block) => self.held[kind].put(block),
                    None => self.give_some(),
                }
            }
        }
        self.machine.tick();
    }

    /// Frames that are movable, unmovable, reclaimable.
    fn shares(&self) -> [u64; 3] {
        let [unmovable, reclaimable] = self.held.each_ref().map(Held::frames);
        [self.machine.pages.len(), unmovable, reclaimable]
    }

    /// 64 blocks go, of the type that has most of its share.
    fn give_some(&mut self) {
        let held = self.shares();
        let most = (0..3).max_by_key(|&kind| held[kind] * 1000 / Form::FIRST.shares[kind]);
        let most = most.expect("there are three");
        for _ in 0..64 {
            let block = match most {
                0 => self.movable(),
                kernel => self.held[kernel - 1].draw(&mut self.picks),
            };
            if let Some(block) = block {
                let cpu = cpu(CPUS, &mut self.picks);
                self.machine.free(block, cpu);
            }
        }
    }

    /// A movable frame, drawn; nobody has it any more.
    fn movable(&mut self) -> Option<Block> {
        if self.machine.pages.len() == 0 {
            return None;
        }
        let page = self.machine.pages.draw(&mut self.picks);
        self.machine.pages.take(page, &mut self.machine.mm);
        Some(Block::page(page))
    }
}
