//! H4 and H5 with the workload that was published, on a machine as large as the published one may have been:
//! files are written and read while a program asks for huge pages.

use std::iter;

use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{CpuId, Observer, PageAllocator, Sysctl};
use pfnlab_sim::Stream;

use crate::avoidance::{Avoidance, of_each};
use crate::bench::{Fragmenting, Unmovable, boot, free_frames};
use crate::hygiene::{Mixed, count};
use crate::inodes::Inodes;
use crate::kernel::{HUGE, Kswapd};
use crate::machine::Machine;
use crate::page_cache::Owner;
use crate::{Size, median};

const CPUS: u16 = 8;
/// The threads that write and read, on the first CPUs.
const THREADS: u16 = 4;
const PROGRAM: CpuId = CpuId(4);
/// Where kswapd runs.
const KSWAPD: CpuId = CpuId(5);

/// A file, in frames: 64 KiB.
const FILE: u32 = 16;

/// What is written, and the part of memory that is asked for as huge pages, in percent of memory.
const WRITTEN: u64 = 150;
const AS_HUGE: u64 = 75;

/// Objects are looked at so many at a time on a whole machine (`s_shrink`'s batch).
const BATCH: u64 = 1024;
/// What is kept free of 64 GiB for huge pages, in KiB: 33 pageblocks (`set_recommended_min_free_kbytes`).
const KEPT_FREE: u64 = 67_584;
/// The most of a per-CPU list of a large zone: six batches of 63.
const PCP_HIGH: u64 = 378;

/// In what forms of the workload differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The machine is 64 GiB, divided by this: 1, or a power of two.
    pub part: u64,
    /// What is kept free, in KiB of a whole machine.
    pub kept_free: u64,
    /// kswapd runs after so many frames of page cache and heap, if it was asked.
    pub kswapd_every: u32,
}

impl Form {
    /// The published one, as far as that is known.
    pub const fn published(size: Size) -> Form {
        Form {
            part: match size {
                Size::Full => 1,
                Size::Small => 64,
            },
            kept_free: KEPT_FREE,
            kswapd_every: 32,
        }
    }

    fn batch(self) -> u64 {
        (BATCH / self.part).max(1)
    }
}

/// What came of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Fallbacks, while files were written.
    pub writing: Fragmenting,
    /// And in all.
    pub fell_back: Fragmenting,
    /// Huge pages asked for, and got.
    pub huge: (u64, u64),
}

/// The medians of all seeds.
///
/// # Panics
/// When there is no seed.
pub fn medians(form: Form, seeds: u64) -> Avoidance {
    of_each(|profile, boost| {
        let runs = (0..seeds).map(|seed| run(profile, boost, form, seed));
        median(&runs.map(|run| run.fell_back.all).collect::<Vec<_>>())
    })
}

/// One run.
pub fn run(profile: &'static Profile, boost: u64, form: Form, seed: u64) -> Run {
    // In MiB: below 4 GiB, and from there on.
    let (below, above) = (3 * 1024 / form.part, 61 * 1024 / form.part);
    let ram = [
        format!("{}M..4G", 4096 - below),
        format!("4G..{}M", 4096 + above),
    ];
    let ram = match form.part {
        1 => ["0..3G".to_owned(), "4G..65G".to_owned()],
        _ => ram,
    };
    let mut mm = boot(&ram.each_ref().map(String::as_str), CPUS, profile);
    set(&mut mm, Sysctl::WatermarkBoostFactor, boost);
    if form.part > 1 {
        set(&mut mm, Sysctl::MinFreeKbytes, form.kept_free / form.part);
        let frames = above * 256;
        let fraction = frames * form.part / PCP_HIGH;
        set(&mut mm, Sysctl::PercpuPagelistFraction, fraction);
    } else if form.kept_free != KEPT_FREE {
        set(&mut mm, Sysctl::MinFreeKbytes, form.kept_free);
    }
    let mut work = Work::new(mm, form, seed, Fragmenting::default());
    work.write();
    let writing = work.machine.seen;
    work.read();
    Run {
        writing,
        fell_back: work.machine.seen,
        huge: work.machine.huge,
    }
}

/// H5: movable pageblocks that hold something unmovable in the end, on a machine without DMA32 beside
/// Normal. 16 GiB, or 1 GiB.
///
/// # Panics
/// When there is no such profile, or no seed.
pub fn hygiene(profile: &str, size: Size) -> Mixed {
    let mut all = Profile::ALL.iter().chain(Profile::VARIANTS);
    let profile = all.find(|known| known.name() == profile);
    let profile = profile.expect("there is one");
    let runs = (0..size.of(1, 3)).map(|seed| {
        let form = Form {
            part: size.of(4, 64),
            ..Form::published(size)
        };
        let mut mm = boot(&[size.of("0..16G", "0..1G")], CPUS, profile);
        set(&mut mm, Sysctl::MinFreeKbytes, KEPT_FREE / form.part);
        let mut work = Work::new(mm, form, seed, Unmovable::default());
        work.write();
        work.read();
        count(&work.machine.mm, work.machine.seen.iter())
    });
    median(&runs.collect::<Vec<_>>())
}

fn set(mm: &mut Mm, sysctl: Sysctl, value: u64) {
    mm.sysctl(sysctl, value, &mut ())
        .expect("the kernel has it, and takes such a value");
}

/// A thread of fio: the file it is at, and how many frames of it are left.
type At = Option<(u32, u32)>;

struct Work<O> {
    machine: Machine<O>,
    inodes: Inodes,
    /// How many files there are, once all are written, and how many were begun.
    files: u32,
    begun: u32,
    threads: [At; THREADS as usize],
    picks: Stream,
    /// All of memory, in frames.
    frames: u64,
}

impl<O: Observer> Work<O> {
    fn new(mm: Mm, form: Form, seed: u64, seen: O) -> Work<O> {
        let frames = free_frames(&mm);
        let kswapd = Kswapd {
            cpu: KSWAPD,
            every: form.kswapd_every,
        };
        let written = frames * WRITTEN / 100;
        // Every thread may be at one more.
        let files = (written / u64::from(FILE)) as usize + usize::from(THREADS);
        let mut machine = Machine::new(mm, files, kswapd, seen);
        Work {
            inodes: Inodes::new(&mut machine, files, form.batch()),
            machine,
            files: files as u32,
            begun: 0,
            threads: [None; THREADS as usize],
            picks: Stream::new(seed, "files"),
            frames,
        }
    }

    fn written(&self) -> u64 {
        self.frames * WRITTEN / 100
    }

    /// Every thread writes one file after the other.
    fn write(&mut self) {
        for frame in 0..self.written() {
            self.turn(frame, |work, cpu| {
                let file = work.begun;
                work.begun += 1;
                work.open(file, cpu);
                (file, FILE)
            });
        }
    }

    /// Every thread reads files drawn at random; meanwhile the program touches its memory.
    fn read(&mut self) {
        self.files = self.begun;
        let wanted = self.frames * AS_HUGE / 100 / HUGE;
        let mut touched = 0;
        for frame in 0..self.written() {
            if touched < wanted * (frame + 1) / self.written() {
                touched += 1;
                self.machine.touch(PROGRAM);
                self.inodes.shrink(&mut self.machine, KSWAPD);
            }
            self.turn(frame, |work, cpu| {
                // Frames that are there cost nothing. There are more files than fit in memory.
                let files = work.files;
                let mut drawn = iter::repeat_with(|| {
                    let file = work.picks.below(files);
                    work.open(file, cpu);
                    (file, FILE - work.machine.pages.of_file(file).min(FILE))
                });
                let missing = drawn.find(|&(_, missing)| missing > 0);
                missing.expect("it goes on until there is one")
            });
        }
    }

    fn open(&mut self, file: u32, cpu: CpuId) {
        self.inodes.open(file, &mut self.machine, cpu);
        self.inodes.shrink(&mut self.machine, cpu);
    }

    /// The next thread reads or writes a frame, of the next file if that is due.
    fn turn(&mut self, frame: u64, next: impl Fn(&mut Work<O>, CpuId) -> (u32, u32)) {
        let thread = (frame % u64::from(THREADS)) as usize;
        let cpu = CpuId(thread as u16);
        let (file, left) = match self.threads[thread] {
            Some(at) => at,
            None => next(self, cpu),
        };
        self.machine.page(Owner::File(file), cpu);
        self.inodes.shrink(&mut self.machine, cpu);
        if self.machine.tick() {
            self.inodes.shrink(&mut self.machine, KSWAPD);
        }
        self.threads[thread] = (left > 1).then_some((file, left - 1));
    }
}
