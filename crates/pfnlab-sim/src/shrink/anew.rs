//! Very short traces, made anew of what a trace asks for.
//!
//! Dropping operations and making them plainer leads to a trace of which nothing can be taken away.
//! A shorter one may still fail, if it gets the same done in another way: eight frames at once in
//! place of eight requests, or a run of frames of which the rest goes back in place of a request and
//! its return. There are few such traces, so all are tried.

use pfnlab_model::{CpuId, Op, Order, Request, Step, Ticket};

/// The longest traces that are tried.
pub(super) const LONGEST: usize = 3;

/// From one operation to the next, tickets lie so far apart.
const APART: u64 = 1 << 21;

/// What the operations of a trace are made of.
pub(super) struct Parts {
    /// Ways to ask, plain first.
    requests: Vec<Request>,
    largest: Order,
    cpus: Vec<CpuId>,
    /// Operations that give out nothing and name nothing.
    others: Vec<Op>,
}

impl Parts {
    pub(super) fn of(steps: &[Step]) -> Parts {
        let mut parts = Parts {
            requests: Vec::new(),
            largest: Order::ZERO,
            cpus: Vec::new(),
            others: Vec::new(),
        };
        for step in steps {
            match step.op {
                Op::Alloc { request, .. } => parts.ask(request, request.order),
                Op::Bulk { request, .. } => parts.ask(request, Order::ZERO),
                Op::Exact {
                    request, frames, ..
                } => {
                    let order = Order::covering(u64::from(frames));
                    parts.ask(request, order.unwrap_or(Order::MAX));
                }
                Op::Free { cpu, .. } => insert(&mut parts.cpus, cpu),
                Op::Split { .. } | Op::Client(_) | Op::Memory(_) => {}
                other => insert(&mut parts.others, other),
            }
        }
        parts
    }

    fn ask(&mut self, request: Request, order: Order) {
        self.largest = self.largest.max(order);
        let order = Order::ZERO;
        insert(&mut self.requests, Request { order, ..request });
        insert(&mut self.cpus, request.cpu);
    }

    /// Every trace of so many operations. The longest are made of fewer parts.
    pub(super) fn traces(&self, length: usize) -> impl Iterator<Item = Vec<Step>> {
        let words: Vec<Vec<Op>> = (0..length).map(|at| self.words(at, length)).collect();
        let count: usize = words.iter().map(Vec::len).product();
        (0..count).filter_map(move |number| {
            let mut number = number;
            let ops = words.iter().map(|words| {
                let word = words[number % words.len()];
                number /= words.len();
                word
            });
            let ops: Vec<Op> = ops.collect();
            names_something(&ops).then(|| ops.into_iter().map(Step::from).collect())
        })
    }

    /// What may stand at a position of a trace.
    fn words(&self, at: usize, length: usize) -> Vec<Op> {
        let brief = length == LONGEST;
        let (requests, counts): (_, &[u32]) = match brief {
            true => (1, &[2, 8]),
            false => (3, &[2, 3, 4, 8, 16, 32]),
        };
        let base = first_of(at);
        let mut words = Vec::new();
        for &request in self.requests.iter().take(requests) {
            words.extend(Order::ZERO.through(self.largest).map(|order| Op::Alloc {
                ticket: base,
                request: Request { order, ..request },
            }));
            words.extend(counts.iter().map(|&count| Op::Bulk {
                base,
                count,
                request,
            }));
            words.extend(counts.iter().map(|&frames| Op::Exact {
                ticket: base,
                frames,
                request,
            }));
        }
        let cpus = &self.cpus[..self.cpus.len().min(if brief { 1 } else { 2 })];
        for earlier in (0..at).map(first_of) {
            for ticket in [earlier, Ticket(earlier.0 + 1)] {
                let cold = false;
                words.extend(cpus.iter().map(|&cpu| Op::Free { ticket, cpu, cold }));
            }
            let ticket = earlier;
            words.push(Op::Split { ticket, base });
        }
        words.extend(cpus.iter().map(|&cpu| Op::Drain { cpu }));
        words.extend(self.others.iter().take(if brief { 2 } else { 8 }));
        words
    }
}

fn first_of(at: usize) -> Ticket {
    Ticket(at as u64 * APART + 1)
}

/// Whether every operation that names something names what an earlier one got.
fn names_something(ops: &[Op]) -> bool {
    ops.iter().enumerate().all(|(at, op)| match *op {
        Op::Free { ticket, .. } | Op::Split { ticket, .. } => {
            ops[..at].iter().any(|earlier| match *earlier {
                Op::Alloc { ticket: given, .. } | Op::Exact { ticket: given, .. } => {
                    given == ticket
                }
                // Of the many it gives out the second is tried, too.
                Op::Bulk { base, .. } | Op::Split { base, .. } => {
                    base == ticket || base.0 + 1 == ticket.0
                }
                _ => false,
            })
        }
        _ => true,
    })
}

fn insert<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}
