//! A large machine at work: requests that wait, objects, and kswapd.

use pfnlab_clients::Generation;
use pfnlab_clients::slab::{Slub, SlubSetup};
use pfnlab_mm::Mm;
use pfnlab_model::{
    Address, AllocError, Block, CacheFlags, CacheId, CacheSpec, CpuId, FreeError, Gfp, Inspect,
    MemoryOp, NodeId, Observer, Order, PageAllocator, Pfn, PfnRange, Request,
};

use crate::page_cache::{Owner, PageCache};

/// What is touched at a time of memory that could be huge, in frames.
pub(crate) const HUGE: u64 = 512;

/// When the background reclaimer has its turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kswapd {
    /// On which CPU.
    pub(crate) cpu: CpuId,
    /// After so many frames, if it was asked.
    pub(crate) every: u32,
}

/// The allocator, who has movable frames and objects, and who watches.
pub(crate) struct Machine<O> {
    pub(crate) mm: Mm,
    pub(crate) pages: PageCache,
    slub: Slub,
    caches: u32,
    pub(crate) seen: O,
    kswapd: Kswapd,
    /// Steps until its turn.
    until: u32,
    /// Huge pages that were asked for, and those that were got.
    pub(crate) huge: (u64, u64),
}

impl<O: Observer> Machine<O> {
    /// With room for so many files. Requests wait.
    pub(crate) fn new(mm: Mm, files: usize, kswapd: Kswapd, seen: O) -> Machine<O> {
        let snapshot = mm.snapshot();
        let ends = snapshot.zones.iter();
        let ends = ends.map(|zone| zone.start.get() + zone.spanned);
        let end = Pfn::new(ends.max().unwrap_or(0));
        let generation = Generation::by_name(&snapshot.profile);
        Machine {
            pages: PageCache::new(end, files),
            slub: Slub::new(
                generation.unwrap_or(Generation::NEWEST),
                SlubSetup::of(&snapshot),
            ),
            caches: 0,
            seen,
            kswapd,
            until: kswapd.every,
            huge: (0, 0),
            mm,
        }
    }

    /// Has a block; `None`: it was refused.
    pub(crate) fn block(&mut self, gfp: Gfp, order: Order, cpu: CpuId) -> Option<Block> {
        let request = Request {
            order,
            cpu,
            ..Request::new(gfp)
        };
        let got = self
            .mm
            .alloc_blocking(&request, &mut self.pages, &mut self.seen);
        got.ok()
    }

    /// Has an unmovable frame.
    pub(crate) fn unmovable(&mut self, cpu: CpuId) -> Option<Block> {
        self.block(Gfp::GFP_KERNEL, Order::ZERO, cpu)
    }

    /// Somebody has one more movable frame, unless it is refused.
    pub(crate) fn page(&mut self, owner: Owner, cpu: CpuId) {
        if let Some(block) = self.block(Gfp::GFP_HIGHUSER_MOVABLE, Order::ZERO, cpu) {
            self.pages.put(block.start(), owner, &mut self.mm);
        }
    }

    /// A block goes.
    pub(crate) fn free(&mut self, block: Block, cpu: CpuId) {
        self.mm
            .free(block, cpu, &mut self.seen)
            .expect("it was handed out");
    }

    /// The frames that a file still has go.
    pub(crate) fn drop_file(&mut self, file: u32, cpu: CpuId) {
        while let Some(page) = self.pages.any_of_file(file) {
            self.pages.take(page, &mut self.mm);
            self.free(Block::page(page), cpu);
        }
    }

    /// One step more; after so many kswapd has its turn. Says whether it had.
    pub(crate) fn tick(&mut self) -> bool {
        self.until -= 1;
        if self.until > 0 {
            return false;
        }
        self.until = self.kswapd.every;
        let op = MemoryOp::Kswapd {
            node: NodeId(0),
            cpu: self.kswapd.cpu,
        };
        let nothing = PfnRange::sized(Pfn::default(), 0);
        self.mm
            .memory(&op, nothing, &mut self.pages, &mut self.seen)
            .expect("there is a node");
        true
    }

    /// A program touches what could be a huge page for the first time: a page table, then one, or single
    /// frames. Nothing of it ever goes.
    pub(crate) fn touch(&mut self, cpu: CpuId) {
        self.unmovable(cpu);
        self.huge.0 += 1;
        let order = Order::new(9).expect("there is one");
        match self.block(Gfp::GFP_TRANSHUGE_LIGHT, order, cpu) {
            Some(block) => {
                self.huge.1 += 1;
                self.mm.set_listed(block, true);
            }
            None => (0..HUGE).for_each(|_| {
                self.page(Owner::Heap, cpu);
                self.tick();
            }),
        }
    }

    /// A cache of objects of so many bytes; `reclaim`: they can be reclaimed.
    pub(crate) fn cache(&mut self, bytes: u32, reclaim: bool) -> CacheId {
        let spec = CacheSpec::new(bytes);
        let spec = match reclaim {
            true => spec.with(CacheFlags::RECLAIM),
            false => spec,
        };
        self.caches += 1;
        self.slub
            .create(self.caches, &spec, &mut self.seen)
            .expect("there are such objects, and no two caches of a number")
    }

    /// Has an object; `None`: it was refused.
    pub(crate) fn object(&mut self, cache: CacheId, cpu: CpuId) -> Option<Address> {
        let request = Request {
            cpu,
            ..Request::new(Gfp::GFP_KERNEL)
        };
        let mut waiting = Waiting {
            mm: &mut self.mm,
            pages: &mut self.pages,
        };
        self.slub
            .lend(cache, &request, &mut waiting, &mut self.seen)
            .ok()
    }

    /// An object goes.
    pub(crate) fn drop_object(&mut self, object: Address, cpu: CpuId) {
        self.slub
            .kfree(object, cpu, &mut self.mm, &mut self.seen)
            .expect("it was handed out");
    }
}

/// The allocator as caches see it: their requests wait, too.
struct Waiting<'a> {
    mm: &'a mut Mm,
    pages: &'a mut PageCache,
}

impl PageAllocator for Waiting<'_> {
    fn alloc(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        self.mm.alloc_blocking(request, self.pages, observer)
    }

    fn free(
        &mut self,
        block: Block,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.mm.free(block, cpu, observer)
    }

    fn inspect(&self) -> Option<&dyn Inspect> {
        self.mm.inspect()
    }
}
