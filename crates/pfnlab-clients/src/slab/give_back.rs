//! An object comes back, and what that means for its slab (`__slab_free`).

use alloc::vec::Vec;

use pfnlab_model::{
    Address, CpuId, End, Event, FreeError, NodeId, Observer, PageAllocator, Pfn, SlabEvent,
};

use super::GiveBackError;
use super::cache::Cache;

impl Cache {
    /// Takes an object back. Nothing happens when none in use begins there.
    pub(crate) fn take_back(
        &mut self,
        at: Address,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), GiveBackError> {
        let slot = self.slot;
        let before = self.slabs.range_mut(..=at.frame()).next_back();
        let found = before.and_then(|(&start, slab)| Some((start, slab.object_at(at, slot)?)));
        let (start, object) = found.ok_or(GiveBackError::NoObject(at))?;
        self.slab(start).take_back(object);
        let (cache, own) = (self.id, self.cpu(cpu).hand == Some(start));
        observer.event(Event::Slab(SlabEvent::Returned { cache, at, own }));
        if own {
            self.cpu(cpu).free.push(object);
            return Ok(());
        }
        Ok(self.put_in_its_slab(start, object, cpu, memory, observer)?)
    }

    fn put_in_its_slab(
        &mut self,
        start: Pfn,
        object: u16,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let slab = self.slab(start);
        let was_full = slab.free.is_empty();
        slab.free.push(object);
        if slab.frozen {
            return Ok(());
        }
        let (node, empty) = (slab.node, slab.in_use() == 0);
        if was_full && self.cpu_partial.keeps() {
            return self.stack_or_unload(start, cpu, memory, observer);
        }
        if empty && self.has_enough(node) {
            self.node(node).remove(start);
            return self.discard(start, cpu, memory, observer);
        }
        if was_full {
            self.put_on_node(start, End::Tail, observer);
        }
        Ok(())
    }

    /// Puts a slab on the CPU's stack, which is given up first when it is high enough
    /// (`put_cpu_partial`).
    fn stack_or_unload(
        &mut self,
        slab: Pfn,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let limit = self.cpu_partial;
        let stack = &self.cpu(cpu).stack;
        let free = stack.last().map_or(0, |&(_, free)| free);
        let reached = !stack.is_empty() && limit.is_reached(stack.len(), free);
        let unloaded = if reached {
            self.unload(cpu, observer)
        } else {
            Vec::new()
        };
        self.stack(slab, cpu, observer);
        self.discard_all(unloaded, cpu, memory, observer)
    }

    /// Moves the CPU's stack to the nodes' lists, the last one put there first. Empty slabs a node
    /// does not need are on no list then, and to be discarded; the last one found first.
    fn unload(&mut self, cpu: CpuId, observer: &mut impl Observer) -> Vec<Pfn> {
        let mut empty = Vec::new();
        while let Some((slab, _)) = self.cpu(cpu).stack.pop() {
            let found = self.slab(slab);
            let (node, in_use) = (found.node, found.in_use());
            if in_use == 0 && self.has_enough(node) {
                empty.insert(0, slab);
            } else {
                self.put_on_node(slab, End::Tail, observer);
            }
        }
        empty
    }

    fn discard_all(
        &mut self,
        slabs: Vec<Pfn>,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        slabs
            .into_iter()
            .try_for_each(|slab| self.discard(slab, cpu, memory, observer))
    }

    /// Takes everything a CPU has of the cache from it (`flush_cpu_slab`). `on` is the CPU that
    /// does it, and gets the blocks that go back.
    pub(crate) fn flush(
        &mut self,
        cpu: CpuId,
        on: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.put_away_on(cpu, on, memory, observer)?;
        let unloaded = self.unload(cpu, observer);
        self.discard_all(unloaded, on, memory, observer)
    }

    pub(crate) fn flush_all(
        &mut self,
        on: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        // Fits: a CPU's number is a u16.
        let cpus = 0..self.cpus.len() as u16;
        cpus.map(CpuId)
            .try_for_each(|cpu| self.flush(cpu, on, memory, observer))
    }

    /// Gives up every empty slab and sorts the others, the fullest first (`kmem_cache_shrink`).
    pub(crate) fn shrink(
        &mut self,
        on: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.flush_all(on, memory, observer)?;
        for node in 0..self.nodes.len() {
            // Fits: a node's number is a u16.
            let node = NodeId(node as u16);
            let listed: Vec<_> = self.node(node).iter().collect();
            let mut empty: Vec<_> = listed
                .into_iter()
                .filter(|&slab| self.slab(slab).in_use() == 0)
                .collect();
            empty.reverse();
            for &slab in &empty {
                self.node(node).remove(slab);
            }
            let slabs = &self.slabs;
            let free = |slab: Pfn| slabs.get(&slab).map_or(0, |slab| slab.free.len() as u32);
            self.nodes[node.index()].sort(free);
            self.discard_all(empty, on, memory, observer)?;
        }
        Ok(())
    }
}
