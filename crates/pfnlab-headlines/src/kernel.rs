//! A kernel at work: requests that wait, what it knows of files, and anonymous memory. What the
//! workloads `fio` of H4 and `build` of H5 are made of.

use pfnlab_mm::Mm;
use pfnlab_model::{
    CacheFlags, CacheSpec, ClientOp, CpuId, Gfp, LruList, MemoryOp, NodeId, Observer, Op, Order,
    Request, Ticket,
};
use pfnlab_sim::{Driver, Outcome};

/// When the background reclaimer has its turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kswapd {
    /// On which CPU.
    pub(crate) cpu: CpuId,
    /// After so many frames, if it was asked.
    pub(crate) every: u32,
}

/// What is touched at a time of memory that could be huge, in frames.
pub(crate) const HUGE: u64 = 512;

/// A cache of objects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cache(Ticket);

/// The machine, and who names what.
pub(crate) struct Kernel<O> {
    driver: Driver<Mm>,
    pub(crate) seen: O,
    next: u64,
    kswapd: Kswapd,
    /// Frames until its turn.
    until: u32,
    /// Huge pages that were asked for, and those that were got.
    pub(crate) huge: (u64, u64),
}

impl<O: Observer> Kernel<O> {
    /// Requests wait; `seen` sees everything.
    pub(crate) fn new(mm: Mm, kswapd: Kswapd, seen: O) -> Kernel<O> {
        let mut kernel = Kernel {
            driver: Driver::new(mm),
            seen,
            next: 0,
            kswapd,
            until: kswapd.every,
            huge: (0, 0),
        };
        kernel.step(Op::Memory(MemoryOp::Waiting {
            on: true,
            swap: false,
        }));
        kernel
    }

    /// The machine.
    pub(crate) fn machine(&self) -> &Mm {
        self.driver.allocator()
    }

    fn step(&mut self, op: Op) -> Outcome {
        let outcome = self.driver.step(&op, &mut self.seen);
        outcome.expect("no ticket is used twice, and all is taken back")
    }

    fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    /// Has a block; `None`: it was refused.
    pub(crate) fn block(&mut self, gfp: Gfp, order: Order, cpu: CpuId) -> Option<Ticket> {
        let ticket = self.ticket();
        let request = Request {
            order,
            cpu,
            ..Request::new(gfp)
        };
        let outcome = self.step(Op::Alloc { ticket, request });
        matches!(outcome, Outcome::Lent(_)).then_some(ticket)
    }

    /// Has an unmovable frame.
    pub(crate) fn unmovable(&mut self, cpu: CpuId) -> Option<Ticket> {
        self.block(Gfp::GFP_KERNEL, Order::ZERO, cpu)
    }

    /// Has a movable frame, and puts it on a list.
    pub(crate) fn page(&mut self, list: LruList, cpu: CpuId) -> Option<Ticket> {
        let ticket = self.block(Gfp::GFP_HIGHUSER_MOVABLE, Order::ZERO, cpu)?;
        self.step(Op::Client(ClientOp::LruAdd { ticket, list, cpu }));
        self.until -= 1;
        if self.until == 0 {
            self.until = self.kswapd.every;
            self.balance();
        }
        Some(ticket)
    }

    /// kswapd has its turn.
    fn balance(&mut self) {
        let (node, cpu) = (NodeId(0), self.kswapd.cpu);
        self.step(Op::Memory(MemoryOp::Kswapd { node, cpu }));
    }

    /// Touches what could be a huge page for the first time: a page table, then one, or single frames.
    pub(crate) fn touch(&mut self, gfp: Gfp, cpu: CpuId, has: &mut Vec<Ticket>) {
        has.extend(self.unmovable(cpu));
        self.huge.0 += 1;
        let order = Order::new(9).expect("there is one");
        let list = LruList::InactiveAnon;
        if let Some(ticket) = self.block(gfp, order, cpu) {
            self.huge.1 += 1;
            self.step(Op::Client(ClientOp::LruAdd { ticket, list, cpu }));
            has.push(ticket);
        } else {
            has.extend((0..HUGE).filter_map(|_| self.page(list, cpu)));
        }
    }

    /// A cache of objects of so many bytes; `reclaim`: they can be reclaimed.
    pub(crate) fn cache(&mut self, bytes: u32, reclaim: bool) -> Cache {
        let ticket = self.ticket();
        let spec = CacheSpec::new(bytes);
        let spec = match reclaim {
            true => spec.with(CacheFlags::RECLAIM),
            false => spec,
        };
        self.step(Op::Client(ClientOp::CacheCreate { ticket, spec }));
        Cache(ticket)
    }

    /// Has an object. Caches do not wait: if there is none, kswapd has its turn, and it is asked for
    /// once more.
    pub(crate) fn object(&mut self, Cache(cache): Cache, cpu: CpuId) -> Option<Ticket> {
        let ticket = self.ticket();
        let request = Request {
            cpu,
            ..Request::new(Gfp::GFP_KERNEL)
        };
        let op = Op::Client(ClientOp::CacheAlloc {
            ticket,
            cache,
            request,
        });
        let got = |outcome| matches!(outcome, Outcome::Object(_));
        if got(self.step(op)) {
            return Some(ticket);
        }
        self.balance();
        got(self.step(op)).then_some(ticket)
    }

    /// An object goes.
    pub(crate) fn drop_object(&mut self, ticket: Ticket, cpu: CpuId) {
        self.step(Op::Client(ClientOp::Kfree { ticket, cpu }));
    }

    /// A block goes, unless it was reclaimed.
    pub(crate) fn drop_block(&mut self, ticket: Ticket, cpu: CpuId) {
        let cold = false;
        self.step(Op::Free { ticket, cpu, cold });
    }

    /// Whether a page was not reclaimed.
    pub(crate) fn has(&self, ticket: Ticket) -> bool {
        self.driver.held(ticket).is_some()
    }
}
