//! `frame-alloc`: a lock-free buddy of bitmaps, and its per-CPU cache.

use std::num::NonZeroUsize;
use std::ptr::{self, NonNull};

use frame_alloc::{
    DepotAllocator, NoCpuId, PageSize, PhysicalAllocator, Provenance, RegionInit,
    SummaryBuddyAllocator,
};

use super::region::Region;
use crate::{Kind, Machine, Peer};

const FRAME: PageSize = PageSize::from_log2(12);

type Buddy = SummaryBuddyAllocator<11, Identity>;

/// `frame-alloc`'s core with Linux's eleven orders.
pub struct FrameAlloc(Buddy);

/// The same behind its cache of single frames, one magazine.
pub struct Depot(DepotAllocator<Buddy, NoCpuId, 1>);

/// Physical addresses are this process's addresses.
struct Identity;

// SAFETY: every address the allocator asks for lies in the region, whose provenance was exposed.
#[expect(unsafe_code, reason = "the peer needs it")]
unsafe impl Provenance for Identity {
    unsafe fn create(address: usize) -> NonNull<u8> {
        NonNull::new(ptr::with_exposed_provenance_mut(address)).expect("the region is not at 0")
    }

    unsafe fn destroy<T>(pointer: NonNull<T>) -> usize {
        pointer.addr().get()
    }
}

fn init(allocator: &impl RegionInit, region: &mut Region) {
    let bytes = region.bytes();
    // SAFETY: the region is aligned to the largest block, the caller keeps it until the allocator
    // is gone, and nobody else uses it.
    #[expect(unsafe_code, reason = "the only way to initialise it")]
    unsafe {
        allocator.init_region(bytes.as_mut_ptr().expose_provenance(), bytes.len());
    };
}

#[inline]
fn count(order: u8) -> NonZeroUsize {
    NonZeroUsize::new(1 << order).expect("it is not 0")
}

#[inline]
fn alloc(allocator: &impl PhysicalAllocator, order: u8) -> Option<u64> {
    let start = allocator.allocate_physical(FRAME, count(order)).ok()?;
    Some(start as u64)
}

#[inline]
fn free(allocator: &impl PhysicalAllocator, start: u64, order: u8) {
    // SAFETY: `Peer::free` is given what `Peer::alloc` gave.
    #[expect(unsafe_code, reason = "the only way to free")]
    unsafe {
        allocator.deallocate_physical(FRAME, count(order), start as usize);
    };
}

impl Peer for FrameAlloc {
    const NAME: &'static str = "frame-alloc";
    const KIND: Kind = Kind::Buddy;
    const STEP: u64 = 4096;
    type Memory = Region;

    fn memory(machine: Machine) -> Region {
        Region::new(machine)
    }

    fn base(region: &mut Region) -> u64 {
        region.base()
    }

    fn boot(region: &mut Region) -> FrameAlloc {
        let buddy = Buddy::new(FRAME);
        init(&buddy, region);
        FrameAlloc(buddy)
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        alloc(&self.0, order)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        free(&self.0, start, order);
    }
}

impl Peer for Depot {
    const NAME: &'static str = "frame-alloc depot";
    const KIND: Kind = Kind::Buddy;
    const CACHES: bool = true;
    const STEP: u64 = 4096;
    type Memory = Region;

    fn memory(machine: Machine) -> Region {
        Region::new(machine)
    }

    fn base(region: &mut Region) -> u64 {
        region.base()
    }

    fn boot(region: &mut Region) -> Depot {
        let depot = DepotAllocator::new(FRAME, Buddy::new(FRAME));
        init(&depot, region);
        Depot(depot)
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        alloc(&self.0, order)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        free(&self.0, start, order);
    }
}
