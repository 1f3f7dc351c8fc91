//! The background reclaimer of a node does what it was asked for (`balance_pgdat`).
//!
//! A model: it runs when an operation says so, on the CPU that it names, and to its end.

use pfnlab_model::{
    CpuId, MemoryError, NodeId, Observer, Order, Reclaim, Reclaimer, Shrink, ZoneFlags,
};

use crate::Mm;
use crate::alloc_flags::{AllocFlags, Mark};
use crate::slowpath_blocking::{CLUSTER, FIRST_PRIORITY};
use crate::watermark::Ask;

/// Below this urgency, boosts do not make reclaim more urgent.
const BOOST_PRIORITY: u8 = FIRST_PRIORITY - 2;

impl Mm {
    /// Asks the owners of a node until every zone that was asked for is above its high mark, then
    /// takes back the boosts, and has what is left compacted.
    ///
    /// # Errors
    /// When there is no such node.
    pub(crate) fn balance(
        &mut self,
        node: NodeId,
        cpu: CpuId,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        if node.index() >= self.nodes.len() {
            return Err(MemoryError::Nowhere(u32::from(node.0)));
        }
        let kswapd = self.kswapds[node.index()];
        let asked = kswapd.highest.is_some() || kswapd.order > Order::ZERO || kswapd.awake;
        let boosted: u64 = self
            .zones_with_memory(node)
            .map(|at| self.zones[at].boost)
            .sum();
        if !asked && boosted == 0 {
            return Ok(());
        }
        let highest = kswapd
            .highest
            .unwrap_or(self.config.zones[self.config.zones.len() - 1]);
        let highest = self.config.zone_index(highest).unwrap_or(0);
        let order = self.reclaim_node(node, highest, kswapd.order, cpu, owners, observer);
        self.take_back_boosts(node, highest, observer);
        self.kswapds[node.index()].rest(self.profile.kswapd, observer);
        self.count_exactly();
        for at in self.zones_with_memory(node) {
            let pageblock = self.config.pageblock_order;
            self.zones[at].forget_skips(pageblock, observer);
        }
        if self.profile.compaction.has_background() {
            // A boost says that pageblocks are mixed: room is made for whole ones.
            let wanted = match boosted > 0 {
                true => order.max(self.config.pageblock_order),
                false => order,
            };
            if wanted > Order::ZERO {
                self.compact_for(node, wanted, cpu, owners, observer);
            }
        }
        Ok(())
    }

    /// Reclaims until the node is balanced and no boost is left to work off; says for blocks of which
    /// order.
    fn reclaim_node(
        &mut self,
        node: NodeId,
        highest: usize,
        mut order: Order,
        cpu: CpuId,
        owners: &mut impl Reclaim,
        observer: &mut impl Observer,
    ) -> Order {
        let wanted = order;
        let zones = || {
            self.zones_with_memory(node)
                .filter(|at| at % self.config.zones.len() <= highest)
        };
        let mut boost: u64 = zones().map(|at| self.zones[at].boost).sum();
        let target: u64 = zones()
            .map(|at| self.zones[at].mark(Mark::High).max(CLUSTER))
            .sum();
        let mut priority = FIRST_PRIORITY;
        loop {
            let balanced = self.is_balanced(node, order, highest);
            if !balanced && boost > 0 {
                (boost, priority) = (0, FIRST_PRIORITY);
                continue;
            }
            if balanced && boost == 0 {
                break;
            }
            let ask = Shrink {
                node,
                highest: self.config.zones[highest],
                target: if boost > 0 { boost.min(target) } else { target },
                priority,
                cpu,
            };
            let given_up = self.shrink_node(ask, Reclaimer::Kswapd, owners, observer);
            if order > Order::ZERO && given_up >= 2 * order.frames() {
                order = Order::ZERO;
            }
            let stays = boost > 0 && priority == BOOST_PRIORITY;
            if given_up < target && !stays {
                priority -= 1;
            }
            if boost > 0 {
                boost = boost.saturating_sub(given_up);
                if given_up == 0 && stays {
                    break;
                }
            }
            if priority < 1 {
                break;
            }
        }
        wanted
    }

    /// Whether a zone up to `highest` has a block of `order` above its high mark
    /// (`pgdat_balanced`).
    fn is_balanced(&self, node: NodeId, order: Order, highest: usize) -> bool {
        let kinds = self.config.zones.len();
        let mut zones = self
            .zones_with_memory(node)
            .filter(|at| at % kinds <= highest);
        let ask = Ask {
            order,
            flags: AllocFlags::MIN,
            ..Ask::order_zero(highest)
        };
        zones.any(|at| {
            let zone = &self.zones[at];
            let free = zone.free_careful(true);
            zone.watermark_of(free, zone.mark(Mark::High), ask).is_ok()
        })
    }

    /// Boosts are worked off.
    fn take_back_boosts(&mut self, node: NodeId, highest: usize, observer: &mut impl Observer) {
        let kinds = self.config.zones.len();
        for at in self
            .zones_with_memory(node)
            .filter(|at| at % kinds <= highest)
        {
            let zone = &mut self.zones[at];
            zone.set_boost(0, observer);
            zone.set_flags(zone.flags.without(ZoneFlags::BOOSTED), observer);
        }
    }
}
