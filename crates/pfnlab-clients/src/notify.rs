//! CPUs and memory come and go: what an allocator's clients are told of it.

use pfnlab_model::{AllocError, CpuId, FreeError, NodeId, Observer, PageAllocator, PfnRange};

/// Something that happened to a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuEvent {
    /// It runs.
    Online(CpuId),
    /// It runs no more.
    Dead {
        /// Which.
        cpu: CpuId,
        /// A CPU that runs, and takes over what the dead one had.
        on: CpuId,
    },
}

/// Somebody who keeps things for each CPU. Whoever takes CPUs away calls those it knows, in the
/// kernel's order: LRU batches, then the allocator's own lists, then caches of objects.
pub trait CpuNotifier {
    /// Something happened to a CPU.
    ///
    /// # Errors
    /// When the allocator does not take back what was kept.
    fn cpu_event(
        &mut self,
        event: CpuEvent,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError>;
}

/// A step in the coming or going of memory (`MEM_GOING_ONLINE` and so on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryStep {
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
    /// It was to be gone, but somebody objected.
    CancelOffline,
}

/// Memory that comes or goes (`struct memory_notify`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEvent {
    /// What about it.
    pub step: MemoryStep,
    /// Its frames.
    pub range: PfnRange,
    /// The node that gets its first memory by it, or loses its last; `None`: none does
    /// (`status_change_nid`).
    pub status_change: Option<NodeId>,
}

/// Somebody who keeps things for every frame.
pub trait MemoryNotifier {
    /// Something happens to memory. `cpu` is the CPU it is done on.
    ///
    /// # Errors
    /// When it cannot be: the memory stays as it was.
    fn memory_event(
        &mut self,
        event: MemoryEvent,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), AllocError>;
}
