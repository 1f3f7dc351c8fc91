//! Operations over tickets.

use std::collections::BTreeSet;

use pfnlab_model::{
    CpuId, Gfp, NodeId, NodeMask, Op, Order, Request, Step, Sysctl, Ticket, ZoneFlags, ZoneId,
    ZoneKind,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// So many names for what is allocated. Few, so that most come up again and are freed.
const NAMES: u64 = 48;
/// Tickets of one name lie this far apart; a split or bulk fits in between.
const APART: u64 = 1 << 11;

/// What is asked, before it is known of what machine.
#[derive(Clone, Debug)]
pub struct Choices(Vec<Choice>);

#[derive(Clone, Debug)]
enum Choice {
    /// Allocates under a name, or frees it if it names something.
    Block {
        name: u64,
        request: Request,
    },
    Bulk {
        name: u64,
        count: u32,
        request: Request,
    },
    Exact {
        name: u64,
        frames: u32,
        request: Request,
    },
    Split {
        name: u64,
    },
    /// Frees one of the frames of a split or bulk.
    FreePage {
        name: u64,
        page: u64,
        cpu: u16,
    },
    Drain {
        cpu: u16,
    },
    Vmstat {
        cpu: u16,
    },
    /// Takes a CPU away, or brings it back.
    Cpu {
        cpu: u16,
        online: bool,
    },
    Sysctl {
        sysctl: Sysctl,
        value: u64,
    },
    ZoneFlags {
        node: u16,
        kind: ZoneKind,
        set: u32,
        clear: u32,
        boost: Option<u64>,
    },
}

/// Up to `length` choices.
pub fn traces(length: usize) -> impl Strategy<Value = Choices> {
    vec(choices(), 1..=length).prop_map(Choices)
}

fn choices() -> impl Strategy<Value = Choice> {
    let names = || 0..NAMES;
    let cpus = || 0..4u16;
    prop_oneof![
        24 => (names(), orders(), requests()).prop_map(|(name, order, request)| {
            Choice::Block { name, request: Request { order, ..request } }
        }),
        2 => (names(), 1..150u32, requests())
            .prop_map(|(name, count, request)| Choice::Bulk { name, count, request }),
        1 => (names(), 1..600u32, requests())
            .prop_map(|(name, frames, request)| Choice::Exact { name, frames, request }),
        3 => names().prop_map(|name| Choice::Split { name }),
        5 => (names(), 0..64u64, cpus())
            .prop_map(|(name, page, cpu)| Choice::FreePage { name, page, cpu }),
        1 => cpus().prop_map(|cpu| Choice::Drain { cpu }),
        2 => cpus().prop_map(|cpu| Choice::Vmstat { cpu }),
        1 => (cpus(), any::<bool>()).prop_map(|(cpu, online)| Choice::Cpu { cpu, online }),
        1 => sysctls().prop_map(|(sysctl, value)| Choice::Sysctl { sysctl, value }),
        1 => zone_flags(),
    ]
}

fn orders() -> impl Strategy<Value = Order> {
    let orders =
        || (0..=Order::MAX.get()).prop_map(|order| Order::new(order).unwrap_or(Order::MAX));
    prop_oneof![
        3 => Just(Order::ZERO),
        3 => orders().prop_map(|order| Order::new(order.get() / 3).unwrap_or(Order::ZERO)),
        3 => orders(),
        1 => Just(Order::MAX),
    ]
}

fn requests() -> impl Strategy<Value = Request> {
    let bases = vec![
        Gfp::GFP_KERNEL,
        Gfp::GFP_KERNEL,
        Gfp::GFP_KERNEL | Gfp::RECLAIMABLE,
        Gfp::GFP_HIGHUSER_MOVABLE,
        Gfp::GFP_HIGHUSER_MOVABLE,
        Gfp::GFP_USER | Gfp::MOVABLE,
        Gfp::GFP_ATOMIC,
        Gfp::GFP_ATOMIC,
        Gfp::GFP_ATOMIC,
        Gfp::GFP_NOWAIT,
        Gfp::GFP_TRANSHUGE_LIGHT,
        Gfp::NONE,
    ];
    let extras = vec![
        Gfp::THISNODE,
        Gfp::COMP,
        Gfp::MEMALLOC,
        Gfp::NOMEMALLOC,
        Gfp::DMA,
        Gfp::DMA32,
        Gfp::HIGH,
        Gfp::ZERO,
        Gfp::WRITE,
        Gfp::NORETRY,
        // Contradicts __GFP_MOVABLE.
        Gfp::RECLAIMABLE,
    ];
    let extras = prop_oneof![
        2 => Just(Vec::new()),
        2 => subsequence(extras.clone(), 1),
        1 => subsequence(extras, 0..4),
    ];
    let nodes = option::weighted(0.3, 0..3u16);
    let masks = option::weighted(0.15, 1..8u64);
    (select(bases), extras, 0..4u16, nodes, masks).prop_map(|(base, extras, cpu, node, mask)| {
        Request {
            order: Order::ZERO,
            gfp: extras.into_iter().fold(base, Gfp::union),
            cpu: CpuId(cpu),
            node: node.map(NodeId),
            nodes: mask.map(NodeMask::from_bits),
        }
    })
}

fn sysctls() -> impl Strategy<Value = (Sysctl, u64)> {
    prop_oneof![
        (Just(Sysctl::MinFreeKbytes), 0..6000u64),
        (Just(Sysctl::WatermarkScaleFactor), 1..=1000u64),
        (Just(Sysctl::WatermarkBoostFactor), 0..30_000u64),
        (
            Just(Sysctl::PercpuPagelistHighFraction),
            prop_oneof![Just(0), 8..100u64]
        ),
    ]
}

fn zone_flags() -> impl Strategy<Value = Choice> {
    let kinds = vec![
        ZoneKind::Dma,
        ZoneKind::Dma32,
        ZoneKind::Normal,
        ZoneKind::Movable,
    ];
    let boosts = option::weighted(0.4, 0..2000u64);
    (0..3u16, select(kinds), 0..8u32, 0..8u32, boosts).prop_map(
        |(node, kind, set, clear, boost)| Choice::ZoneFlags {
            node,
            kind,
            set,
            clear,
            boost,
        },
    )
}

impl Choices {
    /// The steps for a machine with so many CPUs and nodes. Every allocation has tickets of its
    /// own, so any step can be dropped.
    ///
    /// A mask may name nodes that do not exist, and so leave none.
    pub fn steps(&self, cpus: u16, nodes: u16) -> Vec<Step> {
        let fit = |request: &Request| Request {
            cpu: CpuId(request.cpu.0 % cpus),
            node: request.node.map(|node| NodeId(node.0 % nodes)),
            ..*request
        };
        let cpu = |cpu: &u16| CpuId(cpu % cpus);
        // What each name stands for now: its tickets begin at generation * NAMES + name.
        let mut generations = [0; NAMES as usize];
        let mut live = BTreeSet::new();
        let mut give = |name: &u64, live: &mut BTreeSet<u64>| {
            generations[*name as usize] += 1;
            live.insert(*name);
            Ticket((generations[*name as usize] * NAMES + name) * APART)
        };
        let mut latest = [Ticket(0); NAMES as usize];
        let mut ops = Vec::new();
        for choice in &self.0 {
            ops.push(match choice {
                Choice::Block { name, request } if live.remove(name) => Op::Free {
                    ticket: latest[*name as usize],
                    cpu: fit(request).cpu,
                    cold: false,
                },
                Choice::Block { name, request } => {
                    let ticket = give(name, &mut live);
                    latest[*name as usize] = ticket;
                    Op::Alloc {
                        ticket,
                        request: fit(request),
                    }
                }
                Choice::Bulk {
                    name,
                    count,
                    request,
                } => {
                    let base = give(name, &mut live);
                    latest[*name as usize] = base;
                    Op::Bulk {
                        base,
                        count: *count,
                        request: fit(request),
                    }
                }
                Choice::Exact {
                    name,
                    frames,
                    request,
                } => {
                    let ticket = give(name, &mut live);
                    latest[*name as usize] = ticket;
                    Op::Exact {
                        ticket,
                        frames: *frames,
                        request: fit(request),
                    }
                }
                Choice::Split { name } => {
                    let ticket = latest[*name as usize];
                    Op::Split {
                        ticket,
                        base: ticket,
                    }
                }
                Choice::FreePage {
                    name,
                    page,
                    cpu: on,
                } => Op::Free {
                    ticket: Ticket(latest[*name as usize].0 + page),
                    cpu: cpu(on),
                    cold: false,
                },
                Choice::Drain { cpu: on } => Op::Drain { cpu: cpu(on) },
                Choice::Vmstat { cpu: on } => Op::Vmstat { cpu: cpu(on) },
                Choice::Cpu {
                    cpu: which,
                    online: true,
                } => Op::CpuOnline { cpu: cpu(which) },
                Choice::Cpu { cpu: which, .. } => Op::CpuOffline { cpu: cpu(which) },
                Choice::Sysctl { sysctl, value } => Op::Sysctl {
                    sysctl: *sysctl,
                    value: *value,
                },
                Choice::ZoneFlags {
                    node,
                    kind,
                    set,
                    clear,
                    boost,
                } => Op::ZoneFlags {
                    zone: ZoneId {
                        node: NodeId(node % nodes),
                        kind: *kind,
                    },
                    set: ZoneFlags::from_bits(*set),
                    clear: ZoneFlags::from_bits(*clear),
                    boost: *boost,
                },
            });
        }
        ops.into_iter().map(Step::from).collect()
    }
}
