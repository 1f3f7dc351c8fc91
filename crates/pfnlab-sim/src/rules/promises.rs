//! Rules about what an allocator says: what it takes back, and what it refuses.

use pfnlab_model::{AllocError, Op, Order};

use super::{Check, Rule, ensure};
use crate::Outcome;

pub(super) const RETURN_01: Rule = Rule {
    id: "RETURN-01",
    title: "what was handed out is taken back",
    says: "A client can give back what it got, as it got it.",
    source: "__free_pages",
    profiles: &[],
    check: Check::Client(|view| match &view.not_taken {
        None => Ok(()),
        Some(error) => Err(error.to_string()),
    }),
};

pub(super) const REFUSE_01: Rule = Rule {
    id: "REFUSE-01",
    title: "exhausted means exhausted",
    says: "If no block of an order is said to be left, then no aligned one is free whose frames \
           clients have had before. Where frames wait on per-CPU lists or zones are closed to a \
           request, nobody outside can tell.",
    source: "get_page_from_freelist",
    profiles: &[],
    check: Check::Client(|view| {
        let Some((op, Outcome::Refused(AllocError::Exhausted(_)))) = view.latest else {
            return Ok(());
        };
        let (Some(seen), Some(order)) = (view.seen, order_of(op)) else {
            return Ok(());
        };
        let free = seen.free_block(order, view.clients, view.memory);
        free.map_or(Ok(()), |block| {
            Err(format!(
                "block {block} is free: clients had it and gave it back"
            ))
        })
    }),
};

pub(super) const REFUSE_02: Rule = Rule {
    id: "REFUSE-02",
    title: "too large means above the top",
    says: "Only an order above the top order is too large.",
    source: "MAX_PAGE_ORDER",
    profiles: &[],
    check: Check::Client(|view| {
        let Some((_, Outcome::Refused(AllocError::TooLarge(order)))) = view.latest else {
            return Ok(());
        };
        ensure(view.top.is_none_or(|top| *order > top), || {
            format!("order {order} is refused, blocks go up to {:?}", view.top)
        })
    }),
};

/// The order of the block that an operation needs.
fn order_of(op: &Op) -> Option<Order> {
    match op {
        Op::Alloc { request, .. } => Some(request.order),
        Op::Bulk { .. } => Some(Order::ZERO),
        Op::Exact { frames, .. } => Order::covering(u64::from(*frames)),
        _ => None,
    }
}
