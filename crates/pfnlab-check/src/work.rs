//! What is asked of an allocator on a machine.

use pfnlab_model::{
    Capability, Gfp, Inspect, Machine, Op, Order, PageAllocator, ZoneFlags, ZoneId,
};
use pfnlab_sim::phase::{
    Ask, Bursts, Checkerboard, Churn, Edge, Fill, Handoff, Idle, Kind, MixedMobility, MixedOrders,
    Program, Release, Requests, Sawtooth,
};
use pfnlab_sim::{Outcome, Setting, Stream, Workload};

/// One operation in so many is none of the work's own.
const SELDOM: u32 = 48;

/// Operations from a seed that know what came of those before. Only what the allocator offers is
/// asked for.
pub struct Work {
    plan: Plan,
    stream: Stream,
    /// The zones whose flags are poked.
    zones: Vec<ZoneId>,
    /// The latest operation was none of the plan's.
    between: bool,
}

#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Plan {
    /// Everything mixed.
    Mixed(Workload),
    /// One phase after another.
    Phases(Program),
}

impl Work {
    /// The work of a seed for an allocator on a machine. Odd seeds mix everything, even ones run
    /// through phases.
    pub fn new(seed: u64, machine: &Machine, allocator: &impl PageAllocator) -> Work {
        let offered = allocator.offers(Capability::Zones);
        let inspect = allocator.inspect().filter(|_| offered);
        let zones = inspect.map(Inspect::zones).unwrap_or_default();
        Work::of_zones(seed, machine, offered, zones)
    }

    /// The same; `nodes`: requests may name some. The flags of `zones` are poked.
    pub(crate) fn of_zones(seed: u64, machine: &Machine, nodes: bool, zones: Vec<ZoneId>) -> Work {
        Work {
            plan: Plan::new(seed, machine, nodes),
            stream: Stream::new(seed, "between"),
            zones,
            between: false,
        }
    }

    /// The next operation; `None`: that was all. [`Work::observe`] must be told what came of it.
    pub fn next_op(&mut self) -> Option<Op> {
        self.between = !self.zones.is_empty() && self.stream.below(SELDOM) == 0;
        if self.between {
            return Some(self.poke());
        }
        match &mut self.plan {
            Plan::Mixed(workload) => Some(workload.next_op()),
            Plan::Phases(program) => program.next_op(),
        }
    }

    /// What came of the latest operation.
    pub fn observe(&mut self, outcome: &Outcome) {
        match &mut self.plan {
            _ if self.between => {}
            Plan::Mixed(workload) => workload.observe(outcome),
            Plan::Phases(program) => program.observe(outcome),
        }
    }

    /// Flags of some zone change.
    fn poke(&mut self) -> Op {
        // Fits: there are few zones.
        let zone = self.stream.below(self.zones.len() as u32) as usize;
        Op::ZoneFlags {
            zone: self.zones[zone],
            set: ZoneFlags::from_bits(self.stream.below(8)),
            clear: ZoneFlags::from_bits(self.stream.below(8)),
            boost: None,
        }
    }
}

impl Plan {
    fn new(seed: u64, machine: &Machine, nodes: bool) -> Plan {
        let setting = Setting::of(machine);
        if seed % 2 == 1 {
            let nodes = if nodes { setting.nodes } else { 0 };
            let setting = Setting {
                nodes,
                low: 0,
                high: 115,
                ..setting
            };
            return Plan::Mixed(Workload::new(seed, setting));
        }
        let frames = machine.free_ranges().map(|memory| memory.range.frames());
        Plan::Phases(Program::new(seed, frames.sum(), setting.cpus, &phases()))
    }
}

/// Steady work, bursts, a checkerboard, the edge of memory, one CPU after another; after each all
/// is freed, and blocks of every order are asked for.
fn phases() -> Vec<Kind> {
    let small = Ask {
        max_order: Order::new(4).ok(),
        gfp: vec![Gfp::GFP_KERNEL, Gfp::GFP_HIGHUSER_MOVABLE],
        ..Ask::default()
    };
    let single = Ask::default();
    let work = [
        Kind::MixedOrders(MixedOrders {
            ops: 300,
            ..MixedOrders::default()
        }),
        Kind::Checkerboard(Checkerboard {
            ask: single.clone(),
            ..Checkerboard::default()
        }),
        Kind::Churn(Churn {
            ops: 300,
            ask: small.clone(),
            ..Churn::default()
        }),
        Kind::Edge(Edge {
            ops: 200,
            step: 8,
            ask: small.clone(),
        }),
        Kind::Handoff(Handoff {
            blocks: 60,
            depth: 8,
            ask: single,
            ..Handoff::default()
        }),
        Kind::Sawtooth(Sawtooth {
            teeth: 2,
            ask: small,
            ..Sawtooth::default()
        }),
        Kind::MixedMobility(MixedMobility {
            ops: 300,
            ..MixedMobility::default()
        }),
        Kind::Bursts(Bursts {
            bursts: 2,
            size: 48,
            keep: 4,
            ..Bursts::default()
        }),
    ];
    work.into_iter()
        .flat_map(|kind| [kind].into_iter().chain(all_back()))
        .collect()
}

/// All is freed and drained; then the largest blocks come first, down to single frames.
fn all_back() -> Vec<Kind> {
    let release = || Kind::Release(Release::default());
    let idle = Kind::Idle(Idle {
        ticks: 1,
        drain: true,
    });
    let orders = Order::all().collect::<Vec<_>>().into_iter().rev();
    let asks = orders.map(|order| {
        Kind::Fill(Fill {
            ask: Ask {
                order,
                ..Ask::default()
            },
            ..Fill::default()
        })
    });
    let last = Kind::Requests(Requests {
        count: 4,
        ..Requests::default()
    });
    [release(), idle]
        .into_iter()
        .chain(asks)
        .chain([last, release()])
        .collect()
}
