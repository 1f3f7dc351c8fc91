//! Files: their pages in memory, and what the kernel knows of them.

use std::collections::VecDeque;

use pfnlab_model::{CpuId, LruList, Observer, Ticket};
use pfnlab_sim::Stream;

use crate::kernel::{Cache, Kernel};

/// So many of the oldest files are looked at whether they lost their pages, at every turn.
const LOOKED_AT: usize = 4;

/// So many files share a buffer.
const PER_BUFFER: usize = 8;

/// Which of the files without pages loses its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrinker {
    /// One drawn at random.
    Drawn,
    /// The one that is without them for the longest time.
    InOrder,
}

#[derive(Clone, Debug, Default)]
struct File {
    frames: usize,
    pages: Vec<Ticket>,
    objects: Vec<Ticket>,
    /// It is among those that have pages.
    cached: bool,
}

/// All files. One whose pages are all reclaimed keeps its objects for a while.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    caches: Vec<Cache>,
    files: Vec<File>,
    /// Those with pages, the least recently read first.
    cached: VecDeque<usize>,
    /// Those with objects, but without pages, the first to lose them first.
    forgotten: VecDeque<usize>,
    shrinker: Shrinker,
    /// By eight files: an unmovable frame, and how many files have objects. `None`: files have none.
    buffers: Option<Vec<(Option<Ticket>, usize)>>,
    picks: Stream,
}

impl Files {
    /// None yet. Each has an object of every one of these caches; `buffered`: eight share a frame.
    pub(crate) fn new(caches: Vec<Cache>, buffered: bool, shrinker: Shrinker, seed: u64) -> Files {
        Files {
            caches,
            files: Vec::new(),
            cached: VecDeque::new(),
            forgotten: VecDeque::new(),
            shrinker,
            buffers: buffered.then(Vec::new),
            picks: Stream::new(seed, "shrinker"),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// One more file, of so many frames. Nothing of it is in memory.
    pub(crate) fn create(&mut self, frames: usize) -> usize {
        self.files.push(File {
            frames,
            ..File::default()
        });
        if let Some(buffers) = &mut self.buffers {
            buffers.resize(self.files.len().div_ceil(PER_BUFFER), (None, 0));
        }
        self.files.len() - 1
    }

    /// Frames of a file that are not in memory.
    pub(crate) fn missing<O: Observer>(&self, file: usize, kernel: &Kernel<O>) -> usize {
        let file = &self.files[file];
        let there = file.pages.iter().filter(|&&page| kernel.has(page));
        file.frames - there.count()
    }

    /// A file is opened: what the kernel must know of it is there.
    pub(crate) fn open<O: Observer>(&mut self, at: usize, kernel: &mut Kernel<O>, cpu: CpuId) {
        self.shrink(kernel, cpu);
        self.files[at].pages.retain(|&page| kernel.has(page));
        if self.files[at].objects.is_empty() {
            let caches = self.caches.iter();
            let objects = caches.filter_map(|&cache| kernel.object(cache, cpu));
            self.files[at].objects = objects.collect();
            if let Some((buffer, users)) = self.buffer(at) {
                *users += 1;
                if buffer.is_none() {
                    let got = kernel.unmovable(cpu);
                    self.buffer(at).expect("it is there").0 = got;
                }
            }
        }
        if !self.files[at].cached {
            self.files[at].cached = true;
            self.cached.push_back(at);
        }
    }

    /// One more of its frames is read or written.
    pub(crate) fn page<O: Observer>(&mut self, at: usize, kernel: &mut Kernel<O>, cpu: CpuId) {
        let page = kernel.page(LruList::InactiveFile, cpu);
        self.files[at].pages.extend(page);
    }

    /// All frames that are missing are read. Says how many.
    pub(crate) fn read<O: Observer>(
        &mut self,
        at: usize,
        kernel: &mut Kernel<O>,
        cpu: CpuId,
    ) -> usize {
        self.open(at, kernel, cpu);
        let missing = self.missing(at, kernel);
        (0..missing).for_each(|_| self.page(at, kernel, cpu));
        missing
    }

    fn buffer(&mut self, at: usize) -> Option<&mut (Option<Ticket>, usize)> {
        self.buffers
            .as_mut()
            .map(|buffers| &mut buffers[at / PER_BUFFER])
    }

    /// Files that lost their pages may lose their objects, too: there are not more of them than of those with
    /// pages.
    fn shrink<O: Observer>(&mut self, kernel: &mut Kernel<O>, cpu: CpuId) {
        for _ in 0..LOOKED_AT.min(self.cached.len()) {
            let Some(at) = self.cached.pop_front() else {
                break;
            };
            if self.files[at].pages.iter().any(|&page| kernel.has(page)) {
                self.cached.push_back(at);
            } else {
                self.files[at].cached = false;
                self.files[at].pages.clear();
                self.forgotten.push_back(at);
            }
        }
        while self.forgotten.len() > self.cached.len() {
            let next = match self.shrinker {
                // Fits: there are fewer files than frames.
                Shrinker::Drawn => self.picks.below(self.forgotten.len() as u32) as usize,
                Shrinker::InOrder => 0,
            };
            if let Some(at) = self.forgotten.swap_remove_front(next)
                && !self.files[at].cached
            {
                self.forget(at, kernel, cpu);
            }
        }
    }

    fn forget<O: Observer>(&mut self, at: usize, kernel: &mut Kernel<O>, cpu: CpuId) {
        let objects = std::mem::take(&mut self.files[at].objects);
        if objects.is_empty() {
            return;
        }
        for object in objects {
            kernel.drop_object(object, cpu);
        }
        if let Some((buffer, users)) = self.buffer(at) {
            *users -= 1;
            if *users == 0
                && let Some(buffer) = buffer.take()
            {
                kernel.drop_block(buffer, cpu);
            }
        }
    }
}
