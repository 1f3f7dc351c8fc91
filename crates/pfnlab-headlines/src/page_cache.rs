//! Who has movable frames: files, whose frames can be given up, and heaps, whose frames cannot.
//!
//! A table by frame number and one list through it, as a large machine has many millions of frames.

use pfnlab_model::{
    Block, CpuId, Observer, Order, PageAllocator, Pfn, Reclaim, Shrink, Shrunk, Tenants, ZoneId,
};

/// Whose a movable frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A file's, by its number.
    File(u32),
    /// A program's. There is no swap.
    Heap,
}

/// No frame.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Frame {
    owner: Option<Owner>,
    newer: u32,
    older: u32,
}

const NOBODYS: Frame = Frame {
    owner: None,
    newer: NONE,
    older: NONE,
};

/// All movable frames. Those of files are on one list, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct PageCache {
    /// By frame number.
    frames: Vec<Frame>,
    newest: u32,
    oldest: u32,
    len: u64,
    /// The frames of every file.
    of_file: Vec<Vec<u32>>,
    looked_at: u64,
    /// What was moved, from where to where, and is on no list there yet.
    unsettled: Vec<(Pfn, Pfn)>,
}

impl PageCache {
    /// Of a machine that ends there, and has so many files.
    pub(crate) fn new(end: Pfn, files: usize) -> PageCache {
        PageCache {
            frames: vec![NOBODYS; end.get() as usize],
            newest: NONE,
            oldest: NONE,
            len: 0,
            of_file: vec![Vec::new(); files],
            looked_at: 0,
            unsettled: Vec::new(),
        }
    }

    /// Frames of files.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// How many frames one file has.
    pub(crate) fn of_file(&self, file: u32) -> u32 {
        // Fits: there are fewer than 2^32 frames.
        self.of_file[file as usize].len() as u32
    }

    /// One of them, the last if nothing was moved.
    pub(crate) fn any_of_file(&self, file: u32) -> Option<Pfn> {
        let last = self.of_file[file as usize].last();
        last.map(|&at| Pfn::new(u64::from(at)))
    }

    /// How many frames reclaim looked at since this was last asked.
    pub(crate) fn take_looked_at(&mut self) -> u64 {
        std::mem::take(&mut self.looked_at)
    }

    /// Somebody has a frame. It is on a list now.
    pub(crate) fn put(&mut self, page: Pfn, owner: Owner, memory: &mut impl PageAllocator) {
        // Fits: no machine here has so many frames.
        let at = page.get() as u32;
        self.frames[at as usize].owner = Some(owner);
        if let Owner::File(file) = owner {
            self.of_file[file as usize].push(at);
            self.link(at);
        }
        memory.set_listed(Block::page(page), true);
    }

    /// Nobody has it any more.
    pub(crate) fn take(&mut self, page: Pfn, memory: &mut impl PageAllocator) {
        if self.unlink(page.get() as u32).is_some() {
            memory.set_listed(Block::page(page), false);
        }
    }

    fn link(&mut self, at: u32) {
        self.frames[at as usize].older = self.newest;
        self.frames[at as usize].newer = NONE;
        match self.newest {
            NONE => self.oldest = at,
            newest => self.frames[newest as usize].newer = at,
        }
        self.newest = at;
        self.len += 1;
    }

    fn unlink(&mut self, at: u32) -> Option<Owner> {
        let Frame {
            owner,
            newer,
            older,
        } = std::mem::replace(&mut self.frames[at as usize], NOBODYS);
        if let Some(Owner::File(file)) = owner {
            self.of_file[file as usize].retain(|&other| other != at);
            self.len -= 1;
            match newer {
                NONE => self.newest = older,
                newer => self.frames[newer as usize].older = older,
            }
            match older {
                NONE => self.oldest = newer,
                older => self.frames[older as usize].newer = newer,
            }
        }
        owner
    }
}

impl Tenants for PageCache {
    fn can_move(&self, block: Block) -> bool {
        let owner = self.frames[block.start().get() as usize].owner;
        block.order() == Order::ZERO && owner.is_some()
    }

    fn moved(&mut self, from: Block, to: Block, _: CpuId, _: &mut impl Observer) {
        self.unsettled.push((from.start(), to.start()));
    }

    fn settle(&mut self, memory: &mut impl PageAllocator, _: &mut impl Observer) {
        for (from, to) in std::mem::take(&mut self.unsettled) {
            let owner = self.unlink(from.get() as u32);
            memory.set_listed(Block::page(from), false);
            if let Some(owner) = owner {
                self.put(to, owner, memory);
            }
        }
    }
}

/// The oldest frames of files are given up. Every request here may come from any zone.
impl Reclaim for PageCache {
    fn is_there(&self) -> bool {
        true
    }

    fn shrink(
        &mut self,
        ask: Shrink,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Shrunk {
        let most = (self.len >> ask.priority).min(ask.target);
        for _ in 0..most {
            let page = Pfn::new(u64::from(self.oldest));
            self.take(page, memory);
            memory
                .free(Block::page(page), ask.cpu, observer)
                .expect("it was handed out");
        }
        self.looked_at += most;
        Shrunk {
            looked_at: most,
            frames: most,
        }
    }

    fn reclaimable(&self, _: ZoneId) -> u64 {
        self.len
    }
}
