//! Zonelists: the order in which zones are asked.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{NodeId, NodeMask, ZoneId};

use crate::profile::{Policy, Told, told};
use crate::zone::MAX_ZONES;
use crate::zone_map::ZoneAt;

/// Whether a node without memory heads its own list, and so decides what is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalRule {
    /// It does, with no zones to offer (up to 6.1).
    AlwaysFirst,
    /// Only a node with memory does (6.12.y).
    WithMemory,
}

impl Policy for LocalRule {
    const DECIDES: &'static str = "whether a node without memory heads its own zonelist";

    fn told(self) -> Told {
        match self {
            LocalRule::AlwaysFirst => told(
                "it does, and so decides what is near",
                "find_next_best_node",
            ),
            LocalRule::WithMemory => told(
                "only a node with memory does",
                "find_next_best_node, node_state(N_MEMORY)",
            ),
        }
    }
}

/// How much a node is charged for heading a group of nodes equally far away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadRule {
    /// As many as nodes were left to ask, whatever it was charged before (up to 5.0).
    NodesLeft,
    /// One more every time (from 6.1).
    OneMore,
}

impl Policy for LoadRule {
    const DECIDES: &'static str = "the charge for heading a group of nodes equally far away";

    fn told(self) -> Told {
        match self {
            LoadRule::NodesLeft => told(
                "how many nodes were left to ask, instead of what it was before",
                "build_zonelists, node_load",
            ),
            LoadRule::OneMore => told("one more every time", "build_zonelists, node_load"),
        }
    }
}

impl LoadRule {
    /// What a node charged `load` is charged now, `left` of the online nodes not having been asked
    /// before it.
    fn charge(self, load: u64, left: u64) -> u64 {
        match self {
            LoadRule::NodesLeft => left,
            LoadRule::OneMore => load + 1,
        }
    }

    /// How many charges weigh as much as one unit of distance.
    fn scale(self, topology: &Topology<'_>) -> u64 {
        match self {
            LoadRule::NodesLeft => topology.online * topology.max_nodes,
            LoadRule::OneMore => topology.max_nodes,
        }
    }
}

/// One zone to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ZoneRef {
    pub(crate) zone: ZoneAt,
    pub(crate) id: ZoneId,
    /// The index of its kind.
    pub(crate) kind: u8,
}

/// A zone of a list, and where it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) zone: ZoneRef,
}

/// The zones to ask, nearest first; within a node the highest first.
#[derive(Clone, Debug)]
pub(crate) struct Zonelist {
    zones: Vec<ZoneRef>,
    /// By zone index: the first zone that is not above it.
    first: [Option<Place>; MAX_ZONES],
}

impl Zonelist {
    /// A list of `zones`.
    pub(crate) fn new(zones: Vec<ZoneRef>) -> Zonelist {
        let not_above = |highest| {
            let is = |zone: &ZoneRef| usize::from(zone.kind) <= highest;
            let at = zones.iter().position(is)?;
            let zone = zones[at];
            Some(Place { at, zone })
        };
        let first = core::array::from_fn(not_above);
        Zonelist { zones, first }
    }

    /// All of its zones.
    pub(crate) fn zones(&self) -> &[ZoneRef] {
        &self.zones
    }

    /// The first zone that is not above `highest` and in `nodes` (`first_zones_zonelist`).
    #[inline]
    pub(crate) fn first(&self, highest: usize, nodes: Option<NodeMask>) -> Option<Place> {
        match nodes {
            None => self.first[highest],
            Some(_) => self.next(0, highest, nodes),
        }
    }

    /// The first zone from the position `from` on that is not above `highest` and in `nodes`
    /// (`next_zones_zonelist`).
    #[inline]
    pub(crate) fn next(
        &self,
        from: usize,
        highest: usize,
        nodes: Option<NodeMask>,
    ) -> Option<Place> {
        let allowed = |zone: &ZoneRef| {
            usize::from(zone.kind) <= highest
                && nodes.is_none_or(|nodes| nodes.contains(zone.id.node))
        };
        let at = from + self.zones.get(from..)?.iter().position(allowed)?;
        let zone = self.zones[at];
        Some(Place { at, zone })
    }

    /// All of them.
    pub(crate) fn allowed(
        &self,
        from: usize,
        highest: usize,
        nodes: Option<NodeMask>,
    ) -> impl Iterator<Item = Place> {
        let next = move |from| self.next(from, highest, nodes);
        core::iter::successors(next(from), move |place| next(place.at + 1))
    }
}

/// What ordering nodes looks at.
pub(crate) struct Topology<'a> {
    /// By node: the distance to every node.
    pub(crate) distance: &'a [&'a [u8]],
    /// By node: whether it has CPUs.
    pub(crate) cpus: &'a [bool],
    /// By node: whether it has memory.
    pub(crate) memory: &'a [bool],
    /// `MAX_NUMNODES`.
    pub(crate) max_nodes: u64,
    /// How many nodes are online.
    pub(crate) online: u64,
    pub(crate) local: LocalRule,
    pub(crate) load: LoadRule,
}

/// For every node, in which order nodes are asked (`build_zonelists`, `find_next_best_node`).
///
/// Nodes equally near take turns: the first of a group is charged for every list it heads, and
/// the charge counts in the lists built after.
pub(crate) fn node_orders(topology: &Topology<'_>) -> Vec<Vec<NodeId>> {
    let count = topology.distance.len();
    let mut load = vec![0_u64; count];
    (0..count)
        .map(|local| {
            let mut used = vec![false; count];
            let mut order = Vec::new();
            let mut previous = local;
            while let Some(node) = next_best(topology, local, &used, &load) {
                used[node] = true;
                if topology.distance[local][node] != topology.distance[local][previous] {
                    let left = topology.online.saturating_sub(order.len() as u64);
                    load[node] = topology.load.charge(load[node], left);
                }
                order.push(NodeId(node as u16));
                previous = node;
            }
            order
        })
        .collect()
}

fn next_best(topology: &Topology<'_>, local: usize, used: &[bool], load: &[u64]) -> Option<usize> {
    let local_counts = match topology.local {
        LocalRule::AlwaysFirst => true,
        LocalRule::WithMemory => topology.memory[local],
    };
    if !used[local] && local_counts {
        return Some(local);
    }
    let score = |node: &usize| {
        let distance = u64::from(topology.distance[local][*node])
            + u64::from(*node < local)
            + u64::from(topology.cpus[*node]);
        distance * topology.load.scale(topology) + load[*node]
    };
    // Of equal scores the lowest node wins: `min_by_key` keeps the first.
    (0..used.len())
        .filter(|&node| topology.memory[node] && !used[node])
        .min_by_key(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [bool; 4] = [true; 4];
    const NOT_3: [bool; 4] = [true, true, true, false];
    const NOT_2: [bool; 4] = [true, true, false, true];

    fn orders(
        distance: [[u8; 4]; 4],
        cpus: [bool; 4],
        memory: [bool; 4],
        local: LocalRule,
    ) -> Vec<Vec<u16>> {
        let rows: Vec<&[u8]> = distance.iter().map(|row| &row[..]).collect();
        let topology = Topology {
            distance: &rows,
            cpus: &cpus,
            memory: &memory,
            max_nodes: 64,
            online: 4,
            local,
            load: LoadRule::OneMore,
        };
        let orders = node_orders(&topology);
        orders
            .into_iter()
            .map(|order| order.into_iter().map(|node| node.0).collect())
            .collect()
    }

    const EQUAL: [[u8; 4]; 4] = [
        [10, 20, 20, 20],
        [20, 10, 20, 20],
        [20, 20, 10, 20],
        [20, 20, 20, 10],
    ];
    const RING: [[u8; 4]; 4] = [
        [10, 20, 30, 20],
        [20, 10, 20, 30],
        [30, 20, 10, 20],
        [20, 30, 20, 10],
    ];

    /// The tables of the specification (boot, zonelists 10.4).
    #[test]
    fn equidistant_nodes_take_turns() {
        let turns = [[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]];
        assert_eq!(orders(EQUAL, ALL, ALL, LocalRule::WithMemory), turns);
        let without_cpu = [[0, 3, 1, 2], [1, 3, 2, 0], [2, 3, 0, 1], [3, 0, 1, 2]];
        assert_eq!(
            orders(EQUAL, NOT_3, ALL, LocalRule::WithMemory),
            without_cpu
        );
    }

    #[test]
    fn a_memoryless_node_is_skipped_or_listed_first() {
        let skipped = [&[0, 1, 3][..], &[1, 3, 0], &[3, 0, 1], &[3, 0, 1]];
        assert_eq!(orders(EQUAL, ALL, NOT_2, LocalRule::WithMemory), skipped);
        let listed = [&[0, 1, 3][..], &[1, 3, 0], &[2, 3, 0, 1], &[3, 0, 1]];
        assert_eq!(orders(EQUAL, ALL, NOT_2, LocalRule::AlwaysFirst), listed);
    }

    #[test]
    fn a_ring_prefers_neighbours() {
        let all = [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]];
        assert_eq!(orders(RING, ALL, ALL, LocalRule::WithMemory), all);
        let without_cpu = [[0, 3, 1, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]];
        assert_eq!(orders(RING, NOT_3, ALL, LocalRule::WithMemory), without_cpu);
    }
}
