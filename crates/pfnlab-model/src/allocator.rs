//! The one trait: what a page allocator does.

use core::fmt;

use crate::{
    Block, CpuId, Gfp, MemoryError, MemoryOp, MigrateType, Observer, Order, Pfn, PfnRange, Reclaim,
    Request, Snapshot, Sysctl, ZoneFlags, ZoneId,
};

/// A page-frame allocator. Two methods must be there; what else an allocator offers it says in
/// [`PageAllocator::offers`], and it is not asked for anything else.
///
/// ```
/// use pfnlab_model::{AllocError, Block, CpuId, FreeError, Observer, PageAllocator, Pfn, Request};
///
/// /// Hands out frames 0, 1, 2, … and takes nothing back.
/// struct Bump(u64);
/// impl PageAllocator for Bump {
///     fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
///         let start = Pfn::new(self.0).align_up(request.order);
///         self.0 = start.get() + request.order.frames();
///         Ok(Block::containing(start, request.order))
///     }
///     fn free(&mut self, block: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
///         Err(FreeError::NotLent(block))
///     }
/// }
/// ```
pub trait PageAllocator {
    /// Hands out a block of `request.order`.
    ///
    /// # Errors
    /// When the request cannot be served; nothing is handed out then.
    fn alloc(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError>;

    /// Hands out a block of `request.order`. If it may wait and nothing is there, those who have
    /// memory are asked: what they have is moved together, or given up. Most allocators ask nobody.
    ///
    /// # Errors
    /// As [`PageAllocator::alloc`], and [`AllocError::OutOfMemory`] when nobody has anything left to
    /// give up.
    fn alloc_blocking(
        &mut self,
        request: &Request,
        _owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        self.alloc(request, observer)
    }

    /// Takes back a block that was handed out, in one piece.
    ///
    /// # Errors
    /// When it was not; nothing changes then.
    fn free(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError>;

    /// Takes back a block that will not soon be used again, so that it should be handed out last:
    /// what it holds is cold in the CPU cache (`free_hot_cold_page`). Most allocators do not care.
    ///
    /// # Errors
    /// As [`PageAllocator::free`].
    fn free_cold(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.free(block, cpu, observer)
    }

    /// Whether the allocator can do this, too.
    fn offers(&self, _: Capability) -> bool {
        false
    }

    /// Turns a block that was handed out into single frames, each handed out on its own
    /// (`split_page`). [`Capability::Split`].
    ///
    /// # Errors
    /// When the block was not handed out, or not offered.
    fn split(&mut self, block: Block, _: &mut impl Observer) -> Result<(), FreeError> {
        Err(FreeError::Unsupported(block))
    }

    /// Hands out up to `pages.len()` single frames, fills `pages` from the front and says how
    /// many (`alloc_pages_bulk`). [`Capability::Bulk`].
    ///
    /// # Errors
    /// When not even one can be handed out, or not offered.
    fn bulk(
        &mut self,
        _request: &Request,
        _pages: &mut [Pfn],
        _: &mut impl Observer,
    ) -> Result<usize, AllocError> {
        Err(AllocError::Unsupported)
    }

    /// Hands out exactly `frames` single frames in a row, the first at a multiple of the next
    /// power of two, and says where they start (`alloc_pages_exact`). Each is freed on its own.
    /// [`Capability::Exact`].
    ///
    /// # Errors
    /// When there is no such run, or not offered.
    fn exact(
        &mut self,
        _request: &Request,
        _frames: u32,
        _: &mut impl Observer,
    ) -> Result<Pfn, AllocError> {
        Err(AllocError::Unsupported)
    }

    /// Empties the per-CPU lists of `cpu` (`drain_local_pages`). [`Capability::PerCpu`].
    fn drain(&mut self, _cpu: CpuId, _: &mut impl Observer) {}

    /// Folds the statistics of `cpu`, as happens every second (`refresh_cpu_vm_stats`).
    /// [`Capability::PerCpu`].
    fn vmstat_tick(&mut self, _cpu: CpuId, _: &mut impl Observer) {}

    /// The CPU that would take over what `cpu` has if it went: the first other one that runs.
    /// [`Capability::CpuHotplug`].
    ///
    /// # Errors
    /// Why `cpu` cannot go.
    fn successor(&self, _cpu: CpuId) -> Result<CpuId, CpuError> {
        Err(CpuError::Unsupported)
    }

    /// Takes `cpu` away: what its per-CPU lists and its statistics hold goes to all, by the hands
    /// of `on` (`page_alloc_cpu_dead`). [`Capability::CpuHotplug`].
    ///
    /// # Errors
    /// Why it cannot go, or not by these hands; nothing changes then.
    fn cpu_offline(
        &mut self,
        _cpu: CpuId,
        _on: CpuId,
        _: &mut impl Observer,
    ) -> Result<(), CpuError> {
        Err(CpuError::Unsupported)
    }

    /// Brings `cpu` back (`page_alloc_cpu_online`). [`Capability::CpuHotplug`].
    ///
    /// # Errors
    /// Why it cannot come; nothing changes then.
    fn cpu_online(&mut self, _cpu: CpuId, _: &mut impl Observer) -> Result<(), CpuError> {
        Err(CpuError::Unsupported)
    }

    /// Writes a tunable, if the allocator has it and takes the value. [`Capability::Sysctl`].
    ///
    /// # Errors
    /// When it does not; nothing changes then.
    fn sysctl(
        &mut self,
        sysctl: Sysctl,
        value: u64,
        _: &mut impl Observer,
    ) -> Result<(), (Sysctl, u64)> {
        Err((sysctl, value))
    }

    /// Sets, then clears flags of a zone and says what its boost becomes. [`Capability::Zones`].
    ///
    /// # Errors
    /// When there is no such zone.
    fn set_zone_flags(
        &mut self,
        zone: ZoneId,
        _set: ZoneFlags,
        _clear: ZoneFlags,
        _boost: Option<u64>,
        _: &mut impl Observer,
    ) -> Result<(), ZoneId> {
        Err(zone)
    }

    /// Adds memory, puts it on- or offline, takes a certain range of it, or makes room; says which
    /// frames that were (none where room is made). Tickets are the driver's: `frames` is what that of a release names.
    /// [`Capability::Memory`].
    ///
    /// # Errors
    /// When it cannot be, or not offered. The memory is in the state it was in then; what could be
    /// moved may have been.
    fn memory(
        &mut self,
        _op: &MemoryOp,
        _frames: PfnRange,
        _owners: &mut impl Reclaim,
        _: &mut impl Observer,
    ) -> Result<PfnRange, MemoryError> {
        Err(MemoryError::Unsupported)
    }

    /// A page that was handed out is on a list of what can be reclaimed from now on, or on none any
    /// more (`PageLRU`). Whoever keeps such lists says so, and tells it as
    /// [`LruEvent::Listed`](crate::LruEvent) and [`LruEvent::Unlisted`](crate::LruEvent); most
    /// allocators do not care.
    fn set_listed(&mut self, _page: Block, _listed: bool) {}

    /// A way to look inside, if there is one.
    fn inspect(&self) -> Option<&dyn Inspect> {
        None
    }
}

/// Something an allocator may be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// [`PageAllocator::split`].
    Split,
    /// [`PageAllocator::bulk`].
    Bulk,
    /// [`PageAllocator::exact`].
    Exact,
    /// [`PageAllocator::drain`] and [`PageAllocator::vmstat_tick`].
    PerCpu,
    /// [`PageAllocator::set_zone_flags`]; requests may name nodes.
    Zones,
    /// [`PageAllocator::sysctl`].
    Sysctl,
    /// [`PageAllocator::cpu_offline`] and [`PageAllocator::cpu_online`].
    CpuHotplug,
    /// [`PageAllocator::memory`].
    Memory,
}

/// A look inside an allocator of zones. Nothing changes by looking.
pub trait Inspect {
    /// Every zone with memory, by node and kind.
    fn zones(&self) -> alloc::vec::Vec<ZoneId>;
    /// The zone a frame belongs to; `None`: it is in no zone.
    fn zone_of(&self, pfn: Pfn) -> Option<ZoneId>;
    /// The migratetype of the pageblock a frame is in.
    fn pageblock_type(&self, pfn: Pfn) -> MigrateType;
    /// The folded count of free frames: what watermarks are compared with. May be negative.
    fn free_pages(&self, zone: ZoneId) -> i64;
    /// How many frames the per-CPU lists of `cpu` hold.
    fn pcp_count(&self, zone: ZoneId, cpu: CpuId) -> u32;
    /// A zone's flags.
    fn zone_flags(&self, zone: ZoneId) -> ZoneFlags;
    /// A zone's watermark boost, in frames.
    fn boost(&self, zone: ZoneId) -> u64;
    /// How many free blocks of `order` a zone has.
    fn free_blocks(&self, zone: ZoneId, order: Order) -> u64;
    /// Tells where the free blocks of a zone start: by order and migratetype, every list from its
    /// head.
    fn each_free(&self, zone: ZoneId, tell: &mut dyn FnMut(Order, MigrateType, Pfn)) {
        let snapshot = self.snapshot();
        let lists = snapshot
            .zone(zone)
            .into_iter()
            .flat_map(|zone| &zone.free_lists);
        for list in lists {
            list.pfns
                .iter()
                .for_each(|&pfn| tell(list.order, list.mt, pfn));
        }
    }
    /// The whole state.
    fn snapshot(&self) -> Snapshot;
}

/// A request that was not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllocError {
    /// The order is above the largest the allocator has.
    TooLarge(Order),
    /// The flags contradict each other.
    Contradiction(Gfp),
    /// No zone may be asked: the node, the node mask and the flags leave none.
    NoZone,
    /// Every zone that may be asked is below its watermark.
    Watermark(Order),
    /// Enough is free, but no block of this order or above.
    Exhausted(Order),
    /// Those who have memory have nothing left to give up (`out_of_memory`).
    OutOfMemory(Order),
    /// There is no such CPU, or it does not run.
    NoCpu(CpuId),
    /// The allocator does not do this.
    Unsupported,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AllocError::TooLarge(order) => write!(f, "order {order} is too large"),
            AllocError::Contradiction(gfp) => write!(f, "{gfp} asks for what cannot be together"),
            AllocError::NoZone => f.write_str("no zone may be asked"),
            AllocError::Watermark(order) => {
                write!(f, "every zone is below its watermark for order {order}")
            }
            AllocError::Exhausted(order) => write!(f, "no free block of order {order} or above"),
            AllocError::OutOfMemory(order) => {
                write!(
                    f,
                    "out of memory for order {order}: nobody has anything left to give up"
                )
            }
            AllocError::NoCpu(cpu) => write!(f, "CPU {cpu} does not run"),
            AllocError::Unsupported => f.write_str("this allocator does not do that"),
        }
    }
}

impl core::error::Error for AllocError {}

/// A block that cannot be freed or split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeError {
    /// It was not handed out, or not in this size.
    NotLent(Block),
    /// Not all of its frames have a page descriptor: there is no memory.
    NoPage(Block),
    /// The allocator does not do this.
    Unsupported(Block),
}

impl fmt::Display for FreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FreeError::NotLent(block) => write!(f, "block {block} was not handed out"),
            FreeError::NoPage(block) => {
                write!(
                    f,
                    "block {block} has no page descriptors: there is no memory"
                )
            }
            FreeError::Unsupported(block) => {
                write!(f, "this allocator does not do that to block {block}")
            }
        }
    }
}

impl core::error::Error for FreeError {}

/// A CPU that cannot come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuError {
    /// There is no such CPU.
    Unknown(CpuId),
    /// It runs already.
    Online(CpuId),
    /// It does not run.
    Offline(CpuId),
    /// No other CPU runs that could take over what it has.
    Last(CpuId),
    /// The allocator does not do this.
    Unsupported,
}

impl fmt::Display for CpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CpuError::Unknown(cpu) => write!(f, "there is no CPU {cpu}"),
            CpuError::Online(cpu) => write!(f, "CPU {cpu} runs already"),
            CpuError::Offline(cpu) => write!(f, "CPU {cpu} does not run"),
            CpuError::Last(cpu) => write!(f, "CPU {cpu} is the last that runs"),
            CpuError::Unsupported => f.write_str("this allocator does not do that"),
        }
    }
}

impl core::error::Error for CpuError {}
