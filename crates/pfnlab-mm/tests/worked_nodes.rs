//! Several nodes, against the worked examples of the boot specification: interleaved memory (2.2)
//! and the order in which nodes are asked (10.4), on every generation.

use pfnlab_mm::boot::{Layout, fallback_order};
use pfnlab_mm::{Config, Profile};
use pfnlab_model::{MachineSpec, NodeSpec, ZoneKind};

/// Each node has a CPU and 1 GiB, unless that is left out.
fn four(distance: [[u8; 4]; 4], without_memory: Option<u16>) -> MachineSpec {
    let node = |node: u16| NodeSpec {
        cpus: vec![node],
        ram: match without_memory {
            Some(other) if other == node => Vec::new(),
            _ => vec![format!("{node}G..{}G", node + 1).parse().unwrap()],
        },
        distance: distance[usize::from(node)].to_vec(),
    };
    MachineSpec {
        nodes: (0..4).map(node).collect(),
        ..MachineSpec::default()
    }
}

pub(crate) const EQUAL: [[u8; 4]; 4] = [
    [10, 20, 20, 20],
    [20, 10, 20, 20],
    [20, 20, 10, 20],
    [20, 20, 20, 10],
];
pub(crate) const RING: [[u8; 4]; 4] = [
    [10, 20, 30, 20],
    [20, 10, 20, 30],
    [30, 20, 10, 20],
    [20, 30, 20, 10],
];

/// The lists of the four nodes as `0123 1230 …`.
fn orders(spec: &MachineSpec, profile: &Profile) -> String {
    let machine = spec.build().unwrap();
    let lists = fallback_order(&machine, profile, &Config::X86_64);
    let list = |nodes: Vec<pfnlab_model::NodeId>| -> String {
        nodes.iter().map(|node| node.0.to_string()).collect()
    };
    lists.into_iter().map(list).collect::<Vec<_>>().join(" ")
}

#[test]
fn nodes_are_asked_in_the_order_of_the_tables() {
    for profile in Profile::ALL {
        let name = profile.name();
        let check = |spec: MachineSpec, expected: &str| {
            assert_eq!(orders(&spec, profile), expected, "{name}");
        };
        check(four(EQUAL, None), "0123 1230 2301 3012");
        check(four(RING, None), "0132 1203 2310 3021");
        // Node 2 has no memory, so it comes first on its own list, or from 6.12 on not at all.
        let expected = match name {
            "linux-6.12.0" | "linux-6.12.y" => "013 130 301 301",
            _ => "013 130 2301 301",
        };
        check(four(EQUAL, Some(2)), expected);
    }
}

/// 10.3: up to 5.0 a node that heads a group is charged as many as nodes were left, from 6.1 on one
/// more. Two nodes farther from each other than from all else tell the difference; computed with a
/// model of both rules that also comes to the loads 10.4 names, 3 1 3 3 and 2 2 2 2 after the ring.
#[test]
fn nodes_equally_far_away_take_turns_by_their_load() {
    let apart = [
        [10, 20, 20, 20],
        [20, 10, 30, 20],
        [20, 30, 10, 20],
        [20, 20, 20, 10],
    ];
    for profile in Profile::ALL {
        let name = profile.name();
        let expected = match name {
            "linux-2.6.37" | "linux-3.8" | "linux-4.14" | "linux-5.0" => "0123 1302 2301 3012",
            _ => "0123 1302 2301 3021",
        };
        assert_eq!(orders(&four(apart, None), profile), expected, "{name}");
    }
}

/// Six ranges of 1 GiB from 4 GiB on, to nodes 0, 1, 2, 0, 1, 2: half of every span belongs to
/// others, and from 3.8 on descriptors of such holes are not counted.
#[test]
fn interleaved_nodes_pay_for_their_own_frames() {
    let range = |at: u64| format!("{}G..{}G", 4 + at, 5 + at).parse().unwrap();
    let node = |node: u16| NodeSpec {
        cpus: vec![node],
        ram: [0, 3].map(|at| range(at + u64::from(node))).to_vec(),
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        nodes: (0..3).map(node).collect(),
        ..MachineSpec::default()
    };
    let machine = spec.build().unwrap();
    for profile in Profile::ALL {
        let name = profile.name();
        let layout = Layout::new(&machine, profile, &Config::X86_64);
        let normal = layout
            .zones
            .iter()
            .filter(|zone| zone.id.kind == ZoneKind::Normal);
        let mut starts = Vec::new();
        for zone in normal {
            starts.push(zone.span.start().get());
            let got = (zone.span.frames(), zone.present, zone.absent());
            assert_eq!(got, (1_048_576, 524_288, 524_288), "{name}");
            let memmap = Layout::memmap_frames(zone, profile, &Config::X86_64);
            if name != "linux-2.6.37" {
                assert_eq!(memmap, 8192, "{name}");
            }
        }
        assert_eq!(starts, [1_048_576, 1_310_720, 1_572_864], "{name}");
    }
}
