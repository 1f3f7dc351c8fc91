//! Plainer forms of one operation, the plainest first.

use pfnlab_model::{
    ClientOp, CompactGoal, CpuId, Gfp, MemoryOp, OnlineTo, Op, Order, PfnRange, Request, Step,
    ZoneFlags,
};

/// Every step that is a little plainer than this one. Each is smaller in some order that has an
/// end, so that taking one after the other ends too.
pub(super) fn steps(step: &Step) -> Vec<Step> {
    let mut plainer: Vec<Step> = ops(&step.op)
        .into_iter()
        .filter(|op| *op != step.op)
        .map(|op| Step {
            op,
            expect: step.expect.clone(),
        })
        .collect();
    if step.expect.is_some() {
        plainer.insert(0, Step::from(step.op));
    }
    plainer
}

fn ops(op: &Op) -> Vec<Op> {
    match *op {
        Op::Alloc { ticket, request } => {
            let lower = [Some(Order::ZERO), request.order.down()]
                .into_iter()
                .flatten();
            let lower = lower.map(|order| Request { order, ..request });
            let requests = lower.chain(requests(request));
            requests
                .map(|request| Op::Alloc { ticket, request })
                .collect()
        }
        Op::Free { ticket, cpu, cold } => vec![
            Op::Free {
                ticket,
                cpu: CpuId(0),
                cold: false,
            },
            Op::Free {
                ticket,
                cpu: CpuId(0),
                cold,
            },
            Op::Free {
                ticket,
                cpu,
                cold: false,
            },
        ],
        Op::Split { .. } => Vec::new(),
        Op::Bulk {
            base,
            count,
            request,
        } => {
            let fewer = fewer(count).map(|count| Op::Bulk {
                base,
                count,
                request,
            });
            let requests = requests(request);
            fewer
                .chain(requests.map(|request| Op::Bulk {
                    base,
                    count,
                    request,
                }))
                .collect()
        }
        Op::Exact {
            ticket,
            frames,
            request,
        } => {
            let fewer = fewer(frames).map(|frames| Op::Exact {
                ticket,
                frames,
                request,
            });
            let requests = requests(request);
            fewer
                .chain(requests.map(|request| Op::Exact {
                    ticket,
                    frames,
                    request,
                }))
                .collect()
        }
        Op::Drain { .. } => vec![Op::Drain { cpu: CpuId(0) }],
        Op::Vmstat { .. } => vec![Op::Vmstat { cpu: CpuId(0) }],
        Op::Sysctl { .. } | Op::CpuOffline { .. } | Op::CpuOnline { .. } => Vec::new(),
        Op::Client(op) => client(op).into_iter().map(Op::Client).collect(),
        Op::Memory(op) => memory(op).into_iter().map(Op::Memory).collect(),
        Op::ZoneFlags {
            zone,
            set,
            clear,
            boost,
        } => vec![
            Op::ZoneFlags {
                zone,
                set,
                clear,
                boost: None,
            },
            Op::ZoneFlags {
                zone,
                set: ZoneFlags::NONE,
                clear,
                boost,
            },
            Op::ZoneFlags {
                zone,
                set,
                clear: ZoneFlags::NONE,
                boost,
            },
        ],
    }
}

/// Plainer forms of what a client is asked for: fewer bytes, a plainer request.
fn client(op: ClientOp) -> Vec<ClientOp> {
    match op {
        ClientOp::Kmalloc {
            ticket,
            size,
            request,
        } => {
            let fewer = fewer(size).map(|size| ClientOp::Kmalloc {
                ticket,
                size,
                request,
            });
            let requests = requests(request);
            fewer
                .chain(requests.map(|request| ClientOp::Kmalloc {
                    ticket,
                    size,
                    request,
                }))
                .collect()
        }
        ClientOp::CacheAlloc {
            ticket,
            cache,
            request,
        } => requests(request)
            .map(|request| ClientOp::CacheAlloc {
                ticket,
                cache,
                request,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Plainer forms of what is asked about a range: the first half of it, the default zone, fewer
/// frames.
fn memory(op: MemoryOp) -> Vec<MemoryOp> {
    let half = |range: PfnRange| PfnRange::sized(range.start(), range.frames() / 2);
    match op {
        MemoryOp::Add { range, node } => vec![MemoryOp::Add {
            range: half(range),
            node,
        }],
        MemoryOp::Remove { range } => vec![MemoryOp::Remove { range: half(range) }],
        MemoryOp::Online { range, to, cpu } => vec![
            MemoryOp::Online {
                range,
                to: OnlineTo::Default,
                cpu: CpuId(0),
            },
            MemoryOp::Online {
                range: half(range),
                to,
                cpu,
            },
        ],
        MemoryOp::Offline { range, cpu } => vec![
            MemoryOp::Offline {
                range,
                cpu: CpuId(0),
            },
            MemoryOp::Offline {
                range: half(range),
                cpu,
            },
        ],
        MemoryOp::ContigAlloc { ticket, range, cpu } => vec![
            MemoryOp::ContigAlloc {
                ticket,
                range,
                cpu: CpuId(0),
            },
            MemoryOp::ContigAlloc {
                ticket,
                range: half(range),
                cpu,
            },
        ],
        MemoryOp::CmaAlloc {
            ticket,
            area,
            frames,
            align,
            cpu,
        } => fewer(frames)
            .map(|frames| MemoryOp::CmaAlloc {
                ticket,
                area,
                frames,
                align,
                cpu,
            })
            .collect(),
        MemoryOp::CmaRelease { ticket, .. } => vec![MemoryOp::CmaRelease {
            ticket,
            cpu: CpuId(0),
        }],
        MemoryOp::Compact { node, goal, .. } => vec![
            MemoryOp::Compact {
                node,
                goal: CompactGoal::All,
                cpu: CpuId(0),
            },
            MemoryOp::Compact {
                node,
                goal,
                cpu: CpuId(0),
            },
        ],
        MemoryOp::Kswapd { node, .. } => vec![MemoryOp::Kswapd {
            node,
            cpu: CpuId(0),
        }],
        MemoryOp::Waiting { on, .. } => vec![MemoryOp::Waiting { on, swap: false }],
    }
}

fn fewer(count: u32) -> impl Iterator<Item = u32> {
    [1, count / 2, count.saturating_sub(1)]
        .into_iter()
        .filter(move |&less| 0 < less && less < count)
}

/// Plainer ways to ask for the same size.
fn requests(request: Request) -> impl Iterator<Item = Request> {
    let gfp = request.gfp;
    let plain = Request {
        order: request.order,
        ..Request::new(Gfp::GFP_KERNEL)
    };
    let mut all = vec![
        plain,
        Request {
            gfp: plain.gfp,
            ..request
        },
        Request { gfp, ..plain },
        Request {
            node: None,
            ..request
        },
        Request {
            nodes: None,
            ..request
        },
        Request {
            cpu: CpuId(0),
            ..request
        },
    ];
    if gfp != Gfp::GFP_KERNEL {
        let extra = gfp.without(Gfp::GFP_KERNEL);
        let flags = Gfp::FLAGS.iter().filter(|(_, flag)| extra.contains(*flag));
        all.extend(flags.map(|&(_, flag)| Request {
            gfp: gfp.without(flag),
            ..request
        }));
    }
    all.into_iter().filter(move |plainer| *plainer != request)
}
