//! Small machines.

use pfnlab_model::{ByteRange, MachineSpec, NodeSpec};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const PAGE: u64 = 4096;
/// Where `ZONE_DMA32` ends on x86-64.
const FOUR_GIB: u64 = 4 << 30;

/// A piece of RAM, and the hole before it.
#[derive(Clone, Debug)]
struct Piece {
    node: usize,
    /// Frames of the hole.
    gap: u64,
    frames: u64,
}

/// Frames, as often round as not.
fn sizes(most: u64) -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => 1..=most,
        1 => (1..=most.div_ceil(512)).prop_map(|pageblocks| pageblocks * 512),
        1 => (1..=most.div_ceil(1024)).prop_map(|blocks| blocks * 1024),
    ]
}

fn pieces(nodes: usize) -> impl Strategy<Value = Piece> {
    let gaps = prop_oneof![3 => Just(0), 1 => 1..64u64, 1 => 64..3000u64];
    (0..nodes, gaps, sizes(6000)).prop_map(|(node, gap, frames)| Piece { node, gap, frames })
}

/// Machines of 1 to 3 nodes and up to about 100 MiB: holes, edges that are not aligned, nodes whose
/// RAM interleaves, nodes without memory or without CPU, reserved pieces, RAM below 16 MiB
/// (`ZONE_DMA`), above it, and above 4 GiB (`ZONE_NORMAL`), and a share for movable zones.
pub fn machines() -> impl Strategy<Value = MachineSpec> {
    (1..=3usize).prop_flat_map(|nodes| {
        let choices = (
            vec(pieces(nodes), 1..5),
            // From which piece on the RAM lies above 4 GiB.
            option::weighted(0.4, 0..4usize),
            vec(0..nodes, 1..5),
            vec((0..24_000u64, 1..200u64), 0..4),
            option::weighted(0.3, select(vec!["4M", "16M"])),
            option::weighted(0.3, (any::<bool>(), 10..=90u8)),
            option::weighted(0.3, vec(11..=40u8, 3)),
        );
        choices.prop_map(move |choices| {
            let (pieces, high, cpus, reserved, section_size, movable, distances) = choices;
            let movable = movable.map(|(kernel, percent)| (kernel, format!("{percent}%")));
            let share = |of_kernel| {
                let share = movable.as_ref().filter(|(kernel, _)| *kernel == of_kernel);
                share.map(|(_, percent)| percent.clone())
            };
            MachineSpec {
                name: String::new(),
                section_size: section_size.map(str::to_owned),
                reserved: reserved
                    .iter()
                    .map(|&(at, frames)| frames_from(at, frames))
                    .collect(),
                kernelcore: share(true),
                movablecore: share(false),
                nodes: place(nodes, &pieces, high, &cpus, distances.as_deref()),
                ..MachineSpec::default()
            }
        })
    })
}

fn place(
    nodes: usize,
    pieces: &[Piece],
    high: Option<usize>,
    cpus: &[usize],
    distances: Option<&[u8]>,
) -> Vec<NodeSpec> {
    let mut specs = vec![NodeSpec::default(); nodes];
    // Frame 0 is never given to an allocator.
    let mut at = 1;
    for (number, piece) in pieces.iter().enumerate() {
        if high == Some(number) {
            at = FOUR_GIB / PAGE;
        }
        at += piece.gap;
        specs[piece.node].ram.push(frames_from(at, piece.frames));
        at += piece.frames;
    }
    for (cpu, &node) in (0..).zip(cpus) {
        specs[node].cpus.push(cpu);
    }
    if let Some(distances) = distances {
        for (one, spec) in specs.iter_mut().enumerate() {
            // The distance of a pair, in both directions.
            let distance = |other: usize| {
                if one == other {
                    10
                } else {
                    distances[one + other - 1]
                }
            };
            spec.distance = (0..nodes).map(distance).collect();
        }
    }
    specs
}

fn frames_from(at: u64, frames: u64) -> ByteRange {
    ByteRange {
        start: at * PAGE,
        end: (at + frames) * PAGE,
    }
}
