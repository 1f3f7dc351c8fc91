//! New numbers for tickets, so that none is given out twice.

use std::collections::BTreeMap;

use pfnlab_model::{ClientOp, MemoryOp, Op, Step, Ticket, Trace};

/// The same trace with tickets numbered from 1 in the order in which they are given out, none of
/// them twice: after that any operation can be dropped and no ticket is ever live already.
///
/// What a `split` gives out follows from the order that was asked for. Where that is not known, or
/// a trace gives out a number again that a skipped operation did not take, the result may mean
/// something else; [`shrink`](crate::shrink()) finds out by running it.
pub fn renumber(trace: &Trace) -> Trace {
    let mut names = Names::default();
    let steps = trace.steps.iter().map(|step| Step {
        op: names.op(step.op),
        expect: step.expect.clone(),
    });
    Trace {
        steps: steps.collect(),
        ..trace.clone()
    }
}

/// New names by old ones.
#[derive(Default)]
struct Names {
    latest: BTreeMap<Ticket, Ticket>,
    /// Frames behind a new name, of those that can be split.
    frames: BTreeMap<Ticket, u64>,
    given: u64,
}

impl Names {
    fn op(&mut self, op: Op) -> Op {
        match op {
            Op::Alloc { ticket, request } => {
                let ticket = self.give(ticket, 1);
                self.frames.insert(ticket, request.order.frames());
                Op::Alloc { ticket, request }
            }
            Op::Exact {
                ticket,
                frames,
                request,
            } => Op::Exact {
                ticket: self.give(ticket, 1),
                frames,
                request,
            },
            Op::Bulk {
                base,
                count,
                request,
            } => Op::Bulk {
                base: self.give(base, u64::from(count)),
                count,
                request,
            },
            Op::Free { ticket, cpu, cold } => Op::Free {
                ticket: self.name(ticket),
                cpu,
                cold,
            },
            Op::Split { ticket, base } => {
                let ticket = self.name(ticket);
                let frames = self.frames.remove(&ticket).unwrap_or(1);
                Op::Split {
                    ticket,
                    base: self.give(base, frames),
                }
            }
            Op::Client(op) => Op::Client(self.client(op)),
            Op::Memory(op) => Op::Memory(self.memory(op)),
            other => other,
        }
    }

    fn client(&mut self, op: ClientOp) -> ClientOp {
        match op {
            ClientOp::Kmalloc {
                ticket,
                size,
                request,
            } => ClientOp::Kmalloc {
                ticket: self.give(ticket, 1),
                size,
                request,
            },
            ClientOp::CacheCreate { ticket, spec } => ClientOp::CacheCreate {
                ticket: self.give(ticket, 1),
                spec,
            },
            ClientOp::CacheAlloc {
                ticket,
                cache,
                request,
            } => {
                let cache = self.name(cache);
                ClientOp::CacheAlloc {
                    ticket: self.give(ticket, 1),
                    cache,
                    request,
                }
            }
            ClientOp::Kfree { ticket, cpu } => ClientOp::Kfree {
                ticket: self.name(ticket),
                cpu,
            },
            ClientOp::CacheShrink { cache, cpu } => ClientOp::CacheShrink {
                cache: self.name(cache),
                cpu,
            },
            ClientOp::CacheDestroy { cache, cpu } => ClientOp::CacheDestroy {
                cache: self.name(cache),
                cpu,
            },
            ClientOp::Get { ticket, cpu } => ClientOp::Get {
                ticket: self.name(ticket),
                cpu,
            },
            ClientOp::LruAdd { ticket, list, cpu } => ClientOp::LruAdd {
                ticket: self.name(ticket),
                list,
                cpu,
            },
            ClientOp::LruDrain { .. } | ClientOp::PageExt { .. } => op,
        }
    }

    fn memory(&mut self, op: MemoryOp) -> MemoryOp {
        match op {
            MemoryOp::ContigAlloc { ticket, range, cpu } => MemoryOp::ContigAlloc {
                ticket: self.give(ticket, 1),
                range,
                cpu,
            },
            MemoryOp::CmaAlloc {
                ticket,
                area,
                frames,
                align,
                cpu,
            } => MemoryOp::CmaAlloc {
                ticket: self.give(ticket, 1),
                area,
                frames,
                align,
                cpu,
            },
            MemoryOp::CmaRelease { ticket, cpu } => MemoryOp::CmaRelease {
                ticket: self.name(ticket),
                cpu,
            },
            other => other,
        }
    }

    /// New names for `count` tickets from `base` on; says the first.
    fn give(&mut self, base: Ticket, count: u64) -> Ticket {
        let first = self.given + 1;
        self.given += count;
        for number in 0..count {
            let old = Ticket(base.0.wrapping_add(number));
            self.latest.insert(old, Ticket(first + number));
        }
        Ticket(first)
    }

    /// The name of a ticket; one that was never given out gets a name that never will be.
    fn name(&mut self, ticket: Ticket) -> Ticket {
        match self.latest.get(&ticket) {
            Some(&name) => name,
            None => self.give(ticket, 1),
        }
    }
}
