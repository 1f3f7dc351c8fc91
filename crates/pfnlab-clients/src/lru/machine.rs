//! The batches and lists of a machine.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{
    Block, CpuId, End, Event, FreeError, LruBatch, LruEvent, LruList, NodeId, Observer, Order,
    PageAllocator, Pfn,
};

use super::pages::{Page, Pages};
use super::policy::{LruPolicy, ReleaseOrder};
use crate::node_of::node_of;
use crate::{CpuEvent, CpuNotifier, Generation};

/// The LRU lists of every node, and the batches of every CPU in front of them.
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::lru::Lru;
/// use pfnlab_model::*;
/// # struct Silent;
/// # impl PageAllocator for Silent {
/// #     fn alloc(&mut self, _: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
/// #         Err(AllocError::Unsupported)
/// #     }
/// #     fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
/// #         Ok(())
/// #     }
/// # }
/// # let memory = &mut Silent;
/// let mut lru = Lru::new(Generation::NEWEST);
/// let page = Block::page(Pfn::new(0x100));
/// lru.add(page, LruList::InactiveFile, CpuId(0), memory, &mut ()).unwrap();
/// assert!(!lru.is_listed(page.start()));                // it waits in a batch
/// assert_eq!(lru.put(page, CpuId(0), memory, &mut ()), Ok(false));  // which holds it
/// lru.drain(CpuId(0), CpuId(0), memory, &mut ()).unwrap();          // now it is freed
/// assert!(!lru.knows(page));
/// ```
#[derive(Clone, Debug)]
pub struct Lru {
    policy: &'static LruPolicy,
    pub(super) pages: Pages,
    /// What waits, by CPU and position in [`LruPolicy::batches`].
    batches: BTreeMap<(CpuId, usize), Vec<Pfn>>,
    kinds: Vec<LruBatch>,
    /// How often batching was switched off more than on.
    disabled: u32,
}

/// A page that cannot be put on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LruError {
    /// It is on one, or on its way to one.
    Known(Block),
    /// The allocator does not take back a page nobody holds.
    NotTaken(FreeError),
}

impl fmt::Display for LruError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LruError::Known(block) => write!(f, "page {block} is on a list or on its way to one"),
            LruError::NotTaken(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for LruError {}

impl From<FreeError> for LruError {
    fn from(error: FreeError) -> LruError {
        LruError::NotTaken(error)
    }
}

impl Lru {
    /// Empty batches and lists.
    pub fn new(generation: &'static Generation) -> Lru {
        let policy = &generation.lru;
        Lru {
            policy,
            pages: Pages::default(),
            batches: BTreeMap::new(),
            kinds: policy.batches().collect(),
            disabled: 0,
        }
    }

    /// Lets a page that its owner holds wait for its place on a list (`lru_cache_add`).
    ///
    /// # Errors
    /// When it is on a list or on its way to one, or the allocator does not take back what its
    /// owner gave up.
    pub fn add(
        &mut self,
        block: Block,
        list: LruList,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), LruError> {
        if self.pages.overlap(block) {
            return Err(LruError::Known(block));
        }
        self.pages.insert(Page {
            block,
            node: node_of(memory, block),
            references: 1,
            owned: true,
            wanted: list,
            list: None,
            place: 0,
        });
        let batch = self.policy.batch_for(list);
        Ok(self.enter(block, batch, cpu, memory, observer)?)
    }

    /// Lets a page that is on a list wait for its place on another. Says whether it does: a page on
    /// no list stays where it is, and so does any page if the generation has no such batch.
    ///
    /// # Errors
    /// When the allocator does not take back what its owner gave up.
    pub fn move_on(
        &mut self,
        block: Block,
        batch: LruBatch,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<bool, FreeError> {
        let adds = matches!(batch, LruBatch::Add(_));
        if adds || !self.kinds.contains(&batch) || !self.is_listed(block.start()) {
            return Ok(false);
        }
        self.enter(block, batch, cpu, memory, observer)?;
        Ok(true)
    }

    fn enter(
        &mut self,
        block: Block,
        batch: LruBatch,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let position = self.kinds.iter().position(|&kind| kind == batch);
        let position = position.expect("the generation has this batch");
        if let Some(page) = self.pages.get_mut(block.start()) {
            page.references += 1;
        }
        let waiting = self.batches.entry((cpu, position)).or_default();
        waiting.push(block.start());
        let held = waiting.len() as u8;
        observer.event(Event::Lru(LruEvent::Batched {
            cpu,
            batch,
            block,
            held,
        }));
        let compound = block.order() > Order::ZERO;
        let full = held >= self.policy.size || self.policy.empties_at_once(compound);
        if full || self.disabled > 0 {
            self.empty(cpu, position, cpu, memory, observer)?;
        }
        Ok(())
    }

    /// Its owner gives a page up. Says whether it is freed: a batch may hold it still.
    ///
    /// # Errors
    /// When the allocator does not take it back.
    pub fn put(
        &mut self,
        block: Block,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<bool, FreeError> {
        if !self.knows(block) {
            return Err(FreeError::NotLent(block));
        }
        if let Some(page) = self.pages.get_mut(block.start()) {
            page.owned = false;
        }
        match self.pages.release(block.start(), memory, observer) {
            Some(block) => memory.free(block, cpu, observer).map(|()| true),
            None => {
                observer.event(Event::Lru(LruEvent::Kept { block }));
                Ok(false)
            }
        }
    }

    /// Whether what is in a page can be put elsewhere: it is on a list, and nobody but its owner
    /// holds it. A page that waits in a batch cannot be moved.
    pub fn can_move(&self, block: Block) -> bool {
        let page = self
            .pages
            .get(block.start())
            .filter(|page| page.block == block);
        page.is_some_and(|page| page.owned && page.references == 1 && page.list.is_some())
    }

    /// What was in a page that [can be moved](Lru::can_move) is in another now, which takes its
    /// place with its owner, and waits for one on the same list of its own node
    /// (`migrate_pages`, `putback_lru_page`). Nothing happens to a page that cannot be moved.
    ///
    /// # Errors
    /// When the allocator does not take back what others gave up.
    pub fn migrate(
        &mut self,
        from: Block,
        to: Block,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        if !self.can_move(from) {
            return Ok(());
        }
        let Some((page, list)) = self.pages.take(from.start(), memory, observer) else {
            return Ok(());
        };
        self.pages.insert(Page {
            block: to,
            node: node_of(memory, to),
            wanted: list,
            ..page
        });
        self.enter(to, self.policy.batch_for(list), cpu, memory, observer)
    }

    /// Empties the batches of `cpu`, in the generation's order; `on` is the CPU that does it, and
    /// gets the pages nobody holds any more (`lru_add_drain_cpu`).
    ///
    /// # Errors
    /// When the allocator does not take back a page.
    pub fn drain(
        &mut self,
        cpu: CpuId,
        on: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let mut positions = 0..self.kinds.len();
        positions.try_for_each(|position| self.empty(cpu, position, on, memory, observer))
    }

    /// Empties the batches of every CPU that has any, each by itself (`lru_add_drain_all`).
    ///
    /// # Errors
    /// When the allocator does not take back a page.
    pub fn drain_all(
        &mut self,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let mut cpus: Vec<_> = self.batches.keys().map(|&(cpu, _)| cpu).collect();
        cpus.dedup();
        let mut cpus = cpus.into_iter();
        cpus.try_for_each(|cpu| self.drain(cpu, cpu, memory, observer))
    }

    /// Empties every batch, and each page's at once from now on (`lru_cache_disable`).
    ///
    /// # Errors
    /// When the allocator does not take back a page.
    pub fn disable(
        &mut self,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        self.disabled += 1;
        self.drain_all(memory, observer)
    }

    /// Lets pages wait again, if this was called as often as [`Lru::disable`]
    /// (`lru_cache_enable`).
    pub fn enable(&mut self) {
        self.disabled = self.disabled.saturating_sub(1);
    }

    /// Processes a batch front to back, then lets go of its references in the generation's order.
    fn empty(
        &mut self,
        cpu: CpuId,
        position: usize,
        on: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let Some(mut waiting) = self.batches.remove(&(cpu, position)) else {
            return Ok(());
        };
        let batch = self.kinds[position];
        for &start in &waiting {
            self.arrive(start, batch, memory, observer);
        }
        observer.event(Event::Lru(LruEvent::Drained {
            cpu,
            batch,
            pages: waiting.len() as u8,
        }));
        match self.policy.release {
            ReleaseOrder::Reverse => waiting.reverse(),
            ReleaseOrder::Forward => {}
        }
        for start in waiting {
            if let Some(block) = self.pages.release(start, memory, observer) {
                memory.free(block, on, observer)?;
            }
        }
        Ok(())
    }

    /// A page reaches the place it waited for, unless it left its list in the meantime.
    fn arrive(
        &mut self,
        start: Pfn,
        batch: LruBatch,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        let Some(page) = self.pages.get(start) else {
            return;
        };
        let place = match (batch, page.list) {
            (LruBatch::Add(_), None) => Some((page.wanted, End::Head)),
            (LruBatch::Add(_), Some(_)) | (_, None) => None,
            (LruBatch::Rotate, Some(list)) => Some((inactive(list), End::Tail)),
            (LruBatch::DeactivateFile, Some(list)) => Some((inactive(list), End::Tail)),
            (LruBatch::Deactivate, Some(list)) => Some((inactive(list), End::Head)),
            (LruBatch::LazyFree, Some(_)) => Some((LruList::InactiveFile, End::Head)),
            (LruBatch::Activate, Some(list)) => Some((active(list), End::Head)),
            (LruBatch::Mlock, Some(_)) => Some((LruList::Unevictable, End::Head)),
        };
        if let Some((list, end)) = place {
            self.pages.put(start, list, end, memory, observer);
        }
    }

    /// Whether a page is on a list or on its way to one.
    pub fn knows(&self, block: Block) -> bool {
        let page = self.pages.get(block.start());
        page.is_some_and(|page| page.block == block && page.owned)
    }

    /// Whether a frame is in a page that is on a list (`PageLRU`): a page in a batch is not yet.
    pub fn is_listed(&self, pfn: Pfn) -> bool {
        let page = self.pages.holding(pfn);
        page.is_some_and(|page| page.list.is_some())
    }

    /// Whether anything waits in a batch of this CPU.
    pub fn waits(&self, cpu: CpuId) -> bool {
        self.batches
            .range((cpu, 0)..=(cpu, usize::MAX))
            .next()
            .is_some()
    }

    /// How many pages wait in each batch of each CPU; empty ones left out.
    pub fn waiting(&self) -> impl Iterator<Item = (CpuId, LruBatch, u32)> {
        let batches = self.batches.iter();
        batches.map(|(&(cpu, at), waiting)| (cpu, self.kinds[at], waiting.len() as u32))
    }

    /// Every page a batch or a list knows.
    pub fn blocks(&self) -> impl Iterator<Item = Block> {
        self.pages.iter().map(|page| page.block)
    }

    /// How many pages a batch holds at most.
    pub fn batch_size(&self) -> u32 {
        u32::from(self.policy.size)
    }

    /// The pages of a list of a node, from its head.
    pub fn list(&self, node: NodeId, list: LruList) -> impl Iterator<Item = Block> {
        self.pages.list(node, list).map(|page| page.block)
    }

    /// The frames of a list of a node (`NR_LRU_BASE` and those behind it).
    pub fn frames(&self, node: NodeId, list: LruList) -> u64 {
        self.list(node, list).map(Block::frames).sum()
    }
}

fn inactive(list: LruList) -> LruList {
    match list {
        LruList::ActiveAnon => LruList::InactiveAnon,
        LruList::ActiveFile => LruList::InactiveFile,
        other => other,
    }
}

fn active(list: LruList) -> LruList {
    match list {
        LruList::InactiveAnon => LruList::ActiveAnon,
        LruList::InactiveFile => LruList::ActiveFile,
        other => other,
    }
}

/// The batches of a CPU that dies are emptied by one that lives.
impl CpuNotifier for Lru {
    fn cpu_event(
        &mut self,
        event: CpuEvent,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        match event {
            CpuEvent::Dead { cpu, on } if self.policy.drained_at_death => {
                self.drain(cpu, on, memory, observer)
            }
            CpuEvent::Dead { .. } | CpuEvent::Online(_) => Ok(()),
        }
    }
}
