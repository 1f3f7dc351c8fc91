//! An allocator of single frames whose placement is a policy.

use pfnlab_model::{
    AllocError, Block, CpuId, FreeError, Observer, Order, PageAllocator, Pfn, PfnRange, Request,
};

/// Frames of a block: 2 MiB.
pub(crate) const BLOCK: u64 = 512;

/// How many frames are free, block by block.
#[derive(Clone, Debug)]
pub struct Room {
    free: Vec<u16>,
}

impl Room {
    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.free.len()
    }

    /// How many frames of a block are free.
    pub fn free(&self, block: usize) -> u64 {
        u64::from(self.free[block])
    }

    /// How many are free in blocks `from..to`.
    pub fn free_in(&self, from: usize, to: usize) -> u64 {
        let to = to.min(self.free.len());
        self.free[from..to]
            .iter()
            .map(|&free| u64::from(free))
            .sum()
    }
}

/// Where the next frame is taken from: all a placement policy decides.
pub trait Placement {
    /// The block a frame for `cpu` is taken from, and the frame of it that is looked at first;
    /// `None`: there is none. A block with no room is not asked for.
    fn place(&mut self, cpu: CpuId, room: &Room) -> Option<(usize, u64)>;

    /// A frame of a block came back.
    fn freed(&mut self, _block: usize, _cpu: CpuId, _room: &Room) {}
}

/// An allocator of single frames from 0 on that asks a [`Placement`].
///
/// ```
/// use pfnlab_headlines::{Placed, Placement, Room};
/// use pfnlab_model::{CpuId, Gfp, PageAllocator, Request};
///
/// /// The first block with room.
/// struct First;
/// impl Placement for First {
///     fn place(&mut self, _: CpuId, room: &Room) -> Option<(usize, u64)> {
///         (0..room.blocks()).find(|&block| room.free(block) > 0).map(|block| (block, 0))
///     }
/// }
/// let mut allocator = Placed::new(1024, First);
/// let page = allocator.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ()).unwrap();
/// assert_eq!((page.start().get(), allocator.whole_blocks()), (0, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Placed<P> {
    used: Vec<bool>,
    room: Room,
    policy: P,
}

impl<P: Placement> Placed<P> {
    /// So many frames, rounded down to whole blocks, all free.
    pub fn new(frames: u64, policy: P) -> Placed<P> {
        let blocks = (frames / BLOCK) as usize;
        Placed {
            used: vec![false; blocks * BLOCK as usize],
            room: Room {
                free: vec![BLOCK as u16; blocks],
            },
            policy,
        }
    }

    /// Blocks all of whose frames are free.
    pub fn whole_blocks(&self) -> u64 {
        let whole = self
            .room
            .free
            .iter()
            .filter(|&&free| u64::from(free) == BLOCK);
        whole.count() as u64
    }

    /// How many frames are free.
    pub fn free_frames(&self) -> u64 {
        self.room.free_in(0, self.room.blocks())
    }

    /// All frames.
    pub fn frames(&self) -> PfnRange {
        PfnRange::sized(Pfn::new(0), self.used.len() as u64)
    }
}

impl<P: Placement> PageAllocator for Placed<P> {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        if request.order > Order::ZERO {
            return Err(AllocError::TooLarge(request.order));
        }
        let place = self.policy.place(request.cpu, &self.room);
        let (block, first) = place.ok_or(AllocError::Exhausted(Order::ZERO))?;
        let base = block as u64 * BLOCK;
        let mut frames = (0..BLOCK).map(|at| base + (first + at) % BLOCK);
        let frame = frames.find(|&frame| !self.used[frame as usize]);
        let frame = frame.ok_or(AllocError::Exhausted(Order::ZERO))?;
        self.used[frame as usize] = true;
        self.room.free[block] -= 1;
        Ok(Block::page(Pfn::new(frame)))
    }

    fn free(&mut self, block: Block, cpu: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        let frame = block.start().get() as usize;
        let lent = block.order() == Order::ZERO && self.used.get(frame) == Some(&true);
        if !lent {
            return Err(FreeError::NotLent(block));
        }
        self.used[frame] = false;
        let at = frame / BLOCK as usize;
        self.room.free[at] += 1;
        self.policy.freed(at, cpu, &self.room);
        Ok(())
    }
}
