//! Counters that `/proc` shows and a snapshot does not hold.

use std::collections::BTreeMap;

use pfnlab_model::{NodeId, ZoneId};

/// Counters that are no part of a snapshot, by the name that `/proc/vmstat` gives them: who
/// allocated on which node (`numa_hit` and its like, since 4.14), what nodes count, and events.
/// What is not told is not shown.
///
/// ```
/// use pfnlab_linux::proc::Counters;
/// let mut counters = Counters::default();
/// counters.machine("pgfree", 103_977);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    zones: BTreeMap<(ZoneId, String), u64>,
    nodes: BTreeMap<(NodeId, String), u64>,
    machine: BTreeMap<String, u64>,
}

impl Counters {
    /// A zone's counter.
    pub fn zone(&mut self, zone: ZoneId, name: &str, count: u64) {
        self.zones.insert((zone, name.to_owned()), count);
    }

    /// A node's counter.
    pub fn node(&mut self, node: NodeId, name: &str, count: u64) {
        self.nodes.insert((node, name.to_owned()), count);
    }

    /// A counter of the whole machine.
    pub fn machine(&mut self, name: &str, count: u64) {
        self.machine.insert(name.to_owned(), count);
    }

    pub(super) fn of_zone(&self, zone: ZoneId, name: &str) -> Option<u64> {
        self.zones.get(&(zone, name.to_owned())).copied()
    }

    pub(super) fn of_node(&self, node: NodeId, name: &str) -> Option<u64> {
        self.nodes.get(&(node, name.to_owned())).copied()
    }

    pub(super) fn of_machine(&self, name: &str) -> Option<u64> {
        self.machine.get(name).copied()
    }

    /// What all zones together counted.
    pub(super) fn of_zones(&self, name: &str) -> Option<u64> {
        sum(&self.zones, name)
    }

    /// What all nodes together counted.
    pub(super) fn of_nodes(&self, name: &str) -> Option<u64> {
        sum(&self.nodes, name)
    }
}

/// The sum of all counters with a name; `None`: there is none.
fn sum<Of>(counters: &BTreeMap<(Of, String), u64>, name: &str) -> Option<u64> {
    let named = counters.iter().filter(|((_, of), _)| of == name);
    named.map(|(_, &count)| count).reduce(u64::saturating_add)
}
