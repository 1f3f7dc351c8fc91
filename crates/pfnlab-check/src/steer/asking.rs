//! Asking: a plan becomes operations.

use pfnlab_model::{
    Capability, CpuId, Gfp, Inspect, Machine, NodeId, NodeMask, Op, Order, PageAllocator, Request,
    ZoneFlags, ZoneId,
};
use pfnlab_sim::phase::Table;
use pfnlab_sim::{Outcome, Stream};

use super::weights::{FLAGS, draw};
use super::{Ask, Plan, Weights};

/// The most frames of one `bulk` or `exact`.
const MOST_FRAMES: u32 = 32;
/// Only what has no more frames is split.
const MOST_SPLIT: u64 = 16;

/// The operations of a plan, which know what came of those before. Only what the allocator offers is
/// asked for.
#[derive(Debug)]
pub struct Asking<'a> {
    plan: &'a Plan,
    /// The stretch, and how many of its operations were made.
    at: (usize, u32),
    stream: Stream,
    table: Table,
    latest: Option<Op>,
    cpus: u32,
    /// 0: requests name none.
    nodes: u32,
    zones: Vec<ZoneId>,
}

impl<'a> Asking<'a> {
    /// A plan for an allocator on a machine.
    pub fn new(plan: &'a Plan, machine: &Machine, allocator: &impl PageAllocator) -> Asking<'a> {
        let zones = allocator.offers(Capability::Zones);
        let inspect = allocator.inspect().filter(|_| zones);
        let nodes = machine.nodes().len().min(usize::from(NodeId::LIMIT));
        Asking {
            plan,
            at: (0, 0),
            stream: Stream::new(plan.seed, "asking"),
            table: Table::default(),
            latest: None,
            // All fit: a machine has limits for them.
            cpus: machine.cpus().len() as u32,
            nodes: if zones { nodes as u32 } else { 0 },
            zones: inspect.map(Inspect::zones).unwrap_or_default(),
        }
    }

    /// The next operation; `None`: that was all. [`Asking::observe`] must be told what came of it.
    pub fn next_op(&mut self) -> Option<Op> {
        let stretch = loop {
            let stretch = self.plan.stretches.get(self.at.0)?;
            if self.at.1 < stretch.operations {
                break stretch;
            }
            self.at = (self.at.0 + 1, 0);
        };
        self.at.1 += 1;
        let op = self.op(&stretch.weights);
        self.latest = Some(op);
        Some(op)
    }

    /// What came of the latest operation.
    pub fn observe(&mut self, outcome: &Outcome) {
        if let Some(op) = self.latest.take() {
            self.table.observe(&op, outcome);
        }
    }

    fn op(&mut self, weights: &Weights) -> Op {
        let ask = Ask::ALL[draw(&weights.asks, &mut self.stream)];
        let op = match ask {
            Ask::Block => None,
            Ask::Free => self.free(weights),
            Ask::Bulk => Some(self.bulk(weights)),
            Ask::Exact => {
                let frames = 1 + self.stream.below(MOST_FRAMES);
                let mut request = self.request(weights, Order::ZERO);
                request.gfp = request.gfp.without(Gfp::COMP);
                Some(self.table.exact(frames, request))
            }
            Ask::Split => self.split(),
            Ask::Drain => Some(Op::Drain { cpu: self.cpu() }),
            Ask::Vmstat => Some(Op::Vmstat { cpu: self.cpu() }),
            Ask::Flags => self.flags(),
        };
        op.unwrap_or_else(|| self.block(weights))
    }

    fn block(&mut self, weights: &Weights) -> Op {
        let order = draw(&weights.orders, &mut self.stream);
        // Fits: there are few orders.
        let order = Order::new(order as u8).unwrap_or(Order::ZERO);
        let mut request = self.request(weights, order);
        if order > Order::ZERO && self.stream.below(4) == 0 {
            request.gfp = request.gfp | Gfp::COMP;
        }
        self.table.alloc(request)
    }

    fn request(&mut self, weights: &Weights, order: Order) -> Request {
        let gfp = FLAGS[draw(&weights.flags, &mut self.stream)];
        let mut request = Request {
            order,
            cpu: self.cpu(),
            ..Request::new(gfp)
        };
        if self.nodes > 0 && self.stream.below(16) < u32::from(weights.nodes) {
            // Fits: it is below `nodes`.
            let node = NodeId(self.stream.below(self.nodes) as u16);
            match self.stream.below(3) {
                0 => request.node = Some(node),
                1 => {
                    request.node = Some(node);
                    request.gfp = request.gfp | Gfp::THISNODE;
                }
                _ => request.nodes = Some(NodeMask::from_bits(1 << node.0)),
            }
        }
        request
    }

    fn free(&mut self, weights: &Weights) -> Option<Op> {
        let latest = self.stream.below(16) < u32::from(weights.latest);
        let ticket = match self.table.latest() {
            Some(live) if latest => live.ticket,
            _ => self.table.pick(&mut self.stream)?,
        };
        let cpu = self.cpu();
        Some(self.table.free(ticket, cpu))
    }

    fn bulk(&mut self, weights: &Weights) -> Op {
        let count = 1 + self.stream.below(MOST_FRAMES);
        Op::Bulk {
            base: self.table.tickets(count),
            count,
            request: self.request(weights, Order::ZERO),
        }
    }

    fn split(&mut self) -> Option<Op> {
        let ticket = self.table.pick(&mut self.stream)?;
        let live = self.table.get(ticket)?;
        if live.frames > MOST_SPLIT {
            return None;
        }
        // Fits: it is no more than that.
        let base = self.table.tickets(live.frames as u32);
        Some(Op::Split { ticket, base })
    }

    fn flags(&mut self) -> Option<Op> {
        // Fits: there are few zones.
        let zone = self.stream.below(self.zones.len() as u32) as usize;
        Some(Op::ZoneFlags {
            zone: *self.zones.get(zone)?,
            set: ZoneFlags::from_bits(self.stream.below(8)),
            clear: ZoneFlags::from_bits(self.stream.below(8)),
            boost: None,
        })
    }

    fn cpu(&mut self) -> CpuId {
        // Fits: a machine has a limit for them.
        CpuId(self.stream.below(self.cpus) as u16)
    }
}
