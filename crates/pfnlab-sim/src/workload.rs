//! Workloads: seeded operations without end.

use pfnlab_model::{CpuId, Gfp, Machine, NodeId, NodeMask, Op, Order, Request, Ticket};

use crate::{Outcome, Stream};

/// What a workload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Frames the allocator has.
    pub frames: u64,
    /// Operations run on the CPUs below this; 0 counts as 1.
    pub cpus: u16,
    /// Requests name nodes below this, at most [`NodeId::LIMIT`]; 0: they name none.
    pub nodes: u16,
    /// The least part of the frames that is held, in percent, once it has been reached.
    pub low: u8,
    /// The most, in percent. Above 100, refusals come.
    pub high: u8,
}

impl Setting {
    /// For a machine: all of its CPUs and nodes, between a tenth of its memory and a little more
    /// than there is.
    pub fn of(machine: &Machine) -> Setting {
        // Both fit: a machine has limits for them.
        let (cpus, nodes) = (machine.cpus().len() as u16, machine.nodes().len() as u16);
        Setting {
            frames: machine.frames(),
            cpus,
            nodes,
            low: 10,
            high: 105,
        }
    }
}

/// Mixed operations: orders that halve in frequency as they double in size, requests of the kernel
/// and of users, all CPUs, now and then a node, a bulk, a split, a drain or a statistics tick.
///
/// The memory held drifts between [`Setting::low`] and [`Setting::high`], so that blocks break up,
/// lists run dry and requests are refused. It knows tickets, never frames; what it is told of each
/// outcome decides which tickets it frees. Tickets are used again, so that they stay small.
///
/// ```
/// use pfnlab_sim::{Setting, Workload};
/// let setting = Setting { frames: 1 << 14, cpus: 2, nodes: 0, low: 10, high: 105 };
/// let mut workload = Workload::new(1, setting);
/// let first: Vec<_> = (0..3).map(|_| workload.next_op().to_string()).collect();
/// let mut again = Workload::new(1, setting);
/// assert!(first.iter().all(|op| *op == again.next_op().to_string()));
/// ```
#[derive(Clone, Debug)]
pub struct Workload {
    setting: Setting,
    streams: Streams,
    live: Vec<Live>,
    idle: Vec<u32>,
    next_ticket: u32,
    /// Frames held, by the orders asked for.
    held: u64,
    target: u64,
    /// Operations until the next target.
    left: u32,
    pending: Pending,
}

/// One for each purpose.
#[derive(Clone, Debug)]
struct Streams {
    kinds: Stream,
    orders: Stream,
    flags: Stream,
    cpus: Stream,
    nodes: Stream,
    picks: Stream,
    sizes: Stream,
    targets: Stream,
}

/// A live ticket.
#[derive(Clone, Copy, Debug)]
struct Live {
    ticket: u32,
    frames: u32,
}

/// What the latest operation does to the tickets, if it is served.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Nothing,
    /// One ticket will name so many frames.
    Gives(Live),
    /// A ticket will name nothing.
    Frees(Live),
    /// So many tickets from this on will name a frame each.
    Bulk {
        base: u32,
        count: u32,
    },
    /// The same, in place of a ticket.
    Splits {
        from: Live,
        base: u32,
    },
}

/// What is asked for, as often as it stands here.
const MIX: [Gfp; 32] = {
    let user = Gfp::GFP_HIGHUSER_MOVABLE;
    let kernel = Gfp::GFP_KERNEL;
    let cache = Gfp::GFP_KERNEL.union(Gfp::RECLAIMABLE);
    let mut mix = [user; 32];
    let rest = [
        kernel,
        kernel,
        kernel,
        kernel,
        kernel,
        kernel,
        kernel,
        cache,
        cache,
        cache,
        cache,
        Gfp::GFP_ATOMIC,
        Gfp::GFP_ATOMIC,
        Gfp::GFP_NOWAIT,
        Gfp::GFP_NOWAIT,
        Gfp::GFP_NOFS,
        Gfp::GFP_USER,
        Gfp::GFP_KERNEL.union(Gfp::DMA32),
    ];
    let mut at = 0;
    while at < rest.len() {
        mix[at] = rest[at];
        at += 1;
    }
    mix
};

/// The most frames of one `bulk`.
const MOST_BULK: u32 = 32;
/// Only blocks up to so many frames are split.
const MOST_SPLIT: u32 = 8;

impl Workload {
    /// The workload of a seed.
    pub fn new(seed: u64, setting: Setting) -> Workload {
        let stream = |name| Stream::new(seed, name);
        Workload {
            setting,
            streams: Streams {
                kinds: stream("kinds"),
                orders: stream("orders"),
                flags: stream("flags"),
                cpus: stream("cpus"),
                nodes: stream("nodes"),
                picks: stream("picks"),
                sizes: stream("sizes"),
                targets: stream("targets"),
            },
            live: Vec::new(),
            idle: Vec::new(),
            next_ticket: 1,
            held: 0,
            target: 0,
            left: 0,
            pending: Pending::Nothing,
        }
    }

    /// The next operation. Unless [`Workload::observe`] is told otherwise, it counts as served.
    #[inline]
    pub fn next_op(&mut self) -> Op {
        self.served();
        if self.left == 0 {
            self.aim();
        }
        self.left -= 1;
        let draw = self.streams.kinds.draw();
        match draw & 1023 {
            0..=3 => Op::Drain { cpu: self.cpu() },
            4..=13 => Op::Vmstat { cpu: self.cpu() },
            14..=17 => self.bulk(),
            18..=19 => self.exact(),
            20..=25 => self.split(),
            _ => {
                // Three steps toward the target for one away from it.
                let toward = draw >> 30 != 0;
                if toward == (self.held < self.target) {
                    self.alloc()
                } else {
                    self.free()
                }
            }
        }
    }

    /// What came of the latest operation.
    #[inline]
    pub fn observe(&mut self, outcome: &Outcome) {
        match (self.pending, outcome) {
            (_, Outcome::Lent(_) | Outcome::Freed(_) | Outcome::Done | Outcome::Rejected) => {}
            (_, Outcome::Failed(_)) => {}
            (Pending::Bulk { base, count }, &Outcome::Bulk { got }) if got < count => {
                self.idle.extend((base + got..base + count).rev());
                self.pending = Pending::Bulk { base, count: got };
            }
            (_, Outcome::Bulk { .. } | Outcome::Exact(_)) => {}
            (_, Outcome::FreedRun(_) | Outcome::Split(_)) => {}
            (_, Outcome::Object(_) | Outcome::ObjectFreed(_) | Outcome::Kept(_)) => {}
            (pending, Outcome::Refused(_) | Outcome::Skipped | Outcome::Unsupported) => {
                self.undo(pending, *outcome);
            }
        }
        self.served();
    }

    #[inline]
    fn undo(&mut self, pending: Pending, outcome: Outcome) {
        self.pending = Pending::Nothing;
        match pending {
            Pending::Nothing => {}
            Pending::Gives(live) => self.idle.push(live.ticket),
            // A ticket that was skipped names nothing; one that could not be freed still does.
            Pending::Frees(live) if outcome == Outcome::Skipped => {
                self.pending = Pending::Frees(live);
            }
            Pending::Frees(live) => self.live.push(live),
            Pending::Bulk { base, count } => self.idle.extend((base..base + count).rev()),
            Pending::Splits { from, base } => {
                self.live.push(from);
                self.idle.extend((base..base + from.frames).rev());
            }
        }
    }

    #[inline]
    fn served(&mut self) {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => {}
            Pending::Gives(live) => {
                self.held += u64::from(live.frames);
                self.live.push(live);
            }
            Pending::Frees(live) => {
                self.held -= u64::from(live.frames);
                self.idle.push(live.ticket);
            }
            many => self.many_served(many),
        }
    }

    /// What changes several tickets at once. It is rare.
    #[cold]
    fn many_served(&mut self, pending: Pending) {
        match pending {
            Pending::Nothing | Pending::Gives(_) | Pending::Frees(_) => {}
            Pending::Bulk { base, count } => {
                self.held += u64::from(count);
                let tickets = base..base + count;
                self.live
                    .extend(tickets.map(|ticket| Live { ticket, frames: 1 }));
            }
            Pending::Splits { from, base } => {
                self.idle.push(from.ticket);
                let tickets = base..base + from.frames;
                self.live
                    .extend(tickets.map(|ticket| Live { ticket, frames: 1 }));
            }
        }
    }

    /// Sets a new target and says for how long it holds: long enough to come close to it.
    #[cold]
    fn aim(&mut self) {
        let Setting {
            frames, low, high, ..
        } = self.setting;
        let (low, high) = (u32::from(low.min(high)), u32::from(high));
        let percent = low + self.streams.targets.below(high - low + 1);
        self.target = frames / 100 * u64::from(percent) + frames % 100 * u64::from(percent) / 100;
        let span = (frames / 4).clamp(64, 1 << 17) as u32;
        self.left = span + self.streams.targets.below(span);
    }

    #[inline]
    fn cpu(&mut self) -> CpuId {
        // Fits: it is below a u16.
        CpuId(self.streams.cpus.below(u32::from(self.setting.cpus)) as u16)
    }

    #[inline]
    fn alloc(&mut self) -> Op {
        let order = self.streams.orders.geometric(u32::from(Order::MAX.get()));
        let ticket = self.idle.pop().unwrap_or_else(|| self.new_tickets(1));
        self.pending = Pending::Gives(Live {
            ticket,
            frames: 1 << order,
        });
        let order = Order::new(order as u8).unwrap_or(Order::MAX);
        Op::Alloc {
            ticket: Ticket(u64::from(ticket)),
            request: self.request(order),
        }
    }

    #[inline]
    fn request(&mut self, order: Order) -> Request {
        let draw = self.streams.flags.draw();
        let mut gfp = MIX[(draw >> 27) as usize];
        if order > Order::ZERO && draw & 3 == 0 {
            gfp = gfp | Gfp::COMP;
        }
        if draw & 0xff0 == 0 {
            gfp = gfp | Gfp::MEMALLOC;
        }
        let mut request = Request {
            order,
            cpu: self.cpu(),
            ..Request::new(gfp)
        };
        if self.setting.nodes > 0 {
            self.name_nodes(&mut request);
        }
        request
    }

    #[inline]
    fn name_nodes(&mut self, request: &mut Request) {
        let draw = self.streams.nodes.draw();
        let nodes = u32::from(self.setting.nodes.min(NodeId::LIMIT));
        let node = ((u64::from(draw) * u64::from(nodes)) >> 32) as u16;
        if draw & 15 == 0 {
            request.node = Some(NodeId(node));
            if draw & 0x30 == 0 {
                request.gfp = request.gfp | Gfp::THISNODE;
            }
        }
        if draw & 0x7c0 == 0 {
            let others = u64::from(self.streams.nodes.draw()) & (u64::MAX >> (64 - nodes));
            request.nodes = Some(NodeMask::from_bits(others | 1 << node));
        }
    }

    #[inline]
    fn free(&mut self) -> Op {
        let Some(live) = self.pick() else {
            return self.alloc();
        };
        self.pending = Pending::Frees(live);
        Op::Free {
            ticket: Ticket(u64::from(live.ticket)),
            cpu: self.cpu(),
            cold: false,
        }
    }

    /// Any live ticket; every fourth time the latest.
    #[inline]
    fn pick(&mut self) -> Option<Live> {
        let draw = self.streams.picks.draw();
        let count = self.live.len() as u64;
        let at = (u64::from(draw) * count) >> 32;
        match draw & 3 {
            0 => self.live.pop(),
            _ if count == 0 => None,
            _ => Some(self.live.swap_remove(at as usize)),
        }
    }

    fn bulk(&mut self) -> Op {
        let count = 1 + self.streams.sizes.below(MOST_BULK);
        let base = self.new_tickets(count);
        self.pending = Pending::Bulk { base, count };
        Op::Bulk {
            base: Ticket(u64::from(base)),
            count,
            request: self.request(Order::ZERO),
        }
    }

    fn exact(&mut self) -> Op {
        let frames = 1 + self.streams.sizes.below(MOST_BULK);
        let ticket = self.idle.pop().unwrap_or_else(|| self.new_tickets(1));
        self.pending = Pending::Gives(Live { ticket, frames });
        let mut request = self.request(Order::ZERO);
        request.gfp = request.gfp.without(Gfp::COMP);
        Op::Exact {
            ticket: Ticket(u64::from(ticket)),
            frames,
            request,
        }
    }

    fn split(&mut self) -> Op {
        let Some(from) = self.pick() else {
            return self.alloc();
        };
        if from.frames > MOST_SPLIT {
            self.live.push(from);
            return self.alloc();
        }
        let base = self.new_tickets(from.frames);
        self.pending = Pending::Splits { from, base };
        Op::Split {
            ticket: Ticket(u64::from(from.ticket)),
            base: Ticket(u64::from(base)),
        }
    }

    fn new_tickets(&mut self, count: u32) -> u32 {
        let base = self.next_ticket;
        self.next_ticket += count;
        base
    }
}
