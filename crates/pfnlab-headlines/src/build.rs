//! H5 with jobs that come and go, as when a kernel is built.

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{CpuId, Gfp, Ticket};
use pfnlab_sim::Stream;

use crate::bench::{Unmovable, boot, free_frames};
use crate::files::{Files, Shrinker};
use crate::hygiene::{Mixed, count};
use crate::kernel::{Cache, HUGE, Kernel, Kswapd};
use crate::{Size, median};

const CPUS: u16 = 8;
const AT_ONCE: u16 = 7;
const KSWAPD: Kswapd = Kswapd {
    cpu: CpuId(7),
    every: 32,
};

/// A job's stack, page tables and so on, in frames.
const OWN: usize = 16;
/// Files it reads, and how long each is at most.
const READS: u32 = 12;
const LONGEST: u32 = 31;
/// What it writes, in frames.
const WRITES: usize = 8;
/// The least and the most of memory its heap takes: one of so many parts.
const HEAP: [u64; 2] = [96, 12];
/// One of so many jobs leaves something behind.
const LEAVES: u32 = 8;

/// The median of all seeds.
///
/// # Panics
/// When there is no such profile.
pub fn medians(profile: &str, shrinker: Shrinker, size: Size) -> Mixed {
    let profile = Profile::by_name(profile).expect("there is one");
    let runs = (0..size.of(4, 1)).map(|seed| run(profile, shrinker, size, seed));
    median(&runs.collect::<Vec<_>>())
}

/// One run.
pub fn run(profile: &'static Profile, shrinker: Shrinker, size: Size, seed: u64) -> Mixed {
    let mm = boot(&[size.of("0..2G", "0..256M")], CPUS, profile);
    let mut build = Build::new(mm, shrinker, seed);
    build.run(size.of(700, 70));
    count(build.kernel.machine(), build.kernel.seen.iter())
}

/// A job that runs.
struct Job {
    reads: u32,
    /// What of its heap it has not touched, in frames.
    heap: u64,
    blocks: Vec<Ticket>,
    object: Option<Ticket>,
}

struct Build {
    kernel: Kernel<Unmovable>,
    files: Files,
    /// How many of the files are the tree.
    tree: u32,
    own: Cache,
    frames: u64,
    draws: Stream,
}

impl Build {
    fn new(mm: Mm, shrinker: Shrinker, seed: u64) -> Build {
        let frames = free_frames(&mm);
        let mut kernel = Kernel::new(mm, KSWAPD, Unmovable::default());
        let caches = vec![kernel.cache(1024, true), kernel.cache(192, true)];
        let own = kernel.cache(4096, false);
        let mut files = Files::new(caches, false, shrinker, seed);
        let mut draws = Stream::new(seed, "jobs");
        let mut length = 0;
        while length < frames {
            let frames = 1 + draws.below(LONGEST);
            length += u64::from(frames);
            files.create(frames as usize);
        }
        Build {
            kernel,
            // Fits: there are fewer files than frames.
            tree: files.len() as u32,
            files,
            own,
            frames,
            draws,
        }
    }

    /// So many jobs; says nothing, and ends when the last has begun.
    fn run(&mut self, jobs: u32) {
        let mut running: Vec<Option<Job>> = (0..AT_ONCE).map(|_| None).collect();
        let mut begun = 0;
        loop {
            for (at, job) in running.iter_mut().enumerate() {
                let cpu = CpuId(at as u16);
                if let Some(running) = job {
                    if !self.goes_on(running, cpu) {
                        self.end(job.take(), cpu);
                    }
                    continue;
                }
                *job = Some(self.begin(cpu));
                begun += 1;
                if begun == jobs {
                    return;
                }
            }
        }
    }

    fn begin(&mut self, cpu: CpuId) -> Job {
        let blocks = (0..OWN).filter_map(|_| self.kernel.unmovable(cpu));
        let blocks = blocks.collect();
        let [least, most] = HEAP.map(|part| self.frames / part);
        // Fits: it is a part of memory.
        let heap = least + u64::from(self.draws.below((most - least) as u32));
        Job {
            reads: READS,
            heap,
            blocks,
            object: self.kernel.object(self.own, cpu),
        }
    }

    /// Reads a file or touches some heap, whatever is drawn. `false`: all of that is done.
    fn goes_on(&mut self, job: &mut Job, cpu: CpuId) -> bool {
        let touches = job.heap.div_ceil(HUGE) as u32;
        if job.reads + touches == 0 {
            return false;
        }
        if self.draws.below(job.reads + touches) < job.reads {
            job.reads -= 1;
            let file = self.draws.below(self.tree) as usize;
            self.files.read(file, &mut self.kernel, cpu);
        } else {
            job.heap = job.heap.saturating_sub(HUGE);
            self.kernel
                .touch(Gfp::GFP_TRANSHUGE_LIGHT, cpu, &mut job.blocks);
        }
        true
    }

    /// Writes what came of it; then all it had goes.
    fn end(&mut self, job: Option<Job>, cpu: CpuId) {
        let file = self.files.create(WRITES);
        self.files.read(file, &mut self.kernel, cpu);
        if self.draws.below(LEAVES) == 0 {
            self.kernel.unmovable(cpu);
        }
        let Some(job) = job else {
            return;
        };
        for block in job.blocks {
            self.kernel.drop_block(block, cpu);
        }
        if let Some(object) = job.object {
            self.kernel.drop_object(object, cpu);
        }
    }
}
