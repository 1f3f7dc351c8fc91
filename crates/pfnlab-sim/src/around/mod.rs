//! What sits around an allocator in a run: caches of objects, LRU batches, page tables' extensions.

mod tap;

use std::collections::BTreeMap;

use pfnlab_clients::lru::{Lru, LruError, ReclaimModel};
use pfnlab_clients::page_ext::{ClientKind, Needs, PageExt, PageExtError, SectionMap};
use pfnlab_clients::slab::{GiveBackError, LendError, Slub, SlubSetup};
use pfnlab_clients::{CpuEvent, CpuNotifier, Generation, MemoryNotifier, References};
use pfnlab_model::{
    Address, AllocError, Block, CacheId, ClientOp, CpuId, FreeError, Inspect, MemRange,
    MemoryNotice, MemoryOp, Observer, PageAllocator, PageExtClients, PfnRange, Shrink, Snapshot,
    Ticket,
};

pub use self::tap::Move;
use self::tap::Tap;
use crate::tickets::Tickets;
use crate::{DriverError, Held, Outcome};

/// The clients of an allocator, and what tickets name of theirs. Made when the first operation asks
/// for one, for the generation, the CPUs and the nodes of the allocator's snapshot; an allocator
/// without one has one CPU, one node, and the newest generation's clients.
#[derive(Clone, Debug)]
pub struct Around {
    slub: Slub,
    lru: Lru,
    references: References,
    generation: &'static Generation,
    page_ext: Option<PageExt<SectionMap>>,
    things: BTreeMap<Ticket, Thing>,
    moves: Vec<Move>,
    /// The CPUs that do not run: nothing can be asked for on them.
    gone: Vec<CpuId>,
}

/// What a ticket of a client names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Object(Address),
    Cache(CacheId),
}

impl Around {
    /// The clients of an allocator whose first snapshot this is.
    pub(crate) fn new(snapshot: Option<&Snapshot>) -> Around {
        let generation = snapshot.and_then(|snapshot| Generation::by_name(&snapshot.profile));
        let generation = generation.unwrap_or(Generation::NEWEST);
        let cpus = snapshot.map_or(&[][..], |snapshot| &snapshot.cpus);
        let gone = cpus.iter().filter(|cpu| !cpu.online).map(|cpu| cpu.cpu);
        let setup = snapshot.map_or_else(|| SlubSetup::cpus(1), SlubSetup::of);
        Around {
            slub: Slub::new(generation, setup),
            lru: Lru::new(generation),
            references: References::default(),
            generation,
            page_ext: None,
            things: BTreeMap::new(),
            moves: Vec::new(),
            gone: gone.collect(),
        }
    }

    /// Whether a CPU does not run.
    pub(crate) fn is_gone(&self, cpu: CpuId) -> bool {
        self.gone.contains(&cpu)
    }

    /// A CPU began or ceased to run.
    pub(crate) fn set_gone(&mut self, cpu: CpuId, gone: bool) {
        self.gone.retain(|&other| other != cpu);
        self.gone.extend(gone.then_some(cpu));
    }

    /// Caches of objects.
    pub fn slub(&self) -> &Slub {
        &self.slub
    }

    /// LRU lists and the batches in front of them.
    pub fn lru(&self) -> &Lru {
        &self.lru
    }

    /// The extension of page descriptors, once an operation made it.
    pub fn page_ext(&self) -> Option<&PageExt<SectionMap>> {
        self.page_ext.as_ref()
    }

    /// The blocks that the latest operation moved between the allocator and its clients, in order.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Whether a ticket names an object or a cache.
    pub fn names(&self, ticket: Ticket) -> bool {
        self.things.contains_key(&ticket)
    }

    /// Begins an operation.
    pub(crate) fn begin(&mut self) {
        self.moves.clear();
    }

    /// Whether more than one hold a block.
    pub(crate) fn is_shared(&self, block: Block) -> bool {
        self.references.is_shared(block)
    }

    /// One of several that hold a block gives it up.
    pub(crate) fn unshare(&mut self, block: Block, observer: &mut impl Observer) {
        let last = self.references.put(block, observer);
        debug_assert!(!last, "{block} has one holder, who is to free it");
    }

    /// Whether a page is on a list, or on its way to one.
    pub(crate) fn has_page(&self, block: Block) -> bool {
        self.lru.knows(block)
    }

    /// Such a page was moved; its lists follow.
    pub(crate) fn page_moved(
        &mut self,
        (from, to): (Block, Block),
        cpu: CpuId,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let mut tap = Tap(allocator, &mut self.moves);
        self.lru.migrate(from, to, cpu, &mut tap, observer)
    }

    /// Pages of the lists are given up, but for those that others hold or `may` says no to; which, and how
    /// many frames were looked at.
    pub(crate) fn shrink(
        &mut self,
        model: ReclaimModel,
        ask: Shrink,
        may: impl Fn(Block) -> bool,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> (Vec<Block>, u64) {
        let may = |block| !self.references.is_shared(block) && may(block);
        self.lru.shrink(model, ask, may, allocator, observer)
    }

    /// The owner of anonymous pages loses them, but for those that others hold or `may` says no to;
    /// which.
    pub(crate) fn kill(
        &mut self,
        cpu: CpuId,
        may: impl Fn(Block) -> bool,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Vec<Block> {
        let may = |block| !self.references.is_shared(block) && may(block);
        self.lru.kill(cpu, may, allocator, observer)
    }

    /// The LRU batches of every CPU are emptied; with `disabled`, no page waits from now on.
    pub(crate) fn drain_batches(
        &mut self,
        disabled: bool,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        let mut tap = Tap(allocator, &mut self.moves);
        match disabled {
            true => self.lru.disable(&mut tap, observer),
            false => self.lru.drain_all(&mut tap, observer),
        }
    }

    /// Pages may wait again.
    pub(crate) fn enable_batches(&mut self) {
        self.lru.enable();
    }

    /// The owner of such a page gives it up.
    pub(crate) fn put(
        &mut self,
        block: Block,
        cpu: CpuId,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Outcome, FreeError> {
        let mut tap = Tap(allocator, &mut self.moves);
        match self.lru.put(block, cpu, &mut tap, observer)? {
            true => Ok(Outcome::Freed(block)),
            false => Ok(Outcome::Kept(block)),
        }
    }

    /// What the LRU batches of a CPU hold that is gone is taken over.
    pub(crate) fn batches_of(
        &mut self,
        gone: CpuEvent,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), DriverError> {
        let mut tap = Tap(allocator, &mut self.moves);
        let taken = self.lru.cpu_event(gone, &mut tap, observer);
        taken.map_err(|error| not_taken_over(gone, error))
    }

    /// What the caches of objects keep for a CPU that is gone goes back to the nodes.
    pub(crate) fn slabs_of(
        &mut self,
        gone: CpuEvent,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), DriverError> {
        let mut tap = Tap(allocator, &mut self.moves);
        let taken = self.slub.cpu_event(gone, &mut tap, observer);
        taken.map_err(|error| not_taken_over(gone, error))
    }

    /// Something happens to memory: those who keep things for every frame are told.
    pub(crate) fn memory_comes_or_goes(
        &mut self,
        notice: MemoryNotice,
        cpu: CpuId,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), AllocError> {
        let mut tap = Tap(allocator, &mut self.moves);
        match &mut self.page_ext {
            Some(page_ext) => page_ext.memory_event(notice, cpu, &mut tap, observer),
            None => Ok(()),
        }
    }

    /// Memory was plugged in, or taken out.
    pub(crate) fn memory_is(&mut self, op: &MemoryOp) {
        let Some(page_ext) = &mut self.page_ext else {
            return;
        };
        match *op {
            MemoryOp::Add { range, node } => page_ext.sections_mut().add(MemRange { range, node }),
            MemoryOp::Remove { range } => page_ext.sections_mut().remove(range),
            _ => {}
        }
    }

    /// Runs one operation. Whatever ticket it gives out names nothing.
    pub(crate) fn step(
        &mut self,
        op: &ClientOp,
        tickets: &Tickets,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        let mut tap = Tap(allocator, &mut self.moves);
        match *op {
            ClientOp::Kmalloc {
                ticket,
                size,
                request,
            } => {
                let lent = self.slub.kmalloc(size, &request, &mut tap, observer);
                self.lent(ticket, lent)
            }
            ClientOp::CacheAlloc {
                ticket,
                cache,
                request,
            } => {
                let Some(cache) = cache_of(&self.things, cache) else {
                    return Ok(Outcome::Skipped);
                };
                let lent = self.slub.lend(cache, &request, &mut tap, observer);
                self.lent(ticket, lent)
            }
            ClientOp::Kfree { ticket, cpu } => {
                let Some(&Thing::Object(at)) = self.things.get(&ticket) else {
                    return Ok(Outcome::Skipped);
                };
                self.things.remove(&ticket);
                match self.slub.kfree(at, cpu, &mut tap, observer) {
                    Ok(()) => Ok(Outcome::ObjectFreed(at)),
                    Err(GiveBackError::NotTaken(error)) => {
                        Err(DriverError::NotTaken { ticket, error })
                    }
                    Err(GiveBackError::NoObject(_)) => Ok(Outcome::Skipped),
                }
            }
            ClientOp::CacheCreate { ticket, spec } => {
                let Ok(number) = u32::try_from(ticket.0) else {
                    return Err(DriverError::TicketRange(ticket));
                };
                match self.slub.create(number, &spec, observer) {
                    Ok(cache) => {
                        self.things.insert(ticket, Thing::Cache(cache));
                        Ok(Outcome::Done)
                    }
                    Err(_) => Ok(Outcome::Rejected),
                }
            }
            ClientOp::CacheShrink { cache, cpu } => match cache_of(&self.things, cache) {
                Some(id) => {
                    let shrunk = self.slub.shrink(id, cpu, &mut tap, observer);
                    Ok(Outcome::of(&shrunk))
                }
                None => Ok(Outcome::Skipped),
            },
            ClientOp::CacheDestroy { cache, cpu } => match cache_of(&self.things, cache) {
                Some(id) => {
                    let gone = self.slub.destroy(id, cpu, &mut tap, observer);
                    if gone.is_ok() {
                        self.things.remove(&cache);
                    }
                    Ok(Outcome::of(&gone))
                }
                None => Ok(Outcome::Skipped),
            },
            ClientOp::Get { ticket, .. } => match tickets.get(ticket) {
                Some(Held::Block(block) | Held::Compound(block)) => {
                    self.references.get(block, observer);
                    Ok(Outcome::Done)
                }
                _ => Ok(Outcome::Skipped),
            },
            ClientOp::LruAdd { ticket, list, cpu } => {
                let held = tickets.get(ticket);
                let Some(Held::Block(block) | Held::Compound(block)) = held else {
                    return Ok(Outcome::Skipped);
                };
                match self.lru.add(block, list, cpu, &mut tap, observer) {
                    Ok(()) => Ok(Outcome::Done),
                    Err(LruError::Known(_)) => Ok(Outcome::Skipped),
                    Err(LruError::NotTaken(error)) => Err(DriverError::NotTaken { ticket, error }),
                }
            }
            ClientOp::LruDrain { cpu } => {
                let drained = self.lru.drain(cpu, cpu, &mut tap, observer);
                Ok(Outcome::of(&drained))
            }
            ClientOp::PageExt { clients, cpu } => {
                Ok(self.page_tables(clients, cpu, allocator, observer))
            }
        }
    }

    fn lent(
        &mut self,
        ticket: Ticket,
        lent: Result<Address, LendError>,
    ) -> Result<Outcome, DriverError> {
        match lent {
            Ok(at) => {
                self.things.insert(ticket, Thing::Object(at));
                Ok(Outcome::Object(at))
            }
            Err(LendError::Refused(error)) => Ok(Outcome::Refused(error)),
            Err(LendError::NotTaken(error)) => Err(DriverError::NotTaken { ticket, error }),
            Err(LendError::Nothing | LendError::Unknown(_)) => Ok(Outcome::Rejected),
        }
    }

    /// Makes the tables, once, for the memory of the allocator's snapshot.
    fn page_tables(
        &mut self,
        clients: PageExtClients,
        cpu: CpuId,
        allocator: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Outcome {
        let Some(snapshot) = allocator.inspect().map(Inspect::snapshot) else {
            return Outcome::Unsupported;
        };
        if self.page_ext.is_some() {
            return Outcome::Skipped;
        }
        const KINDS: [(&str, ClientKind); 5] = [
            ("guard", ClientKind::GuardPage),
            ("owner", ClientKind::PageOwner),
            ("idle", ClientKind::PageIdle),
            ("tags", ClientKind::AllocTag),
            ("tables", ClientKind::PageTableCheck),
        ];
        let wanted = KINDS.iter().filter(|(word, _)| clients.has(word));
        let needs = Needs::of(&wanted.map(|&(_, kind)| kind).collect::<Vec<_>>());
        let sections = SectionMap::new(snapshot.global.section_frames, &memory(&snapshot));
        let mut tap = Tap(allocator, &mut self.moves);
        match PageExt::boot(self.generation, &needs, sections, cpu, &mut tap, observer) {
            Ok(booted) => {
                self.page_ext = booted.map(|(page_ext, _)| page_ext);
                Outcome::Done
            }
            Err(PageExtError::OutOfMemory { error, .. }) => Outcome::Refused(error),
        }
    }
}

fn not_taken_over(gone: CpuEvent, error: FreeError) -> DriverError {
    let (CpuEvent::Online(cpu) | CpuEvent::Dead { cpu, .. }) = gone;
    DriverError::NotTakenOver { cpu, error }
}

fn cache_of(things: &BTreeMap<Ticket, Thing>, ticket: Ticket) -> Option<CacheId> {
    match things.get(&ticket) {
        Some(&Thing::Cache(cache)) => Some(cache),
        _ => None,
    }
}

/// The memory of every node, as the zones have it.
fn memory(snapshot: &Snapshot) -> Vec<MemRange> {
    let zones = snapshot.zones.iter();
    let ranges = zones.flat_map(|zone| {
        let node = zone.id.node;
        let known = zone.memory.iter().copied();
        let span = PfnRange::sized(zone.start, zone.spanned);
        let span = (zone.memory.is_empty() && !span.is_empty()).then_some(span);
        known.chain(span).map(move |range| MemRange { range, node })
    });
    ranges.collect()
}
