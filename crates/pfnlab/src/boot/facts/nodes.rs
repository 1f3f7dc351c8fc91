//! Nodes: their CPUs, and what each has.

use pfnlab_mm::boot::node_states::NodeStates;
use pfnlab_model::{NodeId, NodeMask};

use super::{Facts, FactsFile};
use crate::boot::log::BootedLog;

pub(super) fn facts(facts: &mut Facts, log: &BootedLog, file: &FactsFile) {
    for node in log.machine().nodes() {
        let section = file.node(node.id.index());
        if let Some(kernel) = section.and_then(|text| text.lines().next()) {
            facts.add(
                format!("node {} CPUs", node.id),
                kernel,
                list(&cpus_near(log, node.id)),
            );
        }
    }
    let states = states(log);
    let sets = [
        ("possible", states.possible),
        ("online", states.online),
        ("has_memory", states.memory),
        ("has_normal_memory", states.normal_memory),
        ("has_cpu", states.cpu),
    ];
    for (name, mask) in sets {
        if let Some(kernel) = file.section(&format!("node/{name}")) {
            let nodes: Vec<u16> = mask.iter().map(|node| node.0).collect();
            facts.add(format!("nodes {name}"), kernel.trim(), list(&nodes));
        }
    }
}

fn states(log: &BootedLog) -> NodeStates {
    let machine = log.machine();
    let possible: NodeMask = machine.nodes().iter().map(|node| node.id).collect();
    let zones = log.booted().layout.zones.iter();
    let zones: Vec<_> = zones.map(|zone| (zone.id, zone.present)).collect();
    let nodes = machine.nodes().iter().map(|node| node.id);
    let cpus: Vec<NodeId> = nodes
        .filter(|node| !cpus_near(log, *node).is_empty())
        .collect();
    NodeStates::new(possible, online(log).into_iter().collect(), &zones, &cpus)
}

/// Nodes with memory or CPUs.
pub(super) fn online(log: &BootedLog) -> Vec<NodeId> {
    let machine = log.machine();
    let nodes = machine.nodes().iter();
    nodes
        .filter(|node| !node.cpus.is_empty() || machine.memory_of(node.id).next().is_some())
        .map(|node| node.id)
        .collect()
}

/// The CPUs of a node. A faked node has those of the real node it was cut from.
fn cpus_near(log: &BootedLog, node: NodeId) -> Vec<u16> {
    let real = |node: NodeId| log.real_nodes().get(node.index()).copied().unwrap_or(node);
    let cpus = log.machine().cpus().into_iter();
    cpus.filter(|(_, on)| real(*on) == real(node))
        .map(|(cpu, _)| cpu.0)
        .collect()
}

/// Numbers as the kernel prints them: `0-2,5`.
pub(super) fn list(numbers: &[u16]) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let runs = runs.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn numbers_in_a_row_are_one_run() {
        assert_eq!(list(&[0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
        assert_eq!(list(&[]), "");
    }
}
