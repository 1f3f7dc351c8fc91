//! Which steps of a trace name the same tickets.

use pfnlab_model::{ClientOp, Op, Step, Ticket};

/// The positions of an operation that gives out tickets and of those behind it that name one of
/// them, ascending; only its own when it gives out none.
pub(super) fn named_with(steps: &[Step], at: usize) -> Vec<usize> {
    let Some((base, count)) = steps[at].op.gives() else {
        return vec![at];
    };
    let frames = match steps[at].op {
        Op::Alloc { request, .. } => request.order.frames(),
        _ => 1,
    };
    // From the first on, so many.
    let mut given = vec![(base.0, u64::from(count))];
    let mut found = vec![at];
    for (position, step) in steps.iter().enumerate().skip(at + 1) {
        let known = |ticket: Ticket| {
            given
                .iter()
                .any(|&(base, count)| (base..base.saturating_add(count)).contains(&ticket.0))
        };
        if !named(&step.op).is_some_and(known) {
            continue;
        }
        found.push(position);
        if let Op::Split { base, .. } = step.op {
            given.push((base.0, frames));
        }
    }
    found
}

/// The ticket an operation takes up.
fn named(op: &Op) -> Option<Ticket> {
    match *op {
        Op::Free { ticket, .. } | Op::Split { ticket, .. } => Some(ticket),
        Op::Client(
            ClientOp::Kfree { ticket, .. }
            | ClientOp::Get { ticket, .. }
            | ClientOp::LruAdd { ticket, .. }
            | ClientOp::CacheAlloc { cache: ticket, .. }
            | ClientOp::CacheShrink { cache: ticket, .. }
            | ClientOp::CacheDestroy { cache: ticket, .. },
        ) => Some(ticket),
        _ => None,
    }
}
