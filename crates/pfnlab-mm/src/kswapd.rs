//! What the background reclaimer of a node is asked for. It does not run here: being asked is all.

use pfnlab_model::{Event, NodeId, Observer, Order, ZoneKind};

/// The largest order and the highest zone anybody asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kswapd {
    pub(crate) node: NodeId,
    pub(crate) order: Order,
    pub(crate) highest: Option<ZoneKind>,
    pub(crate) failures: u32,
}

impl Kswapd {
    /// Asks for work (`wakeup_kswapd`).
    pub(crate) fn ask(&mut self, order: Order, highest: ZoneKind, observer: &mut impl Observer) {
        let order = self.order.max(order);
        let highest = self.highest.map_or(highest, |known| known.max(highest));
        if (self.order, self.highest) != (order, Some(highest)) {
            self.order = order;
            self.highest = Some(highest);
            observer.event(Event::KswapdAsked {
                node: self.node,
                order,
                highest,
            });
        }
    }
}
