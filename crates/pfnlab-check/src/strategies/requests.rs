//! What one asks for.

use pfnlab_model::{CpuId, Gfp, NodeId, NodeMask, Order, Request};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::choices::EXTRAS;

/// Orders: single frames as often as any, and the largest more often than the one below it.
pub fn orders() -> impl Strategy<Value = Order> {
    let orders =
        || (0..=Order::MAX.get()).prop_map(|order| Order::new(order).unwrap_or(Order::MAX));
    prop_oneof![
        3 => Just(Order::ZERO),
        3 => orders().prop_map(|order| Order::new(order.get() / 3).unwrap_or(Order::ZERO)),
        3 => orders(),
        1 => Just(Order::MAX),
    ]
}

/// Requests of one frame, of every kind: from process context and from interrupts, movable and not,
/// for certain nodes and zones, a few of them contradictory.
pub fn requests() -> impl Strategy<Value = Request> {
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
    let extras = EXTRAS.to_vec();
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
