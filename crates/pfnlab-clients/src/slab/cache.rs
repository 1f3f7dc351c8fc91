//! One cache: its numbers, and where its slabs are.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use pfnlab_model::{
    Address, Block, CacheFlags, CacheId, CpuId, End, Event, FreeError, NodeId, Observer,
    PageAllocator, Pfn, SlabEvent, SlabPlace,
};

use super::cpu_partial::CpuPartialLimit;
use super::node::NodePartial;
use super::order::OrderObjects;
use super::page::Slab;

/// A cache of objects of one size (`struct kmem_cache`).
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub(crate) id: CacheId,
    pub(crate) flags: CacheFlags,
    /// What one object takes, in bytes.
    pub(crate) slot: u32,
    /// The preferred size of a slab.
    pub(crate) preferred: OrderObjects,
    /// The least one.
    pub(crate) least: OrderObjects,
    pub(crate) cpu_partial: CpuPartialLimit,
    /// How many partly used slabs a node keeps.
    pub(crate) least_partial: u32,
    /// Slabs of a smaller order than the preferred one that were made (`ORDER_FALLBACK`).
    pub(crate) fallbacks: u64,
    pub(crate) cpus: Vec<CpuSlabs>,
    pub(crate) nodes: Vec<NodePartial>,
    pub(crate) slabs: BTreeMap<Pfn, Slab>,
}

/// What a CPU has of a cache (`struct kmem_cache_cpu`).
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuSlabs {
    /// The slab in hand.
    pub(crate) hand: Option<Pfn>,
    /// Free objects of it that nobody else sees; the last is taken first.
    pub(crate) free: Vec<u16>,
    /// Partly used slabs; the last was put there last. With each, how many free objects it and
    /// those below had when it was put there.
    pub(crate) stack: Vec<(Pfn, u32)>,
}

impl Cache {
    pub(crate) fn cpu(&mut self, cpu: CpuId) -> &mut CpuSlabs {
        if cpu.index() >= self.cpus.len() {
            self.cpus.resize(cpu.index() + 1, CpuSlabs::default());
        }
        &mut self.cpus[cpu.index()]
    }

    pub(crate) fn node(&mut self, node: NodeId) -> &mut NodePartial {
        if node.index() >= self.nodes.len() {
            self.nodes.resize(node.index() + 1, NodePartial::default());
        }
        &mut self.nodes[node.index()]
    }

    /// A slab of this cache.
    ///
    /// # Panics
    /// When there is none: some list names a slab that was given up.
    pub(crate) fn slab(&mut self, slab: Pfn) -> &mut Slab {
        self.slabs.get_mut(&slab).expect("a list names no slab")
    }

    /// Whether a node keeps an empty slab no longer.
    pub(crate) fn has_enough(&mut self, node: NodeId) -> bool {
        let least = self.least_partial;
        self.node(node).len() >= least
    }

    pub(crate) fn tell_place(&self, block: Block, to: SlabPlace, observer: &mut impl Observer) {
        let cache = self.id;
        observer.event(Event::Slab(SlabEvent::Moved { cache, block, to }));
    }

    /// Puts a slab no CPU has on its node's list.
    pub(crate) fn put_on_node(&mut self, slab: Pfn, end: End, observer: &mut impl Observer) {
        let found = self.slab(slab);
        found.frozen = false;
        let (block, node) = (found.block, found.node);
        self.node(node).put(slab, end);
        self.tell_place(block, SlabPlace::NodePartial(node, end), observer);
    }

    /// Gives a slab up: no list names it any more, and its block goes back (`discard_slab`).
    pub(crate) fn discard(
        &mut self,
        slab: Pfn,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let gone = self.slabs.remove(&slab).expect("a list names no slab");
        assert_eq!(gone.lent(), 0, "a slab in use is given up");
        let (cache, block) = (self.id, gone.block);
        observer.event(Event::Slab(SlabEvent::Discarded { cache, block }));
        memory.free(block, cpu, observer)
    }

    /// Whether a client has an object that begins at an address.
    pub(crate) fn has_lent(&self, at: Address) -> bool {
        let before = self.slabs.range(..=at.frame()).next_back();
        before.is_some_and(|(_, slab)| slab.object_at(at, self.slot).is_some())
    }

    /// Objects clients have.
    pub(crate) fn lent(&self) -> u32 {
        self.slabs.values().map(Slab::lent).sum()
    }

    /// The frames of all slabs.
    pub(crate) fn frames(&self) -> u64 {
        self.slabs.values().map(|slab| slab.block.frames()).sum()
    }
}
