//! What a kernel knows of files, and when it forgets it: as reclaim gets on with page cache, so do the
//! shrinkers of its objects.

use std::collections::VecDeque;

use pfnlab_model::{Address, Block, CacheId, CpuId, Observer};

use crate::machine::Machine;

/// So many files share a buffer.
const PER_BUFFER: usize = 8;

/// Objects are looked at so many times as fast as frames (4 / `DEFAULT_SEEKS`).
const AS_FAST: u64 = 2;

/// What is known of a file: an inode, its name, a node of its tree of pages; its log item. In bytes; whether it
/// can be reclaimed; whether it goes in a second step, if there are two.
const OBJECTS: [(u32, bool, bool); 4] = [
    (960, true, true),
    (192, true, false),
    (576, true, false),
    (168, false, true),
];

/// When what is known of a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// All at once, when it has no frames any more.
    WithoutFrames,
    /// With its frames, but inode and log item when the worker of XFS comes: whenever so many frames
    /// were written or read.
    InTwoSteps(u64),
}

impl Going {
    /// In two steps, with a disk of so many MB/s: the worker comes every five seconds.
    pub const fn five_seconds_of(megabytes: u64) -> Going {
        Going::InTwoSteps((5 * megabytes * 1_000_000).div_ceil(4096))
    }
}

#[derive(Clone, Debug, Default)]
struct File {
    /// And whether they go in a second step.
    objects: Vec<(Address, bool)>,
    /// It was opened since it was last looked at, and not for the first time.
    again: bool,
}

/// The objects of all files.
#[derive(Clone, Debug)]
pub(crate) struct Inodes {
    caches: [CacheId; 4],
    files: Vec<File>,
    /// Those with objects, the next to be looked at first.
    line: VecDeque<u32>,
    /// By eight files: an unmovable frame, and how many of them have objects.
    buffers: Vec<(Option<Block>, u8)>,
    going: Going,
    /// What the worker will free.
    waiting: Vec<Address>,
    /// Frames until it comes.
    until: u64,
    /// So many are looked at together.
    batch: u64,
    due: u64,
    /// What is left of the last division, in frames of page cache.
    rest: u64,
}

impl Inodes {
    /// Of so many files, none of which has any yet.
    pub(crate) fn new<O: Observer>(
        machine: &mut Machine<O>,
        files: usize,
        batch: u64,
        going: Going,
    ) -> Inodes {
        Inodes {
            caches: OBJECTS.map(|(bytes, reclaim, _)| machine.cache(bytes, reclaim)),
            going,
            waiting: Vec::new(),
            until: match going {
                Going::WithoutFrames => u64::MAX,
                Going::InTwoSteps(every) => every,
            },
            files: vec![File::default(); files],
            line: VecDeque::new(),
            buffers: vec![(None, 0); files.div_ceil(PER_BUFFER)],
            batch,
            due: 0,
            rest: 0,
        }
    }

    /// A file is opened: what the kernel must know of it is there.
    pub(crate) fn open<O: Observer>(&mut self, file: u32, machine: &mut Machine<O>, cpu: CpuId) {
        let at = file as usize;
        if !self.files[at].objects.is_empty() {
            self.files[at].again = true;
            return;
        }
        let caches = self.caches.into_iter().zip(OBJECTS);
        let objects = caches.filter_map(|(cache, (_, _, later))| {
            let object = machine.object(cache, cpu)?;
            Some((object, later))
        });
        self.files[at].objects = objects.collect();
        if self.files[at].objects.is_empty() {
            return;
        }
        let (buffer, users) = &mut self.buffers[at / PER_BUFFER];
        *users += 1;
        if buffer.is_none() {
            *buffer = machine.unmovable(cpu);
        }
        self.line.push_back(file);
    }

    /// As much of the line is looked at as reclaim looked at page cache, and those that nobody opened
    /// lose their objects, if they have no frames or [`Going`] says that these go, too.
    pub(crate) fn shrink<O: Observer>(&mut self, machine: &mut Machine<O>, cpu: CpuId) {
        let looked_at = machine.pages.take_looked_at();
        if looked_at == 0 {
            return;
        }
        let all = (machine.pages.len() + looked_at).max(1);
        let due = AS_FAST * looked_at * self.line.len() as u64 + self.rest;
        self.due += due / all;
        self.rest = due % all;
        while self.due >= self.batch {
            self.due -= self.batch;
            for _ in 0..self.batch.min(self.line.len() as u64) {
                self.look_at_first(machine, cpu);
            }
        }
    }

    /// A frame more was written or read; after so many the worker comes.
    pub(crate) fn tick<O: Observer>(&mut self, machine: &mut Machine<O>, cpu: CpuId) {
        self.until -= 1;
        if let Going::InTwoSteps(every) = self.going
            && self.until == 0
        {
            self.until = every;
            for object in self.waiting.drain(..) {
                machine.drop_object(object, cpu);
            }
        }
    }

    fn look_at_first<O: Observer>(&mut self, machine: &mut Machine<O>, cpu: CpuId) {
        let Some(file) = self.line.pop_front() else {
            return;
        };
        let at = file as usize;
        let again = std::mem::take(&mut self.files[at].again);
        let stays = self.going == Going::WithoutFrames && machine.pages.of_file(file) > 0;
        if again || stays {
            self.line.push_back(file);
            return;
        }
        machine.drop_file(file, cpu);
        for (object, later) in std::mem::take(&mut self.files[at].objects) {
            match self.going {
                Going::InTwoSteps(_) if later => self.waiting.push(object),
                _ => machine.drop_object(object, cpu),
            }
        }
        let (buffer, users) = &mut self.buffers[at / PER_BUFFER];
        *users -= 1;
        if *users == 0
            && let Some(buffer) = buffer.take()
        {
            machine.free(buffer, cpu);
        }
    }
}
