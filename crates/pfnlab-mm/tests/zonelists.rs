//! Zonelists of whole machines: by node or by kind, and built anew when memory comes.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CpuId, Inspect, MachineSpec, MemoryOp, NodeId, NodeSpec, OnlineTo, PageAllocator, Pfn,
    PfnRange, Snapshot, ZoneId, ZoneKind,
};

use crate::worked_nodes::{EQUAL, RING};
use ZoneKind::{Dma, Dma32, Normal};

/// Frames of a section: 128 MiB.
const SECTION: u64 = 1 << 15;

pub(crate) fn boot(nodes: Vec<NodeSpec>, profile: &'static Profile) -> Mm {
    let machine = MachineSpec {
        nodes,
        ..MachineSpec::default()
    };
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap()
}

pub(crate) fn node(cpus: &[u16], ram: &[&str], distance: &[u8]) -> NodeSpec {
    NodeSpec {
        cpus: cpus.to_vec(),
        ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
        distance: distance.to_vec(),
    }
}

/// Every node's list, and the list of its own zones.
fn lists(state: &Snapshot) -> Vec<(Vec<ZoneId>, Vec<ZoneId>)> {
    let nodes = state.nodes.iter();
    nodes
        .map(|node| (node.zonelist.clone(), node.zonelist_this_node.clone()))
        .collect()
}

fn zones(list: &[(u16, ZoneKind)]) -> Vec<ZoneId> {
    let zone = |&(node, kind)| ZoneId {
        node: NodeId(node),
        kind,
    };
    list.iter().map(zone).collect()
}

/// Two nodes of 6 GiB: up to 3.8 kinds go before nodes, so that low memory comes last of all (kernels
/// 2.6.37 and 3.8 did so on such a machine); later nodes go before kinds.
#[test]
fn low_memory_comes_last_or_next() {
    for profile in Profile::ALL {
        let nodes = vec![
            node(&[0], &["4K..3G", "4G..7G"], &[]),
            node(&[1], &["7G..13G"], &[]),
        ];
        let state = boot(nodes, profile).snapshot();
        let by_kind = ["linux-2.6.37", "linux-3.8"].contains(&profile.name());
        let (first, second) = match by_kind {
            true => (
                zones(&[(0, Normal), (1, Normal), (0, Dma32), (0, Dma)]),
                zones(&[(1, Normal), (0, Normal), (0, Dma32), (0, Dma)]),
            ),
            false => (
                zones(&[(0, Normal), (0, Dma32), (0, Dma), (1, Normal)]),
                zones(&[(1, Normal), (0, Normal), (0, Dma32), (0, Dma)]),
            ),
        };
        let own = zones(&[(0, Normal), (0, Dma32), (0, Dma)]);
        let expected = [(first, own), (second, zones(&[(1, Normal)]))];
        assert_eq!(lists(&state), expected, "{}", profile.name());
    }
}

/// Ranges of memory of each node, `movablecore=`, and whether kinds go first.
type Case = (
    &'static [&'static [&'static str]],
    Option<&'static str>,
    bool,
);

/// Up to 3.8 it depends on where low memory is: kinds go first, unless a node has no Normal zone, there is no
/// low memory, more than half of all is low, or more than 70 percent of a node of more than average size.
#[test]
fn low_memory_decides_what_goes_first() {
    let cases: [Case; 7] = [
        (&[&["4K..3G", "4G..7G"], &["7G..13G"]], None, true),
        // No Normal zone.
        (&[&["4K..1G"], &["1G..2G"]], None, false),
        (
            &[&["4K..3G", "4G..12G"], &["3G..3328M"], &["12G..20G"]],
            None,
            false,
        ),
        // No low memory.
        (&[&["4G..6G"], &["6G..8G"]], Some("2G"), false),
        // 3 of 5 GiB are low, but 60 percent of each node.
        (
            &[&["4K..1536M", "4G..5G"], &["1536M..3G", "5G..6G"]],
            None,
            false,
        ),
        // 3 of 3.2 GiB are, on a node larger than a third of 7.2 GiB, but not of 11.2 GiB.
        (&[&["4K..3G", "4G..4300M"], &["4300M..8396M"]], None, false),
        (&[&["4K..3G", "4G..4300M"], &["4300M..12492M"]], None, true),
    ];
    for profile in &Profile::ALL[..2] {
        for (nodes, movablecore, kinds_first) in cases {
            let spec = |(at, ram): (u16, &&[&str])| node(&[at], ram, &[]);
            let machine = MachineSpec {
                nodes: (0..).zip(nodes).map(spec).collect(),
                movablecore: movablecore.map(str::to_owned),
                ..MachineSpec::default()
            };
            let mm = Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap();
            let state = mm.snapshot();
            let list = &state.nodes[0].zonelist;
            let mut by_kind = list.clone();
            by_kind.sort_by_key(|zone| std::cmp::Reverse(zone.kind));
            let mut by_node = by_kind.clone();
            by_node.sort_by_key(|zone| zone.node);
            assert_ne!(by_kind, by_node, "{nodes:?}");
            let expected = if kinds_first { by_kind } else { by_node };
            assert_eq!(*list, expected, "{}: {nodes:?}", profile.name());
        }
    }
}

/// Four nodes, of which the last has no CPU, and one gets its memory later: the tables of the specification
/// (boot, 10.4). At boot CPUs are not known yet, so the lists then were others.
#[test]
fn lists_are_built_anew_when_memory_comes() {
    let cases = [
        (
            EQUAL,
            [[0, 3, 1, 2], [1, 3, 2, 0], [2, 3, 0, 1], [3, 0, 1, 2]],
        ),
        (
            RING,
            [[0, 3, 1, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]],
        ),
    ];
    let since_4_14 = &Profile::ALL[2..];
    for (&profile, late) in since_4_14
        .iter()
        .flat_map(|profile| [(profile, 1), (profile, 2), (profile, 3)])
    {
        for (distance, expected) in cases {
            let spec = |at: u16| {
                let start = 4 + u64::from(at);
                let ram = format!("{start}G..{}M", start * 1024 + 128);
                let ram: &[&str] = if at == late { &[] } else { &[&ram] };
                let cpus: &[u16] = if at == 3 { &[] } else { &[at] };
                node(cpus, ram, &distance[usize::from(at)])
            };
            let mut mm = boot((0..4).map(spec).collect(), profile);
            let start = Pfn::new((4 + u64::from(late)) * 8 * SECTION);
            let range = PfnRange::sized(start, SECTION);
            let add = MemoryOp::Add {
                range,
                node: NodeId(late),
            };
            let online = MemoryOp::Online {
                range,
                to: OnlineTo::Kernel,
                cpu: CpuId(0),
            };
            for op in [add, online] {
                mm.memory(&op, PfnRange::default(), &mut (), &mut ())
                    .unwrap();
            }
            for (at, (all, own)) in (0..).zip(lists(&mm.snapshot())) {
                let nodes = expected[usize::from(at)].map(|node| (node, Normal));
                assert_eq!(
                    all,
                    zones(&nodes),
                    "{}: node {at}, {late} late",
                    profile.name()
                );
                assert_eq!(
                    own,
                    zones(&[(at, Normal)]),
                    "{}: node {at}, {late} late",
                    profile.name()
                );
            }
        }
    }
}
