//! The machines of the suite: small, and as irregular as machines are.

use pfnlab_model::{ByteRange, MachineSpec, NodeSpec};

const PAGE: u64 = 4096;

/// Machines from 16 frames to a few thousand: one node and several, holes, edges that are aligned
/// to nothing, nodes whose memory interleaves, nodes without memory, memory that is reserved.
pub fn all() -> Vec<MachineSpec> {
    vec![
        machine("sixteen", &[(1, &[(0, 16)])]),
        machine("one-node", &[(2, &[(0, 1024)])]),
        machine("high", &[(1, &[(0x10_0000, 2048)])]),
        machine("ragged", &[(2, &[(3, 1021)])]),
        machine(
            "holes",
            &[(1, &[(1, 158), (256, 90), (350, 1), (384, 640)])],
        ),
        reserved(
            machine("reserved", &[(1, &[(0, 1024)])]),
            &[(0, 5), (130, 1), (500, 77)],
        ),
        machine("two-nodes", &[(1, &[(0, 512)]), (1, &[(512, 512)])]),
        machine("border", &[(2, &[(3, 297)]), (1, &[(300, 421)])]),
        machine(
            "interleaved",
            &[(1, &[(0, 128), (256, 128)]), (1, &[(128, 128), (384, 200)])],
        ),
        machine("memoryless", &[(2, &[]), (1, &[(64, 448)])]),
        eight_nodes(),
    ]
}

/// A machine with nodes of so many CPUs and memory of so many frames from there on.
pub fn machine(name: &str, nodes: &[(u16, &[(u64, u64)])]) -> MachineSpec {
    let mut next = 0;
    let nodes = nodes.iter().map(|&(cpus, memory)| {
        let first = next;
        next += cpus;
        NodeSpec {
            cpus: (first..next).collect(),
            ram: memory.iter().map(|&frames| bytes(frames)).collect(),
            ..NodeSpec::default()
        }
    });
    MachineSpec {
        name: name.to_owned(),
        nodes: nodes.collect(),
        ..MachineSpec::default()
    }
}

fn reserved(machine: MachineSpec, frames: &[(u64, u64)]) -> MachineSpec {
    MachineSpec {
        reserved: frames.iter().map(|&frames| bytes(frames)).collect(),
        ..machine
    }
}

/// Eight nodes that take turns, 48 frames each time.
fn eight_nodes() -> MachineSpec {
    let pieces: Vec<[(u64, u64); 2]> = (0..8)
        .map(|node| [(node * 48, 48), ((node + 8) * 48, 48)])
        .collect();
    let nodes: Vec<(u16, &[(u64, u64)])> =
        pieces.iter().map(|pieces| (1, pieces.as_slice())).collect();
    machine("eight-nodes", &nodes)
}

fn bytes((start, frames): (u64, u64)) -> ByteRange {
    ByteRange {
        start: start * PAGE,
        end: (start + frames) * PAGE,
    }
}
