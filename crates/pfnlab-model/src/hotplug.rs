//! Memory comes and goes: who is told, who may object, and what can go wrong.

use core::fmt;

use crate::{AllocError, Block, CpuId, NodeId, Observer, PageAllocator, Pfn, PfnRange};

/// A step in the coming or going of memory (`MEM_GOING_ONLINE` and so on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum MemoryStep {
    /// It is about to get descriptors and a zone (6.12).
    PrepareOnline,
    /// It will be there soon. Now is the time to object.
    GoingOnline,
    /// It is there.
    Online,
    /// It was to be there, but somebody objected.
    CancelOnline,
    /// It will be gone soon. Now is the time to object.
    GoingOffline,
    /// It is gone.
    Offline,
    /// It was to be gone, but that failed or somebody objected.
    CancelOffline,
    /// It has no zone any more (6.12).
    FinishOffline,
}

impl MemoryStep {
    /// The kernel's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            MemoryStep::PrepareOnline => "MEM_PREPARE_ONLINE",
            MemoryStep::GoingOnline => "MEM_GOING_ONLINE",
            MemoryStep::Online => "MEM_ONLINE",
            MemoryStep::CancelOnline => "MEM_CANCEL_ONLINE",
            MemoryStep::GoingOffline => "MEM_GOING_OFFLINE",
            MemoryStep::Offline => "MEM_OFFLINE",
            MemoryStep::CancelOffline => "MEM_CANCEL_OFFLINE",
            MemoryStep::FinishOffline => "MEM_FINISH_OFFLINE",
        }
    }
}

/// Memory that comes or goes (`struct memory_notify`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryNotice {
    /// What about it.
    pub step: MemoryStep,
    /// Its frames.
    pub range: PfnRange,
    /// The node that gets its first memory by it, or loses its last; `None`: none does
    /// (`status_change_nid`).
    pub status_change: Option<NodeId>,
}

/// Who uses memory that comes, goes, or is asked for by its place: they are told, may object, and
/// say what of theirs can be moved. `()` is nobody.
pub trait Tenants {
    /// Something happens to memory. `cpu` is the CPU it is done on.
    ///
    /// # Errors
    /// When they object; heard only while memory is *going* on- or offline.
    fn notify(
        &mut self,
        _notice: MemoryNotice,
        _cpu: CpuId,
        _memory: &mut impl PageAllocator,
        _observer: &mut impl Observer,
    ) -> Result<(), AllocError> {
        Ok(())
    }

    /// Whether what is in this block can be put elsewhere. It was handed out, or in use from the
    /// start.
    fn can_move(&self, _block: Block) -> bool {
        false
    }

    /// What was in one block is in another one now; `cpu` did it.
    fn moved(&mut self, _from: Block, _to: Block, _cpu: CpuId, _observer: &mut impl Observer) {}

    /// What was moved since takes its place on its owners' lists: the allocator is at rest, and may
    /// be given back what others gave up (`putback_movable_pages`).
    fn settle(&mut self, _memory: &mut impl PageAllocator, _observer: &mut impl Observer) {}

    /// What waits in batches for its place on an LRU list gets there (`lru_add_drain_all`).
    fn drain_batches(&mut self, _memory: &mut impl PageAllocator, _observer: &mut impl Observer) {}

    /// The same, and nothing waits from now on (`lru_cache_disable`).
    fn disable_batches(&mut self, _memory: &mut impl PageAllocator, _observer: &mut impl Observer) {
    }

    /// It may wait again (`lru_cache_enable`).
    fn enable_batches(&mut self) {}
}

impl Tenants for () {}

/// Why memory could not be added, put on- or offline, or had by its place; with the first frame of
/// which that is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryError {
    /// What begins there is not whole memory sections, or memory blocks where these are larger
    /// (`-EINVAL`).
    NotWhole(Pfn),
    /// Some of what begins there is there already (`-EEXIST`).
    Exists(Pfn),
    /// Some of what begins there does not exist, or is not in the state this begins with
    /// (`-EINVAL`).
    NotThere(Pfn),
    /// There is no node, area or running CPU of this number.
    Nowhere(u32),
    /// What begins there is in several zones, or cannot be in the zone wanted (`-EINVAL`).
    Zone(Pfn),
    /// What is there cannot be moved (`-EBUSY`).
    Busy(Pfn),
    /// What is there does not go elsewhere, or there is no room for it; a kernel tries on until
    /// somebody interrupts it (`-EINTR`; up to 4.14 it gives up after a while, `-EAGAIN`).
    Stuck(Pfn),
    /// Tables that reach there cannot be had (`-ENOMEM`).
    TooLarge(Pfn),
    /// Somebody objected.
    Vetoed(AllocError),
    /// No free place of so many frames is in the area (`-ENOMEM`).
    AreaFull(u32),
    /// The allocator, or the kernel it imitates, does not do this.
    Unsupported,
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemoryError::NotWhole(pfn) => {
                write!(f, "what begins at frame {pfn} is not whole memory sections")
            }
            MemoryError::Exists(pfn) => {
                write!(f, "some of what begins at frame {pfn} is there already")
            }
            MemoryError::NotThere(pfn) => write!(
                f,
                "some of what begins at frame {pfn} is not there, or not in that state"
            ),
            MemoryError::Nowhere(number) => {
                write!(f, "there is no node, area or running CPU {number}")
            }
            MemoryError::Zone(pfn) => {
                write!(f, "what begins at frame {pfn} cannot be in one such zone")
            }
            MemoryError::Busy(pfn) => write!(f, "what is at frame {pfn} cannot be moved"),
            MemoryError::Stuck(pfn) => write!(f, "what is at frame {pfn} does not go elsewhere"),
            MemoryError::TooLarge(pfn) => {
                write!(
                    f,
                    "tables that reach frame {pfn} are larger than can be had"
                )
            }
            MemoryError::Vetoed(why) => write!(f, "somebody objected: {why}"),
            MemoryError::AreaFull(frames) => write!(f, "the area has no {frames} frames in a row"),
            MemoryError::Unsupported => f.write_str("this allocator does not do that"),
        }
    }
}

impl core::error::Error for MemoryError {}
