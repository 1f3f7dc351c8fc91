//! The driver: operations that name tickets become calls that name blocks.

mod ask;
mod error;
mod give_back;
mod machine;
mod owners;

use pfnlab_clients::lru::ReclaimModel;
use pfnlab_model::{
    Block, Capability, ClientOp, Inspect, Observer, Op, Order, PageAllocator, Pfn, Ticket,
};

pub use self::error::DriverError;
use crate::tenants::Displaced;
use crate::tickets::Tickets;
use crate::{Around, Held, Outcome};

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

    /// What the latest operation moved or took from its owner, in order: blocks that tickets name,
    /// and frames that were in use from the start.
    pub fn displaced(&self) -> &[Displaced] {
        &self.displaced
    }

    /// Whether requests that may wait do.
    pub fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Runs one operation.
    ///
    /// # Errors
    /// When it gives out a ticket that is live, asks for an impossible number of frames, or when
    /// the allocator does not take back what it handed out.
    #[inline]
    pub fn step(&mut self, op: &Op, observer: &mut impl Observer) -> Result<Outcome, DriverError> {
        // What was moved, and what clients got and gave, is that of this operation, whatever comes
        // of it.
        self.displaced.clear();
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
                Outcome::of(&allocator.sysctl(sysctl, value, observer))
            })),
            Op::ZoneFlags {
                zone,
                set,
                clear,
                boost,
            } => Ok(self.if_offered(Capability::Zones, |allocator| {
                Outcome::of(&allocator.set_zone_flags(zone, set, clear, boost, observer))
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
        around.step(op, &self.tickets, &mut self.allocator, observer)
    }

    /// What an allocator need not know how to do.
    fn if_offered(&mut self, what: Capability, call: impl FnOnce(&mut A) -> Outcome) -> Outcome {
        if self.allocator.offers(what) {
            call(&mut self.allocator)
        } else {
            Outcome::Unsupported
        }
    }

    /// Every frame of a block gets a ticket of its own. Not what a list or another holder knows as
    /// one.
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

    /// So many tickets are about to be given out.
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
