//! Mixed mobility: users, the kernel and its caches ask in turn.

use pfnlab_model::{Gfp, Op, Order};

use crate::phase::churn::Running as ChurnRunning;
use crate::phase::{Ask, Churn, Percent, Phase, Site, Table};

plain! {
    /// Churn of blocks of every migratetype, each with a weight.
    pub struct MixedMobility {
        /// How many operations.
        pub ops: u32 = 100_000,
        /// The part of memory that is held.
        pub percent: Percent = Percent::at_most_all(70),
        /// How often `GFP_KERNEL`.
        pub unmovable: u8 = 1,
        /// How often `GFP_KERNEL|__GFP_RECLAIMABLE`.
        pub reclaimable: u8 = 1,
        /// How often `GFP_HIGHUSER_MOVABLE`.
        pub movable: u8 = 2,
        /// The largest order; larger blocks are rarer.
        #[cfg_attr(feature = "schema", schemars(with = "u8", range(max = 10)))]
        pub max_order: Order = Order::ZERO,
    }
}

/// Mixed mobility on its way.
#[derive(Clone, Debug)]
pub(crate) struct Running(ChurnRunning);

impl MixedMobility {
    pub(crate) fn at(&self, site: &Site) -> Running {
        let weights = [
            (Gfp::GFP_KERNEL, self.unmovable),
            (Gfp::GFP_KERNEL | Gfp::RECLAIMABLE, self.reclaimable),
            (Gfp::GFP_HIGHUSER_MOVABLE, self.movable),
        ];
        let times = |(gfp, weight)| std::iter::repeat_n(gfp, usize::from(weight));
        let churn = Churn {
            ops: self.ops,
            percent: self.percent,
            ask: Ask {
                max_order: Some(self.max_order),
                gfp: weights.into_iter().flat_map(times).collect(),
                ..Ask::default()
            },
        };
        Running(churn.at(site))
    }
}

impl Phase for Running {
    fn next_op(&mut self, table: &mut Table) -> Option<Op> {
        self.0.next_op(table)
    }
}
