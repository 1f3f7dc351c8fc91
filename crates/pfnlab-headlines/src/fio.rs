//! The workload of H4 and H5: files are written, and read while a program asks for huge pages, on a machine as
//! large as the published one may have been.

use std::iter;

use pfnlab_mm::Mm;
use pfnlab_model::{CpuId, Observer};
use pfnlab_sim::Stream;

use crate::Size;
use crate::bench::{KEPT_FREE, free_frames};
use crate::inodes::{Going, Inodes};
use crate::machine::{HUGE, Kswapd, Machine};
use crate::page_cache::Owner;

/// How many the machine has.
pub(crate) const CPUS: u16 = 8;
/// The threads that write and read, on the first CPUs.
const THREADS: u16 = 4;
const PROGRAM: CpuId = CpuId(4);
/// Where kswapd runs.
const KSWAPD: CpuId = CpuId(5);
/// And the worker of XFS.
const WORKER: CpuId = CpuId(6);

/// A file, in frames: 64 KiB.
const FILE: u32 = 16;

/// What is written, and the part of memory that is asked for as huge pages, in percent of memory.
const WRITTEN: u64 = 150;
const AS_HUGE: u64 = 75;

/// Objects are looked at so many at a time on a whole machine (`s_shrink`'s batch).
const BATCH: u64 = 1024;

/// In what forms of the workload differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Memory of a whole machine in GiB, three of them below 4 GiB.
    pub gib: u64,
    /// All is divided by this: 1, or a power of two.
    pub part: u64,
    /// What is kept free, in KiB of a whole machine.
    pub kept_free: u64,
    /// kswapd runs after so many frames of page cache and heap, if it was asked.
    pub kswapd_every: u32,
    /// When what is known of a file goes; frames are those of a whole machine.
    pub going: Going,
}

impl Form {
    /// The one where all that is known of a file goes at once. Small: a 64th of it.
    pub const fn at_once(size: Size) -> Form {
        Form {
            gib: 64,
            part: match size {
                Size::Full => 1,
                Size::Small => 64,
            },
            kept_free: KEPT_FREE,
            kswapd_every: 32,
            going: Going::WithoutFrames,
        }
    }

    /// The one on XFS, with a disk of 500 MB/s.
    pub const fn xfs(size: Size) -> Form {
        Form {
            going: Going::five_seconds_of(500),
            ..Form::at_once(size)
        }
    }

    fn going(self) -> Going {
        match self.going {
            Going::InTwoSteps(every) => Going::InTwoSteps((every / self.part).max(1)),
            going => going,
        }
    }

    fn batch(self) -> u64 {
        (BATCH / self.part).max(1)
    }
}

/// A thread of fio: the file it is at, and how many frames of it are left.
type At = Option<(u32, u32)>;

/// The machine, the files and who is at them.
pub(crate) struct Work<O> {
    pub(crate) machine: Machine<O>,
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
    /// On this machine. Requests wait.
    pub(crate) fn new(mm: Mm, form: Form, seed: u64, seen: O) -> Work<O> {
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
            inodes: Inodes::new(&mut machine, files, form.batch(), form.going()),
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
    pub(crate) fn write(&mut self) {
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
    pub(crate) fn read(&mut self) {
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
        self.inodes.tick(&mut self.machine, WORKER);
        if self.machine.tick() {
            self.inodes.shrink(&mut self.machine, KSWAPD);
        }
        self.threads[thread] = (left > 1).then_some((file, left - 1));
    }
}
