//! Mixed orders: blocks and runs whose sizes halve in frequency as they double.

use pfnlab_model::{Gfp, Op, Order};

use crate::Stream;
use crate::phase::ask::Asker;
use crate::phase::{Ask, Percent, Phase, Site, Table};

plain! {
    /// Churn of blocks of every order; one allocation in eight is a run of frames whose number is
    /// no power of two, as `alloc_pages_exact` gives.
    pub struct MixedOrders {
        /// How many operations.
        pub ops: u32 = 100_000,
        /// The part of memory that is held.
        pub percent: Percent = Percent::at_most_all(70),
        /// The largest order.
        #[cfg_attr(feature = "schema", schemars(with = "u8", range(max = 10)))]
        pub max_order: Order = Order::MAX,
        /// The flags, each equally often. None: `GFP_KERNEL`.
        #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
        pub gfp: Vec<Gfp> = vec![Gfp::GFP_HIGHUSER_MOVABLE],
    }
}

/// Mixed orders on their way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    left: u32,
    target: u64,
    asker: Asker,
    kinds: Stream,
    picks: Stream,
    sizes: Stream,
}

impl MixedOrders {
    pub(crate) fn at(&self, site: &Site) -> Running {
        let ask = Ask {
            max_order: Some(self.max_order),
            gfp: self.gfp.clone(),
            ..Ask::default()
        };
        Running {
            left: self.ops,
            target: site.part(self.percent),
            asker: ask.at(site),
            kinds: site.stream("kinds"),
            picks: site.stream("picks"),
            sizes: site.stream("sizes"),
        }
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        self.left = self.left.checked_sub(1)?;
        let kind = self.kinds.below(32);
        let toward = kind & 3 != 0;
        let victim = match toward == (table.held() < self.target) {
            true => None,
            false => table.pick(&mut self.picks),
        };
        if let Some(ticket) = victim {
            return Some(table.free(ticket, self.asker.cpu()));
        }
        let mut request = self.asker.request();
        if kind >> 2 != 0 {
            return Some(table.alloc(request));
        }
        // More than half of the block that would hold them, and at most all of it.
        let half = request.order.frames() as u32 / 2;
        let frames = half + 1 + self.sizes.below(half);
        request.order = Order::ZERO;
        request.gfp = request.gfp.without(Gfp::COMP);
        Some(table.exact(frames, request))
    }
}
