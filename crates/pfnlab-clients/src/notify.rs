//! CPUs and memory come and go: what an allocator's clients are told of it.

use pfnlab_model::{AllocError, CpuId, FreeError, MemoryNotice, Observer, PageAllocator};

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

/// Somebody who keeps things for every frame.
pub trait MemoryNotifier {
    /// Something happens to memory. `cpu` is the CPU it is done on.
    ///
    /// # Errors
    /// When it cannot be: the memory stays as it was.
    fn memory_event(
        &mut self,
        event: MemoryNotice,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), AllocError>;
}
