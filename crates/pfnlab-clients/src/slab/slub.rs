//! Every cache of a machine, and `kmalloc`.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use pfnlab_model::{
    Address, AllocError, Block, CacheId, CacheSpec, CpuId, Event, FreeError, Gfp, Observer, Order,
    PAGE_BYTES, PageAllocator, Pfn, Request, SlabEvent,
};

use super::cache::Cache;
use super::kmalloc;
use super::order::slab_orders;
use super::policy::SlabPolicy;
use super::setup::{Places, SlubSetup};
use super::slot::Slot;
use super::slow::{Surroundings, Want};
use super::{CacheError, GiveBackError, LendError, SlabInfo};
use crate::{CpuEvent, CpuNotifier, Generation};

/// Every cache of a machine (`kmem_cache_create`, `kmem_cache_alloc`, `kmalloc`, `kfree`).
///
/// It holds no allocator: each call is given one, any that hands out blocks. Objects are told apart
/// by address; an address is in at most one object.
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::slab::{Slub, SlubSetup};
/// use pfnlab_model::*;
/// # struct Bump(u64);
/// # impl PageAllocator for Bump {
/// #     fn alloc(&mut self, r: &Request, o: &mut impl Observer) -> Result<Block, AllocError> {
/// #         let start = Pfn::new(self.0).align_up(r.order);
/// #         self.0 = start.get() + r.order.frames();
/// #         Ok(Block::containing(start, r.order))
/// #     }
/// #     fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
/// #         Ok(())
/// #     }
/// # }
/// let mut memory = Bump(0x100);
/// let mut slub = Slub::new(Generation::NEWEST, SlubSetup::cpus(8));
/// let request = Request::new(Gfp::GFP_KERNEL);
/// let first = slub.kmalloc(200, &request, &mut memory, &mut ()).unwrap();
/// let second = slub.kmalloc(200, &request, &mut memory, &mut ()).unwrap();
/// assert_eq!(first.get(), 0x100000);
/// assert_eq!(second.get(), 0x100100);              // 256 bytes further, in the same slab
/// slub.kfree(first, CpuId(0), &mut memory, &mut ()).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Slub {
    generation: &'static Generation,
    setup: SlubSetup,
    places: Places,
    /// By creation, oldest first.
    caches: Vec<Cache>,
    /// Which cache a slab belongs to, by the slab's first frame. Of a slab that is no more, the
    /// entry stays until another slab holds its first frame.
    owners: BTreeMap<Pfn, CacheId>,
    /// Blocks that serve a request too large for any cache.
    large: BTreeMap<Pfn, Block>,
}

impl Slub {
    /// The caches behind `kmalloc` and no others; no block is asked for.
    pub fn new(generation: &'static Generation, setup: SlubSetup) -> Slub {
        let places = Places::of(&setup);
        let mut slub = Slub {
            generation,
            setup,
            places,
            caches: Vec::new(),
            owners: BTreeMap::new(),
            large: BTreeMap::new(),
        };
        for &kind in slub.policy().kmalloc.all() {
            for size in kmalloc::SIZES {
                let made = slub.make(
                    CacheId::Kmalloc(kind, size),
                    &kmalloc::spec(kind, size),
                    &mut (),
                );
                made.expect("the sizes of kmalloc are sizes of objects");
            }
        }
        slub
    }

    /// The kernel generation.
    pub fn generation(&self) -> &'static Generation {
        self.generation
    }

    fn policy(&self) -> &'static SlabPolicy {
        &self.generation.slab
    }

    /// Makes a cache, named by a number (`kmem_cache_create`). No block is asked for, and no two
    /// caches are merged.
    ///
    /// # Errors
    /// When there is one with this number, or no such objects can be.
    pub fn create(
        &mut self,
        number: u32,
        spec: &CacheSpec,
        observer: &mut impl Observer,
    ) -> Result<CacheId, CacheError> {
        let id = CacheId::Made(number);
        if self.position(id).is_some() {
            return Err(CacheError::Known(id));
        }
        self.make(id, spec, observer)?;
        Ok(id)
    }

    fn make(
        &mut self,
        id: CacheId,
        spec: &CacheSpec,
        observer: &mut impl Observer,
    ) -> Result<(), CacheError> {
        let policy = self.policy();
        let slot = Slot::of(spec, policy.free_pointer)?.size;
        let orders = slab_orders(policy, slot, self.setup.cpus, self.setup.limits);
        let (preferred, least) = orders.ok_or(CacheError::Size(spec.size))?;
        self.caches.push(Cache {
            id,
            flags: spec.flags,
            slot,
            preferred,
            least,
            cpu_partial: policy.cpu_partial.limit(slot, preferred.objects),
            least_partial: policy.least_partial.of(slot),
            fallbacks: 0,
            cpus: Vec::new(),
            nodes: Vec::new(),
            slabs: BTreeMap::new(),
        });
        observer.event(Event::Slab(SlabEvent::CacheMade {
            cache: id,
            slot,
            order: preferred.order,
            objects: preferred.objects,
            min: least.order,
        }));
        Ok(())
    }

    /// Unmakes a cache: every slab goes back (`kmem_cache_destroy`).
    ///
    /// # Errors
    /// When there is none, or an object of it is in use; nothing changes then. When the allocator
    /// does not take a slab back; the cache stays with what is left then.
    pub fn destroy(
        &mut self,
        id: CacheId,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), CacheError> {
        let at = self.position(id).ok_or(CacheError::Unknown(id))?;
        let cache = &mut self.caches[at];
        match cache.lent() {
            0 => {}
            lent => return Err(CacheError::InUse(id, lent)),
        }
        cache.shrink(cpu, memory, observer)?;
        self.caches.remove(at);
        observer.event(Event::Slab(SlabEvent::CacheGone { cache: id }));
        Ok(())
    }

    /// Gives back what a cache does not need (`kmem_cache_shrink`).
    ///
    /// # Errors
    /// When there is no such cache, or the allocator does not take a slab back.
    pub fn shrink(
        &mut self,
        id: CacheId,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), CacheError> {
        let at = self.position(id).ok_or(CacheError::Unknown(id))?;
        Ok(self.caches[at].shrink(cpu, memory, observer)?)
    }

    /// An object of a cache (`kmem_cache_alloc`, `kmem_cache_alloc_node`). Of the request the
    /// flags, the CPU and the node count.
    ///
    /// # Errors
    /// When there is no such cache, or no memory for another slab.
    pub fn lend(
        &mut self,
        id: CacheId,
        request: &Request,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Address, LendError> {
        let at = self.position(id).ok_or(LendError::Unknown(id))?;
        let want = Want {
            gfp: request.gfp,
            cpu: request.cpu,
            node: request.node,
        };
        let around = Surroundings {
            policy: &self.generation.slab,
            places: &self.places,
        };
        let lent = self.caches[at].lend(&want, &around, memory, observer);
        if let Some(hand) = self.caches[at].cpu(request.cpu).hand {
            self.own(hand, at);
        }
        lent
    }

    /// Memory of so many bytes (`kmalloc`, `kmalloc_node`): an object of the cache whose size is
    /// next, or a block of its own.
    ///
    /// # Errors
    /// When nothing is asked for, or there is no memory for it.
    pub fn kmalloc(
        &mut self,
        bytes: u32,
        request: &Request,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Address, LendError> {
        if bytes == 0 {
            return Err(LendError::Nothing);
        }
        match kmalloc::size_for(bytes) {
            Some(size) => {
                let kind = self.policy().kmalloc.serving(request.gfp);
                self.lend(CacheId::Kmalloc(kind, size), request, memory, observer)
            }
            None => self.large(bytes, request, memory, observer),
        }
    }

    fn large(
        &mut self,
        bytes: u32,
        request: &Request,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Address, LendError> {
        let order = Order::covering(u64::from(bytes).div_ceil(PAGE_BYTES));
        let request = Request {
            order: order.ok_or(AllocError::TooLarge(Order::MAX))?,
            gfp: request.gfp | Gfp::COMP,
            ..*request
        };
        let block = memory.alloc(&request, observer)?;
        self.large.insert(block.start(), block);
        observer.event(Event::Slab(SlabEvent::LargeLent { block }));
        Ok(Address::within(block.start(), 0))
    }

    /// Takes back what `kmalloc` or a cache handed out (`kfree`, `kmem_cache_free`).
    ///
    /// # Errors
    /// When nothing that is in use begins there; nothing changes then. When the allocator does not
    /// take a block back.
    pub fn kfree(
        &mut self,
        at: Address,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), GiveBackError> {
        let block = match at.since(at.frame()) {
            0 => self.large.remove(&at.frame()),
            _ => None,
        };
        if let Some(block) = block {
            observer.event(Event::Slab(SlabEvent::LargeReturned { block }));
            return Ok(memory.free(block, cpu, observer)?);
        }
        let owner = self.owners.range(..=at.frame()).next_back();
        let position = owner.and_then(|(_, &owner)| self.position(owner));
        let position = position.ok_or(GiveBackError::NoObject(at))?;
        self.caches[position].take_back(at, cpu, memory, observer)
    }

    /// How many bytes what begins at an address has room for (`ksize`); `None`: nothing in use
    /// does.
    pub fn usable(&self, at: Address) -> Option<u64> {
        if at.since(at.frame()) == 0
            && let Some(block) = self.large.get(&at.frame())
        {
            return Some(block.frames() * PAGE_BYTES);
        }
        let (_, &owner) = self.owners.range(..=at.frame()).next_back()?;
        let cache = &self.caches[self.position(owner)?];
        cache.has_lent(at).then_some(u64::from(cache.slot))
    }

    /// Every block that a slab or a request too large for one holds.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        let slabs = self.caches.iter().flat_map(|cache| cache.slabs.values());
        let slabs = slabs.map(|slab| slab.block);
        slabs.chain(self.large.values().copied())
    }

    /// How many requests too large for a cache are in use.
    pub fn large_blocks(&self) -> u64 {
        self.large.len() as u64
    }

    /// What `/proc/slabinfo` says.
    pub fn info(&self) -> SlabInfo<'_> {
        SlabInfo::new(self.policy().kmalloc, &self.caches)
    }

    /// Frames that caches hold, and frames of requests too large for them.
    pub fn frames(&self) -> (u64, u64) {
        let slabs = self.caches.iter().map(Cache::frames).sum();
        let large = self.large.values().map(|block| block.frames()).sum();
        (slabs, large)
    }

    fn position(&self, id: CacheId) -> Option<usize> {
        self.caches.iter().position(|cache| cache.id == id)
    }

    /// Notes whose the slab in hand is: only there do new slabs come from.
    fn own(&mut self, slab: Pfn, position: usize) {
        let cache = &mut self.caches[position];
        if self.owners.get(&slab) == Some(&cache.id) {
            return;
        }
        let range = cache.slab(slab).block.range();
        let id = cache.id;
        let within = self.owners.range(range.start()..range.end());
        let stale: Vec<_> = within.map(|(&slab, _)| slab).collect();
        for slab in stale {
            self.owners.remove(&slab);
        }
        self.owners.insert(slab, id);
    }
}

/// What a CPU had goes back to the nodes when it dies, cache by cache, the newest first.
impl CpuNotifier for Slub {
    fn cpu_event(
        &mut self,
        event: CpuEvent,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let CpuEvent::Dead { cpu, on } = event else {
            return Ok(());
        };
        let mut newest_first = self.caches.iter_mut().rev();
        newest_first.try_for_each(|cache| cache.flush(cpu, on, memory, observer))
    }
}
