//! What the background reclaimer of a node is asked for. It runs when an operation says so:
//! `balance`.

use pfnlab_model::{Event, Gfp, NodeId, Observer, Order, ZoneKind};

use crate::Mm;
use crate::alloc_flags::{AllocFlags, Mark};
use crate::profile::{Policy, Told, told};
use crate::walk::Asked;
use crate::watermark::Ask;
use crate::zone::Zone;
use crate::zonelist::Place;

/// Who is asked when a request goes the slow way, and what is noted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KswapdRule {
    /// By whatever request, for every zone that is below its low mark; only the order is noted
    /// (2.6.37).
    LowZones,
    /// For every zone; the largest order and the lowest zone that was wanted with it are noted.
    /// It is woken if the zone is below its low mark (3.8).
    EveryZone,
    /// For every node on the list; the largest order and the highest zone are noted (since 4.14).
    EveryNode,
}

impl Policy for KswapdRule {
    const DECIDES: &'static str = "who is asked to reclaim";

    fn told(self) -> Told {
        match self {
            KswapdRule::LowZones => told(
                "kswapd, for every zone below its low mark; the order is noted",
                "wakeup_kswapd",
            ),
            KswapdRule::EveryZone => told(
                "kswapd, for every zone; the largest order and the lowest zone wanted with it are noted",
                "wakeup_kswapd, classzone_idx",
            ),
            KswapdRule::EveryNode => told(
                "kswapd of every node on the list; the largest order and the highest zone are noted",
                "~wake_all_kswapds",
            ),
        }
    }
}

impl KswapdRule {
    /// What is noted of zones before anybody asked, on a node with zones up to `highest`.
    pub(crate) fn at_first(self, highest: Option<ZoneKind>) -> Option<ZoneKind> {
        match self {
            KswapdRule::EveryZone => highest,
            KswapdRule::LowZones | KswapdRule::EveryNode => None,
        }
    }
}

/// The largest order and the zone anybody asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kswapd {
    pub(crate) node: NodeId,
    pub(crate) order: Order,
    pub(crate) highest: Option<ZoneKind>,
    pub(crate) failures: u32,
    /// It was woken. Up to 3.8 requests do that; later ones only ask, and it is so if somebody who
    /// models it says so.
    pub(crate) awake: bool,
}

impl Kswapd {
    /// Asks for work (`wakeup_kswapd`).
    pub(crate) fn ask(&mut self, order: Order, highest: ZoneKind, observer: &mut impl Observer) {
        let order = self.order.max(order);
        let highest = self.highest.map_or(highest, |known| known.max(highest));
        self.note(order, Some(highest), observer);
    }

    fn note(&mut self, order: Order, highest: Option<ZoneKind>, observer: &mut impl Observer) {
        if (self.order, self.highest) != (order, highest) {
            (self.order, self.highest) = (order, highest);
            observer.event(Event::KswapdAsked {
                node: self.node,
                order,
                highest,
            });
        }
    }

    /// It did what it was asked for, and sleeps.
    pub(crate) fn rest(&mut self, rule: KswapdRule, observer: &mut impl Observer) {
        let highest = rule.at_first(self.highest);
        self.note(Order::ZERO, highest, observer);
        self.sleep(observer);
    }

    pub(crate) fn wake(&mut self, observer: &mut impl Observer) {
        if !self.awake {
            self.awake = true;
            observer.event(Event::KswapdWoken { node: self.node });
        }
    }

    pub(crate) fn sleep(&mut self, observer: &mut impl Observer) {
        if self.awake {
            self.awake = false;
            observer.event(Event::KswapdSlept { node: self.node });
        }
    }
}

impl Mm {
    /// Asks the background reclaimers of the nodes on the list (`wake_all_kswapds`).
    pub(crate) fn wake_kswapds(&mut self, asked: &Asked<'_>, observer: &mut impl Observer) {
        let rule = self.profile.kswapd;
        let may_wake = asked.request.gfp.contains(Gfp::KSWAPD_RECLAIM);
        if !may_wake && rule != KswapdRule::LowZones {
            return;
        }
        let Mm {
            config,
            nodes,
            zones,
            kswapds,
            ..
        } = self;
        // Who resists mixing wants whole pageblocks.
        let order = match self.profile.fragment.resists() {
            true => asked.request.order.max(config.pageblock_order),
            false => asked.request.order,
        };
        let highest = config.zones[asked.highest];
        let preferred = asked.preferred.zone.id.kind;
        let list = &nodes[asked.list.0].zonelists[usize::from(asked.list.1)];
        // Up to 3.8 the node mask does not hold here.
        let nodes = asked.nodes.filter(|_| rule == KswapdRule::EveryNode);
        let (mut last, mut woken) = (None, false);
        for Place { zone, .. } in list.allowed(0, asked.highest, nodes) {
            let node = zone.id.node;
            let kswapd = &mut kswapds[node.index()];
            let zone = &zones[zone.zone.index()];
            match rule {
                KswapdRule::LowZones => {
                    if zone.is_below_low(order, kswapd.awake) {
                        kswapd.note(kswapd.order.max(order), None, observer);
                        kswapd.wake(observer);
                        woken = true;
                    }
                }
                KswapdRule::EveryZone => {
                    if kswapd.order < order {
                        let lowest = kswapd.highest.map_or(preferred, |kind| kind.min(preferred));
                        kswapd.note(order, Some(lowest), observer);
                    }
                    if zone.is_below_low(order, true) {
                        kswapd.wake(observer);
                    }
                }
                KswapdRule::EveryNode => {
                    if zone.managed > 0 && last != Some(node) {
                        last = Some(node);
                        kswapd.ask(order, highest, observer);
                    }
                }
            }
        }
        if woken {
            self.count_exactly();
        }
    }

    /// Lets the tests of requests count exactly where the generation does so.
    pub(crate) fn count_exactly(&mut self) {
        let exact = self.profile.exact_count.while_reclaiming();
        for zone in &mut self.zones {
            zone.counts_exactly = exact && self.kswapds[zone.id.node.index()].awake;
        }
    }
}

impl Zone {
    /// Whether it fails the test of its low mark, by an `exact` count where the folded one may
    /// deceive.
    fn is_below_low(&self, order: Order, exact: bool) -> bool {
        let ask = Ask {
            order,
            gfp: Gfp::NONE,
            flags: AllocFlags::LOW,
            highest: 0,
        };
        let free = self.free_careful(exact);
        self.watermark_of(free, self.mark(Mark::Low), ask).is_err()
    }
}
