//! The driver: operations that name tickets become calls that name blocks.

use pfnlab_clients::CpuEvent;
use pfnlab_clients::lru::ReclaimModel;
use pfnlab_model::{
    AllocError, Block, Capability, ClientOp, CpuId, FreeError, Gfp, Inspect, MemoryOp, Observer,
    Op, Order, PageAllocator, Pfn, PfnRange, Request, Ticket,
};

use crate::tenants::{Displaced, Holders};
use crate::tickets::Tickets;
use crate::{Around, Held, Outcome};

/// The most frames one `bulk` or `exact` may ask for, as in the text of a trace.
const MOST_FRAMES: u32 = 1 << 20;

/// Runs operations on a [`PageAllocator`] and remembers which ticket names what.
///
/// An `a` or an `f` costs no heap allocation, except when the table of tickets doubles.
///
/// ```
/// use pfnlab_model::*;
/// use pfnlab_sim::{Driver, Outcome};
/// # struct Bump(u64);
/// # impl PageAllocator for Bump {
/// #     fn alloc(&mut self, r: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
/// #         self.0 += 1;
/// #         Ok(Block::page(Pfn::new(self.0 - 1)))
/// #     }
/// #     fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
/// #         Ok(())
/// #     }
/// # }
/// let mut driver = Driver::new(Bump(7));
/// let ticket = Ticket(1);
/// let alloc = Op::Alloc { ticket, request: Request::new(Gfp::GFP_KERNEL) };
/// let free = Op::Free { ticket, cpu: CpuId(0), cold: false };
/// let page = Block::page(Pfn::new(7));
/// assert_eq!(driver.step(&alloc, &mut ()), Ok(Outcome::Lent(page)));
/// assert_eq!(driver.step(&free, &mut ()), Ok(Outcome::Freed(page)));
/// assert_eq!(driver.step(&free, &mut ()), Ok(Outcome::Skipped));
/// ```
#[derive(Clone, Debug)]
pub struct Driver<A> {
    allocator: A,
    tickets: Tickets,
    pages: Vec<Pfn>,
    around: Option<Box<Around>>,
    displaced: Vec<Displaced>,
    /// Requests that may wait do: what can be given up then.
    waiting: Option<ReclaimModel>,
}

/// An operation that cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// It gives out a ticket that still names something. Nothing happened.
    #[error("ticket {0} still names something")]
    Live(Ticket),
    /// It gives out tickets above the largest there is. Nothing happened.
    #[error("the tickets from {0} on do not fit in 64 bits")]
    TicketRange(Ticket),
    /// `exact` or `bulk` of no or of too many frames. Nothing happened.
    #[error("{frames} frames for ticket {ticket}: ask for 1 to {MOST_FRAMES}")]
    Size {
        /// The ticket that would have named them.
        ticket: Ticket,
        /// How many.
        frames: u32,
    },
    /// The allocator does not take back what it handed out. The ticket names nothing any more.
    #[error("ticket {ticket}: {error}")]
    NotTaken {
        /// The ticket.
        ticket: Ticket,
        /// What the allocator says.
        error: FreeError,
    },
    /// The allocator does not take back what a client kept for a CPU that is gone, or what waited
    /// in LRU batches when memory went.
    #[error("what was kept for CPU {cpu}: {error}")]
    NotTakenOver {
        /// Which CPU; the one that did it, if several are concerned.
        cpu: CpuId,
        /// What the allocator says.
        error: FreeError,
    },
}

impl<A: PageAllocator> Driver<A> {
    /// Drives `allocator`. No ticket is live.
    pub fn new(allocator: A) -> Driver<A> {
        Driver {
            allocator,
            tickets: Tickets::default(),
            pages: Vec::new(),
            around: None,
            displaced: Vec::new(),
            waiting: None,
        }
    }

    /// The allocator.
    pub fn allocator(&self) -> &A {
        &self.allocator
    }

    /// The allocator, to be changed behind the driver's back.
    pub fn allocator_mut(&mut self) -> &mut A {
        &mut self.allocator
    }

    /// The allocator, when the driving is over. What tickets name stays handed out.
    pub fn into_allocator(self) -> A {
        self.allocator
    }

    /// A driver of another allocator with the same tickets: one that is in the same state, such
    /// as one resumed from a snapshot.
    pub fn continue_on<B: PageAllocator>(&self, allocator: B) -> Driver<B> {
        Driver {
            allocator,
            tickets: self.tickets.clone(),
            pages: self.pages.clone(),
            around: self.around.clone(),
            displaced: Vec::new(),
            waiting: self.waiting,
        }
    }

    /// What a ticket names; `None`: it is not live.
    pub fn held(&self, ticket: Ticket) -> Option<Held> {
        self.tickets.get(ticket)
    }

    /// Names a block that was handed out before the driving began. What `ticket` named is forgotten.
    pub fn name(&mut self, ticket: Ticket, block: Block) {
        self.tickets.put(ticket, Held::Block(block));
    }

    /// Every live ticket and what it names, by number.
    pub fn live(&self) -> impl Iterator<Item = (Ticket, Held)> {
        self.tickets.iter()
    }

    /// Names a block that is in use from the start; `movable`: its owner has nothing against its
    /// being moved. What the ticket named is forgotten.
    pub fn hold(&mut self, ticket: Ticket, block: Block, movable: bool) {
        let held = Held::Block(block);
        if movable {
            self.tickets.put_movable(ticket, held);
        } else {
            self.tickets.put(ticket, held);
        }
    }

    /// What `ticket` names is named `other` from now on. Nothing happens when `ticket` is not live;
    /// what `other` named is forgotten.
    pub fn rename(&mut self, ticket: Ticket, other: Ticket) {
        if let Some(held) = self.tickets.take(ticket) {
            self.tickets.put(other, held);
        }
    }

    /// The frames the latest `bulk` handed out, in the allocator's order.
    pub fn pages(&self) -> &[Pfn] {
        &self.pages
    }

    /// The allocator's clients, once an operation asked for one.
    pub fn around(&self) -> Option<&Around> {
        self.around.as_deref()
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// When it gives out a ticket that is live, asks for an impossible number of frames, or when
    /// the allocator does not take back what it handed out.
    #[inline]
    pub fn step(&mut self, op: &Op, observer: &mut impl Observer) -> Result<Outcome, DriverError> {
        // What clients got and gave is that of this operation, whatever comes of it.
        if let Some(around) = &mut self.around {
            around.begin();
        }
        match *op {
            Op::Alloc { ticket, request } => self.alloc(ticket, &request, observer),
            Op::Free { ticket, cpu, cold } => self.free(ticket, cpu, cold, observer),
            Op::Split { ticket, base } => self.split(ticket, base, observer),
            Op::Bulk {
                base,
                count,
                request,
            } => self.bulk(base, count, &request, observer),
            Op::Exact {
                ticket,
                frames,
                request,
            } => self.exact(ticket, frames, &request, observer),
            Op::Drain { cpu } => Ok(self.if_offered(Capability::PerCpu, |allocator| {
                allocator.drain(cpu, observer);
                Outcome::Done
            })),
            Op::Vmstat { cpu } => Ok(self.if_offered(Capability::PerCpu, |allocator| {
                allocator.vmstat_tick(cpu, observer);
                Outcome::Done
            })),
            Op::CpuOffline { cpu } => self.cpu_offline(cpu, observer),
            Op::CpuOnline { cpu } => Ok(self.cpu_online(cpu, observer)),
            Op::Sysctl { sysctl, value } => Ok(self.if_offered(Capability::Sysctl, |allocator| {
                done(&allocator.sysctl(sysctl, value, observer))
            })),
            Op::ZoneFlags {
                zone,
                set,
                clear,
                boost,
            } => Ok(self.if_offered(Capability::Zones, |allocator| {
                done(&allocator.set_zone_flags(zone, set, clear, boost, observer))
            })),
            Op::Client(op) => self.client(&op, observer),
            Op::Memory(op) => self.memory(&op, observer),
        }
    }

    /// The same, told to an observer behind a pointer: a call for every event, and all such observers
    /// share one copy of the allocator's code, where [`step`](Driver::step) is compiled anew for each.
    ///
    /// # Errors
    /// As [`step`](Driver::step).
    pub fn step_told(
        &mut self,
        op: &Op,
        mut observer: &mut dyn Observer,
    ) -> Result<Outcome, DriverError> {
        self.step(op, &mut observer)
    }

    #[cold]
    fn client(
        &mut self,
        op: &ClientOp,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if let Some(ticket) = op.gives() {
            self.must_be_free(ticket, 1)?;
        }
        let around = self.around.get_or_insert_with(|| {
            let snapshot = self.allocator.inspect().map(Inspect::snapshot);
            Box::new(Around::new(snapshot.as_ref()))
        });
        if around.is_gone(op.cpu()) {
            return Ok(Outcome::Unsupported);
        }
        around.begin();
        around.step(op, &self.tickets, &mut self.allocator, observer)
    }

    /// Takes a CPU away, in the kernel's order: LRU batches, then the allocator's own lists, then
    /// caches of objects.
    #[cold]
    fn cpu_offline(
        &mut self,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if !self.allocator.offers(Capability::CpuHotplug) {
            return Ok(Outcome::Unsupported);
        }
        let Ok(on) = self.allocator.successor(cpu) else {
            return Ok(Outcome::Rejected);
        };
        let dead = CpuEvent::Dead { cpu, on };
        if let Some(around) = &mut self.around {
            around.begin();
            around.batches_of(dead, &mut self.allocator, observer)?;
        }
        let gone = self.allocator.cpu_offline(cpu, on, observer);
        if let Some(around) = &mut self.around {
            around.slabs_of(dead, &mut self.allocator, observer)?;
            around.set_gone(cpu, true);
        }
        Ok(done(&gone))
    }

    #[cold]
    fn cpu_online(&mut self, cpu: CpuId, observer: &mut impl Observer) -> Outcome {
        if !self.allocator.offers(Capability::CpuHotplug) {
            return Outcome::Unsupported;
        }
        let back = self.allocator.cpu_online(cpu, observer);
        if let (Ok(()), Some(around)) = (back, &mut self.around) {
            around.set_gone(cpu, false);
        }
        done(&back)
    }

    #[cold]
    fn memory(
        &mut self,
        op: &MemoryOp,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        self.displaced.clear();
        if let MemoryOp::Waiting { on, swap } = *op {
            self.waiting = on.then_some(ReclaimModel { swap });
            return Ok(Outcome::Done);
        }
        if let Some(ticket) = op.gives() {
            self.must_be_free(ticket, 1)?;
        }
        let released = match op {
            MemoryOp::CmaRelease { ticket, .. } => match self.tickets.get(*ticket) {
                Some(Held::Run(run)) => Some((*ticket, run)),
                _ => return Ok(Outcome::Skipped),
            },
            _ => None,
        };
        if !self.allocator.offers(Capability::Memory) {
            return Ok(Outcome::Unsupported);
        }
        if let Some(around) = &mut self.around {
            around.begin();
        }
        let frames = released.map_or(PfnRange::default(), |(_, run)| run);
        let around = self.around.as_deref_mut();
        let mut holders =
            Holders::new(&mut self.tickets, around, &mut self.displaced, self.waiting);
        let done = self.allocator.memory(op, frames, &mut holders, observer);
        if let Some(error) = holders.not_taken() {
            let cpu = op.cpu();
            return Err(DriverError::NotTakenOver { cpu, error });
        }
        let range = match done {
            Ok(range) => range,
            Err(error) => return Ok(Outcome::Failed(error)),
        };
        if let Some(around) = &mut self.around {
            around.memory_is(op);
        }
        Ok(match (op.gives(), released) {
            (Some(ticket), _) => {
                self.tickets.put(ticket, Held::Run(range));
                Outcome::Exact(range)
            }
            (None, Some((ticket, run))) => {
                self.tickets.take(ticket);
                Outcome::FreedRun(run)
            }
            (None, None) => Outcome::Done,
        })
    }

    /// What the latest operation moved or took from its owner, in order: blocks that tickets name,
    /// and frames that were in use from the start.
    pub fn displaced(&self) -> &[Displaced] {
        &self.displaced
    }

    /// A request of one who waits: the owners of memory are asked.
    #[cold]
    fn alloc_waiting(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Result<Block, AllocError>, DriverError> {
        self.displaced.clear();
        if let Some(around) = &mut self.around {
            around.begin();
        }
        let around = self.around.as_deref_mut();
        let mut holders =
            Holders::new(&mut self.tickets, around, &mut self.displaced, self.waiting);
        let served = self
            .allocator
            .alloc_blocking(request, &mut holders, observer);
        match holders.not_taken() {
            None => Ok(served),
            Some(error) => Err(DriverError::NotTakenOver {
                cpu: request.cpu,
                error,
            }),
        }
    }

    /// Whether requests that may wait do.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// One of several that hold what a ticket names gives it up, and the ticket stays live; `None`:
    /// there is one holder at most.
    #[cold]
    fn unshare(&mut self, ticket: Ticket, observer: &mut impl Observer) -> Option<Block> {
        let around = self.around.as_mut()?;
        let Some(Held::Block(block) | Held::Compound(block)) = self.tickets.get(ticket) else {
            return None;
        };
        around.is_shared(block).then(|| {
            around.unshare(block, observer);
            block
        })
    }

    /// Gives up a page that a batch or a list knows; `None`: neither does.
    #[cold]
    fn put(
        &mut self,
        held: Held,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Option<Result<Outcome, FreeError>> {
        let around = self.around.as_mut().filter(|around| !around.is_gone(cpu))?;
        match held {
            Held::Block(block) | Held::Compound(block) if around.has_page(block) => {
                Some(around.put(block, cpu, &mut self.allocator, observer))
            }
            _ => None,
        }
    }

    fn if_offered(&mut self, what: Capability, call: impl FnOnce(&mut A) -> Outcome) -> Outcome {
        if self.allocator.offers(what) {
            call(&mut self.allocator)
        } else {
            Outcome::Unsupported
        }
    }

    #[inline]
    fn alloc(
        &mut self,
        ticket: Ticket,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        self.must_be_free(ticket, 1)?;
        if !self.understands(request) {
            return Ok(Outcome::Unsupported);
        }
        let served = match self.waiting {
            None => self.allocator.alloc(request, observer),
            Some(_) => self.alloc_waiting(request, observer)?,
        };
        Ok(match served {
            Ok(block) => {
                let compound = request.gfp.contains(Gfp::COMP) && block.order() > Order::ZERO;
                let held = if compound {
                    Held::Compound(block)
                } else {
                    Held::Block(block)
                };
                if request.gfp.contains(Gfp::MOVABLE) {
                    self.tickets.put_movable(ticket, held);
                } else {
                    self.tickets.put(ticket, held);
                }
                Outcome::Lent(block)
            }
            Err(error) => Outcome::Refused(error),
        })
    }

    #[inline]
    fn free(
        &mut self,
        ticket: Ticket,
        cpu: CpuId,
        cold: bool,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if let Some(around) = &mut self.around {
            around.begin();
            if let Some(block) = self.unshare(ticket, observer) {
                return Ok(Outcome::Kept(block));
            }
        }
        let Some(held) = self.tickets.take(ticket) else {
            return Ok(Outcome::Skipped);
        };
        if self.around.is_some()
            && let Some(put) = self.put(held, cpu, observer)
        {
            return put.map_err(|error| DriverError::NotTaken { ticket, error });
        }
        let (freed, outcome) = match held {
            Held::Block(block) if cold => (
                self.allocator.free_cold(block, cpu, observer),
                Outcome::Freed(block),
            ),
            Held::Block(block) | Held::Compound(block) => (
                self.allocator.free(block, cpu, observer),
                Outcome::Freed(block),
            ),
            Held::Run(range) => (
                self.free_run(range, cpu, observer),
                Outcome::FreedRun(range),
            ),
        };
        match freed {
            Ok(()) => Ok(outcome),
            Err(FreeError::Unsupported(_)) => {
                self.tickets.put(ticket, held);
                Ok(Outcome::Unsupported)
            }
            Err(error) => Err(DriverError::NotTaken { ticket, error }),
        }
    }

    fn free_run(
        &mut self,
        range: PfnRange,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), FreeError> {
        (0..range.frames()).try_for_each(|frame| {
            let page = Block::page(range.start().offset(frame));
            self.allocator.free(page, cpu, observer)
        })
    }

    fn split(
        &mut self,
        ticket: Ticket,
        base: Ticket,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        let Some(Held::Block(block)) = self.tickets.get(ticket) else {
            return Ok(Outcome::Skipped);
        };
        let listed = self.around.as_ref();
        let listed = listed.is_some_and(|around| around.has_page(block) || around.is_shared(block));
        if block.order() == Order::ZERO || listed {
            return Ok(Outcome::Skipped);
        }
        // The ticket that is split may be among those it becomes.
        self.tickets.take(ticket);
        if let Err(error) = self.must_be_free(base, block.frames()) {
            self.tickets.put(ticket, Held::Block(block));
            return Err(error);
        }
        if !self.allocator.offers(Capability::Split) {
            self.tickets.put(ticket, Held::Block(block));
            return Ok(Outcome::Unsupported);
        }
        match self.allocator.split(block, observer) {
            Ok(()) => {
                let pages = (0..block.frames()).map(|frame| block.start().offset(frame));
                self.name_pages(base, pages);
                Ok(Outcome::Split(block))
            }
            Err(error) => Err(DriverError::NotTaken { ticket, error }),
        }
    }

    fn bulk(
        &mut self,
        base: Ticket,
        count: u32,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if count > MOST_FRAMES {
            let (ticket, frames) = (base, count);
            return Err(DriverError::Size { ticket, frames });
        }
        self.must_be_free(base, u64::from(count))?;
        self.pages.clear();
        if !self.allocator.offers(Capability::Bulk) || !self.understands(request) {
            return Ok(Outcome::Unsupported);
        }
        let mut pages = std::mem::take(&mut self.pages);
        pages.resize(count as usize, Pfn::default());
        let got = self.allocator.bulk(request, &mut pages, observer);
        pages.truncate(got.unwrap_or(0));
        self.name_pages(base, pages.iter().copied());
        self.pages = pages;
        Ok(match got {
            // Fits: it is at most `count`.
            Ok(_) => Outcome::Bulk {
                got: self.pages.len() as u32,
            },
            Err(error) => Outcome::Refused(error),
        })
    }

    fn exact(
        &mut self,
        ticket: Ticket,
        frames: u32,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Result<Outcome, DriverError> {
        if frames == 0 || frames > MOST_FRAMES {
            return Err(DriverError::Size { ticket, frames });
        }
        self.must_be_free(ticket, 1)?;
        if !self.allocator.offers(Capability::Exact) || !self.understands(request) {
            return Ok(Outcome::Unsupported);
        }
        let start: Result<Pfn, AllocError> = self.allocator.exact(request, frames, observer);
        Ok(match start {
            Ok(start) => {
                let range = PfnRange::sized(start, u64::from(frames));
                self.tickets.put(ticket, Held::Run(range));
                Outcome::Exact(range)
            }
            Err(error) => Outcome::Refused(error),
        })
    }

    /// Whether the allocator knows what the request speaks of.
    #[inline]
    fn understands(&self, request: &Request) -> bool {
        let anywhere = request.node.is_none() && request.nodes.is_none();
        anywhere || self.allocator.offers(Capability::Zones)
    }

    #[inline(always)]
    fn must_be_free(&self, base: Ticket, count: u64) -> Result<(), DriverError> {
        let end = base
            .0
            .checked_add(count)
            .ok_or(DriverError::TicketRange(base))?;
        let live = (base.0..end)
            .map(Ticket)
            .find(|&ticket| self.tickets.is_live(ticket) || self.names_thing(ticket));
        live.map_or(Ok(()), |ticket| Err(DriverError::Live(ticket)))
    }

    /// Whether a ticket names something of a client.
    #[inline]
    fn names_thing(&self, ticket: Ticket) -> bool {
        let around = self.around.as_ref();
        around.is_some_and(|around| around.names(ticket))
    }

    fn name_pages(&mut self, base: Ticket, pages: impl Iterator<Item = Pfn>) {
        for (number, pfn) in (base.0..).zip(pages) {
            self.tickets
                .put(Ticket(number), Held::Block(Block::page(pfn)));
        }
    }
}

fn done<E>(result: &Result<(), E>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(_) => Outcome::Rejected,
    }
}
