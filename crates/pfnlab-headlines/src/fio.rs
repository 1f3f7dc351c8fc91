//! H4 with the workload that was published, in small: files are written and read while a program asks
//! for huge pages.

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{CpuId, Gfp, PageAllocator, Sysctl};
use pfnlab_sim::Stream;

use crate::avoidance::{Avoidance, of_each};
use crate::bench::{Fragmenting, boot, free_frames};
use crate::files::{Files, Shrinker};
use crate::kernel::{HUGE, Kernel, Kswapd};
use crate::{Size, median};

const CPUS: u16 = 8;
/// The threads that write and read, on the first CPUs.
const THREADS: u16 = 4;
const PROGRAM: CpuId = CpuId(4);
/// Where kswapd runs.
const KSWAPD: CpuId = CpuId(5);

/// A file, in frames: 64 KiB.
const FILE: usize = 16;

/// What is written, and the part of memory that is asked for as huge pages, in percent of memory.
const WRITTEN: u64 = 150;
const AS_HUGE: u64 = 75;

/// How huge pages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Huge {
    /// What is at hand.
    AtHand,
    /// After compaction and reclaim (`madvise`).
    Madvised,
}

/// In what forms of the workload differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How huge pages are asked for.
    pub huge: Huge,
    /// Which objects go.
    pub shrinker: Shrinker,
    /// kswapd runs after so many frames of page cache and heap, if it was asked.
    pub kswapd_every: u32,
}

impl Form {
    /// The published one, as far as that is known.
    pub const PUBLISHED: Form = Form {
        huge: Huge::AtHand,
        shrinker: Shrinker::InOrder,
        kswapd_every: 32,
    };
}

/// What came of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Fallbacks.
    pub fell_back: Fragmenting,
    /// Huge pages asked for, and got.
    pub huge: (u64, u64),
}

/// The medians of all seeds.
///
/// # Panics
/// When there is no seed.
pub fn medians(form: Form, size: Size) -> Avoidance {
    of_each(|profile, boost| {
        let runs = (0..size.of(4, 1)).map(|seed| run(profile, boost, form, size, seed));
        median(&runs.map(|run| run.fell_back.all).collect::<Vec<_>>())
    })
}

/// One run.
pub fn run(profile: &'static Profile, boost: u64, form: Form, size: Size, seed: u64) -> Run {
    let ram = size.of(["3G..4G", "4G..5G"], ["3968M..4G", "4G..4224M"]);
    let mut mm = boot(&ram, CPUS, profile);
    mm.sysctl(Sysctl::WatermarkBoostFactor, boost, &mut ())
        .expect("5.0 has boosts");
    let mut work = Work::new(mm, form, seed);
    work.write();
    work.read(form.huge);
    Run {
        fell_back: work.kernel.seen,
        huge: work.kernel.huge,
    }
}

/// A thread of fio: the file it is at, and how many frames of it are left.
type At = Option<(usize, usize)>;

struct Work {
    kernel: Kernel<Fragmenting>,
    files: Files,
    /// All of memory, in frames.
    frames: u64,
    threads: [At; THREADS as usize],
    picks: Stream,
}

impl Work {
    fn new(mm: Mm, form: Form, seed: u64) -> Work {
        let frames = free_frames(&mm);
        let kswapd = Kswapd {
            cpu: KSWAPD,
            every: form.kswapd_every,
        };
        let mut kernel = Kernel::new(mm, kswapd, Fragmenting::default());
        let caches = vec![
            kernel.cache(960, true),
            kernel.cache(192, true),
            kernel.cache(576, true),
            kernel.cache(168, false),
        ];
        Work {
            kernel,
            files: Files::new(caches, true, form.shrinker, seed),
            frames,
            threads: [None; THREADS as usize],
            picks: Stream::new(seed, "files"),
        }
    }

    fn written(&self) -> u64 {
        self.frames * WRITTEN / 100
    }

    /// Every thread writes one file after the other.
    fn write(&mut self) {
        for frame in 0..self.written() {
            self.turn(frame, |work, cpu| {
                let file = work.files.create(FILE);
                work.files.open(file, &mut work.kernel, cpu);
                (file, FILE)
            });
        }
    }

    /// Every thread reads files drawn at random; meanwhile the program touches its memory.
    fn read(&mut self, huge: Huge) {
        let gfp = match huge {
            Huge::AtHand => Gfp::GFP_TRANSHUGE_LIGHT,
            Huge::Madvised => Gfp::GFP_TRANSHUGE,
        };
        let wanted = self.frames * AS_HUGE / 100 / HUGE;
        let (mut touched, mut has) = (0, Vec::new());
        for frame in 0..self.written() {
            if touched < wanted * (frame + 1) / self.written() {
                touched += 1;
                self.kernel.touch(gfp, PROGRAM, &mut has);
            }
            self.turn(frame, |work, cpu| {
                // Frames that are there cost nothing. There are more files than fit in memory.
                loop {
                    // Fits: there are fewer files than frames.
                    let file = work.picks.below(work.files.len() as u32) as usize;
                    work.files.open(file, &mut work.kernel, cpu);
                    let missing = work.files.missing(file, &work.kernel);
                    if missing > 0 {
                        return (file, missing);
                    }
                }
            });
        }
    }

    /// The next thread reads or writes a frame, of the next file if that is due.
    fn turn(&mut self, frame: u64, next: impl Fn(&mut Work, CpuId) -> (usize, usize)) {
        let thread = (frame % u64::from(THREADS)) as usize;
        let cpu = CpuId(thread as u16);
        let (file, left) = match self.threads[thread] {
            Some(at) => at,
            None => next(self, cpu),
        };
        self.files.page(file, &mut self.kernel, cpu);
        self.threads[thread] = (left > 1).then_some((file, left - 1));
    }
}
