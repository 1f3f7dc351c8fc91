//! Zonelists are built: at boot, and again when a zone gets its first memory or loses its last
//! (`build_all_zonelists`).

use alloc::vec::Vec;

use pfnlab_model::{Event, MemoryEvent, NodeId, Observer};

use crate::zone::Zone;
use crate::zone_map::ZoneAt;
use crate::zonelist::{Topology, ZoneRef, Zonelist, node_orders};
use crate::zonelist_cache::ZonelistCache;
use crate::zonelist_order::{NodeMemory, ZonelistOrder};
use crate::{Mm, Profile};

/// For every node: all zones in the order of `orders`, and its own.
pub(crate) fn zonelists(
    orders: &[Vec<NodeId>],
    zones: &[Zone],
    kinds: usize,
    profile: &Profile,
) -> Vec<[Zonelist; 2]> {
    let of_node = |node: usize| &zones[node * kinds..(node + 1) * kinds];
    let memory = (0..orders.len()).map(|node| {
        let mut memory = NodeMemory::default();
        for zone in of_node(node) {
            memory.add(zone.id.kind, zone.present);
        }
        memory
    });
    let order = profile.zonelist_order.choose(&memory.collect::<Vec<_>>());
    let zonelist = |nodes: &[NodeId]| {
        let entries = nodes.iter().flat_map(|node| {
            let zones = of_node(node.index()).iter().enumerate().rev();
            zones
                .filter(|(_, zone)| zone.is_populated())
                .map(move |(kind, zone)| ZoneRef {
                    zone: ZoneAt((node.index() * kinds + kind) as u16),
                    id: zone.id,
                    kind: kind as u8,
                })
        });
        let mut entries: Vec<ZoneRef> = entries.collect();
        if order == ZonelistOrder::Zone {
            // Stable: among zones of a kind, the nearer node stays first.
            entries.sort_by_key(|entry| core::cmp::Reverse(entry.kind));
        }
        Zonelist::new(entries)
    };
    let lists = (0..).zip(orders);
    lists
        .map(|(node, order)| [zonelist(order), zonelist(&[NodeId(node)])])
        .collect()
}

impl Mm {
    /// Builds the zonelists of every node anew.
    pub(crate) fn rebuild_zonelists(&mut self, observer: &mut impl Observer) {
        let kinds = self.config.zones.len();
        let rows: Vec<&[u8]> = self.nodes.iter().map(|node| &node.distance[..]).collect();
        let count = self.nodes.len();
        let of_node = |node: usize| &self.zones[node * kinds..(node + 1) * kinds];
        let memory: Vec<bool> = (0..count)
            .map(|node| of_node(node).iter().any(Zone::is_populated))
            .collect();
        let has_cpu = |node: usize| {
            let real = self.nodes[node].real;
            let mut online = self.cpus.iter().filter(|cpu| cpu.online);
            online.any(|cpu| self.nodes[cpu.node.index()].real == real)
        };
        let cpus: Vec<bool> = (0..count).map(has_cpu).collect();
        let online = memory.iter().zip(&cpus);
        let online = online.filter(|(memory, cpus)| **memory || **cpus);
        let orders = node_orders(&Topology {
            distance: &rows,
            cpus: &cpus,
            memory: &memory,
            max_nodes: self.config.max_nodes,
            online: online.count() as u64,
            local: self.profile.local,
            load: self.profile.load,
        });
        let lists = zonelists(&orders, &self.zones, kinds, self.profile);
        for (at, lists) in lists.into_iter().enumerate() {
            let node = NodeId(at as u16);
            observer.event(Event::Memory(MemoryEvent::ZonelistsEmptied { node }));
            for (this_node, list) in [false, true].into_iter().zip(&lists) {
                for entry in list.zones() {
                    observer.event(Event::Memory(MemoryEvent::ZonelistGrew {
                        node,
                        this_node,
                        zone: entry.id,
                    }));
                }
            }
            let state = &mut self.nodes[at];
            if state.cache.is_some() {
                state.cache = Some(ZonelistCache::new(lists[0].zones().len()));
            }
            state.zonelists = lists;
        }
    }
}
