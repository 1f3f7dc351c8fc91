//! What a phase asks for.

use pfnlab_model::{CpuId, Gfp, NodeId, Order, Request};

use crate::Stream;
use crate::phase::Site;

plain! {
    /// What a phase asks for: every request is drawn from this.
    pub struct Ask {
        /// The order.
        #[cfg_attr(feature = "schema", schemars(with = "u8", range(max = 10)))]
        pub order: Order = Order::ZERO,
        /// The largest order: half of the requests are of `order`, a quarter of the next, and so
        /// on up to this. Left out: all are of `order`.
        #[cfg_attr(feature = "schema", schemars(with = "Option<u8>", range(max = 10)))]
        pub max_order: Option<Order> = None,
        /// The flags, such as `GFP_KERNEL|__GFP_COMP`; each request takes one of these, all
        /// equally often. None: `GFP_KERNEL`.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
        pub gfp: Vec<Gfp> = vec![Gfp::GFP_HIGHUSER_MOVABLE],
        /// The CPUs it runs on, all equally often. None: every CPU.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
        pub cpus: Vec<CpuId> = Vec::new(),
        /// The node asked first. Left out: the one the CPU is on.
        #[cfg_attr(feature = "schema", schemars(with = "Option<u16>"))]
        pub node: Option<NodeId> = None,
    }
}

/// An [`Ask`] with the streams it draws from.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    ask: Ask,
    cpus: Vec<CpuId>,
    orders: Stream,
    flags: Stream,
    places: Stream,
}

impl Ask {
    pub(crate) fn at(&self, site: &Site) -> Asker {
        Asker {
            ask: self.clone(),
            cpus: site.cpus_or_all(&self.cpus),
            orders: site.stream("orders"),
            flags: site.stream("flags"),
            places: site.stream("cpus"),
        }
    }
}

impl Asker {
    /// The next request.
    #[inline]
    pub(crate) fn request(&mut self) -> Request {
        let order = self.order();
        let gfp = one_of(&self.ask.gfp, &mut self.flags).unwrap_or(Gfp::GFP_KERNEL);
        Request {
            order,
            cpu: self.cpu(),
            node: self.ask.node,
            ..Request::new(gfp)
        }
    }

    /// One of the CPUs.
    #[inline]
    pub(crate) fn cpu(&mut self) -> CpuId {
        one_of(&self.cpus, &mut self.places).unwrap_or_default()
    }

    fn order(&mut self) -> Order {
        let Ask {
            order, max_order, ..
        } = self.ask;
        match max_order {
            Some(most) if order < most => {
                let above = self.orders.geometric(u32::from(most.get() - order.get()));
                Order::new(order.get() + above as u8).unwrap_or(most)
            }
            _ => order,
        }
    }
}

/// Any of them; nothing is drawn when there is only one.
#[inline]
pub(crate) fn one_of<T: Copy>(items: &[T], stream: &mut Stream) -> Option<T> {
    match items {
        [] => None,
        [only] => Some(*only),
        // Fits: the lists are written by people.
        _ => items
            .get(stream.below(items.len() as u32) as usize)
            .copied(),
    }
}
