//! An allocation when the CPU has no free object at hand (`___slab_alloc`).

use pfnlab_model::{
    Address, Block, CpuId, End, Event, FreeError, Gfp, NodeId, Observer, PageAllocator, Pfn,
    Request, SlabEvent, SlabPlace,
};

use super::LendError;
use super::cache::Cache;
use super::gfp::SlabMasks;
use super::page::Slab;
use super::policy::SlabPolicy;
use super::setup::Places;
use crate::node_of::node_of;

/// What a request that names a node, but may go elsewhere, tries first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedNode {
    /// A slab from wherever the page allocator finds one, that node preferred.
    Preferred,
    /// In 6.12: a new slab on that node and nowhere else, without waiting.
    ThisFirst,
}

/// What an object is asked for with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    pub(crate) gfp: Gfp,
    pub(crate) cpu: CpuId,
    pub(crate) node: Option<NodeId>,
}

/// Everything beside the cache that an allocation looks at.
pub(crate) struct Surroundings<'a> {
    pub(crate) policy: &'a SlabPolicy,
    pub(crate) places: &'a Places,
}

impl Cache {
    /// An object.
    pub(crate) fn lend(
        &mut self,
        want: &Want,
        around: &Surroundings<'_>,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Address, LendError> {
        self.put_away_if_elsewhere(want, memory, observer)?;
        if self.cpu(want.cpu).free.is_empty() {
            self.refill(want, around, memory, observer)?;
        }
        let cpu = self.cpu(want.cpu);
        let taken = cpu.hand.zip(cpu.free.pop());
        let (slab, object) = taken.expect("a refill leaves an object at hand");
        let slot = self.slot;
        let slab = self.slab(slab);
        slab.lend(object);
        let at = slab.address(object, slot);
        let cache = self.id;
        observer.event(Event::Slab(SlabEvent::Lent { cache, at }));
        Ok(at)
    }

    /// The list of attempts.
    fn refill(
        &mut self,
        want: &Want,
        around: &Surroundings<'_>,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), LendError> {
        if self.take_remote_frees(want.cpu, observer)
            || self.take_from_stack(want, memory, observer)?
        {
            return Ok(());
        }
        let strict = want.gfp.contains(Gfp::THISNODE);
        let first_here = around.policy.named_node == NamedNode::ThisFirst;
        if want.node.is_some() && !strict && first_here {
            let here = Want {
                gfp: Gfp::GFP_NOWAIT | Gfp::THISNODE,
                ..*want
            };
            if self.take_from_nodes(&here, around, observer)
                || self.new_slab(&here, around, memory, observer).is_ok()
            {
                return Ok(());
            }
        }
        if self.take_from_nodes(want, around, observer) {
            return Ok(());
        }
        self.new_slab(want, around, memory, observer)
    }

    /// Puts the slab in hand away when it lies on another node than asked for.
    fn put_away_if_elsewhere(
        &mut self,
        want: &Want,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), LendError> {
        let (Some(node), Some(hand)) = (want.node, self.cpu(want.cpu).hand) else {
            return Ok(());
        };
        if self.slab(hand).node == node {
            return Ok(());
        }
        Ok(self.put_away(want.cpu, memory, observer)?)
    }

    /// What others gave back to the slab in hand; if nothing, it is full and let go.
    fn take_remote_frees(&mut self, cpu: CpuId, observer: &mut impl Observer) -> bool {
        let Some(hand) = self.cpu(cpu).hand else {
            return false;
        };
        let slab = self.slab(hand);
        let free = core::mem::take(&mut slab.free);
        if free.is_empty() {
            slab.frozen = false;
            let block = slab.block;
            self.cpu(cpu).hand = None;
            self.tell_place(block, SlabPlace::Full, observer);
            return false;
        }
        self.cpu(cpu).free = free;
        true
    }

    /// The slab the CPU put on its stack last.
    fn take_from_stack(
        &mut self,
        want: &Want,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<bool, LendError> {
        while let Some((slab, _)) = self.cpu(want.cpu).stack.pop() {
            self.take_in_hand(slab, want.cpu, observer);
            self.put_away_if_elsewhere(want, memory, observer)?;
            if self.cpu(want.cpu).hand.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn take_in_hand(&mut self, slab: Pfn, cpu: CpuId, observer: &mut impl Observer) {
        let found = self.slab(slab);
        found.frozen = true;
        let (block, free) = (found.block, core::mem::take(&mut found.free));
        let mine = self.cpu(cpu);
        mine.hand = Some(slab);
        mine.free = free;
        self.tell_place(block, SlabPlace::InHand(cpu), observer);
    }

    /// A partly used slab of the node asked for; then, if that is switched on and the request may
    /// leave the node, of one that has more than it needs.
    fn take_from_nodes(
        &mut self,
        want: &Want,
        around: &Surroundings<'_>,
        observer: &mut impl Observer,
    ) -> bool {
        let own = want.node.unwrap_or(around.places.node_of(want.cpu));
        if self.take_from_node(own, want.cpu, observer) {
            return true;
        }
        let bound = want.node.is_some() && want.gfp.contains(Gfp::THISNODE);
        if bound {
            return false;
        }
        let least = self.least_partial;
        let mut remote = around.places.remote(own);
        let found = remote.find(|&node| self.node(node).len() > least);
        found.is_some_and(|node| self.take_from_node(node, want.cpu, observer))
    }

    /// The first slab of a node's list goes to hand, some of those behind it on the CPU's stack
    /// (`get_partial_node`).
    fn take_from_node(&mut self, node: NodeId, cpu: CpuId, observer: &mut impl Observer) -> bool {
        let Some(first) = self.node(node).take_first() else {
            return false;
        };
        let mut free = self.slab(first).free.len() as u32;
        self.take_in_hand(first, cpu, observer);
        let mut beside = 0;
        while !self.cpu_partial.is_enough(beside, free) {
            let Some(next) = self.node(node).take_first() else {
                break;
            };
            free += self.slab(next).free.len() as u32;
            self.stack(next, cpu, observer);
            beside += 1;
        }
        true
    }

    /// Puts a slab on the CPU's stack, whatever is there.
    pub(crate) fn stack(&mut self, slab: Pfn, cpu: CpuId, observer: &mut impl Observer) {
        let found = self.slab(slab);
        found.frozen = true;
        let (block, free) = (found.block, found.free.len() as u32);
        let stack = &mut self.cpu(cpu).stack;
        let below = stack.last().map_or(0, |&(_, free)| free);
        stack.push((slab, below + free));
        self.tell_place(block, SlabPlace::CpuPartial(cpu), observer);
    }

    /// A block of the preferred order without effort, else of the least order (`allocate_slab`).
    fn new_slab(
        &mut self,
        want: &Want,
        around: &Surroundings<'_>,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), LendError> {
        let (wanted, min) = (self.preferred.order, self.least.order);
        let masks = SlabMasks::new(around.policy, self.flags, want.gfp, wanted, min);
        let ask = |gfp, order| Request {
            order,
            gfp,
            cpu: want.cpu,
            node: want.node,
            nodes: None,
        };
        let first = memory.alloc(&ask(masks.first, wanted), observer);
        let (block, objects) = match first {
            Ok(block) => (block, self.preferred.objects),
            Err(_) => {
                let cache = self.id;
                observer.event(Event::Slab(SlabEvent::FellToMinimum { cache, wanted, min }));
                let block = memory.alloc(&ask(masks.second, min), observer)?;
                self.fallbacks += 1;
                (block, self.least.objects)
            }
        };
        self.receive(block, objects, want.cpu, memory, observer);
        Ok(())
    }

    fn receive(
        &mut self,
        block: Block,
        objects: u16,
        cpu: CpuId,
        memory: &impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        let slab = Slab::new(block, node_of(memory, block), objects);
        self.slabs.insert(block.start(), slab);
        let cache = self.id;
        observer.event(Event::Slab(SlabEvent::Made {
            cache,
            block,
            objects,
        }));
        self.take_in_hand(block.start(), cpu, observer);
    }

    fn put_away(
        &mut self,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.put_away_on(cpu, cpu, memory, observer)
    }

    /// Lets go of the slab a CPU has in hand (`deactivate_slab`). `on` is the CPU that does it.
    pub(crate) fn put_away_on(
        &mut self,
        cpu: CpuId,
        on: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let mine = self.cpu(cpu);
        let Some(hand) = mine.hand.take() else {
            return Ok(());
        };
        let mut own = core::mem::take(&mut mine.free);
        let slab = self.slab(hand);
        let freed_by_others = !slab.free.is_empty();
        slab.free.append(&mut own);
        let (block, node) = (slab.block, slab.node);
        let (empty, full) = (slab.in_use() == 0, slab.free.is_empty());
        slab.frozen = false;
        if empty && self.has_enough(node) {
            return self.discard(hand, on, memory, observer);
        }
        if full {
            self.tell_place(block, SlabPlace::Full, observer);
        } else {
            let end = if freed_by_others {
                End::Tail
            } else {
                End::Head
            };
            self.put_on_node(hand, end, observer);
        }
        Ok(())
    }
}
