//! A request for a block.

use crate::{CpuId, Gfp, NodeId, NodeMask, Order};

/// What is asked of a page allocator: the arguments of `__alloc_pages`, and the CPU that asks.
///
/// ```
/// use pfnlab_model::{Gfp, Order, Request};
/// let request = Request { order: Order::new(3).unwrap(), ..Request::new(Gfp::GFP_KERNEL) };
/// assert_eq!(request.order.frames(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Request {
    /// How much: 2^order frames.
    pub order: Order,
    /// How it may be served.
    pub gfp: Gfp,
    /// The CPU the request runs on.
    pub cpu: CpuId,
    /// The preferred node; `None`: the nearest node with memory (`numa_mem_id`).
    pub node: Option<NodeId>,
    /// The nodes it may come from; `None`: any.
    pub nodes: Option<NodeMask>,
}

impl Request {
    /// One frame on CPU 0, from anywhere.
    pub const fn new(gfp: Gfp) -> Request {
        Request {
            order: Order::ZERO,
            gfp,
            cpu: CpuId(0),
            node: None,
            nodes: None,
        }
    }
}
