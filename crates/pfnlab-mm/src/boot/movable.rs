//! Where each node's movable zone starts (`find_zone_movable_pfns_for_nodes`). Pure.

use crate::profile::{Policy, Told, told};
use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Kernelcore, Machine, NodeId, Order, Pfn, PfnRange};

use crate::Profile;

/// What is made of a movable zone that would start where its node ends, or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovableEnd {
    /// Such a start is kept, and a zone without frames follows from it (up to 5.0).
    Kept,
    /// There is no movable zone then.
    Dropped,
}

impl Policy for MovableEnd {
    const DECIDES: &'static str = "what is made of a movable zone behind the end of its node";

    fn told(self) -> Told {
        match self {
            MovableEnd::Kept => told(
                "such a start is kept, and an empty zone follows from it",
                "find_zone_movable_pfns_for_nodes",
            ),
            MovableEnd::Dropped => told(
                "there is no movable zone then",
                "find_zone_movable_pfns_for_nodes",
            ),
        }
    }
}

/// How `kernelcore=` and `movablecore=` are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoreBound {
    /// Not at all (2.6.37, 3.8).
    None,
    /// By all memory: as much or more is as if nothing was asked for.
    AllMemory,
}

impl Policy for CoreBound {
    const DECIDES: &'static str = "how kernelcore= and movablecore= are bounded";

    fn told(self) -> Told {
        match self {
            CoreBound::None => told("not at all", "find_zone_movable_pfns_for_nodes"),
            CoreBound::AllMemory => told(
                "by all memory: as much or more is as if nothing was asked for",
                "find_zone_movable_pfns_for_nodes",
            ),
        }
    }
}

/// Frames of 4 GiB: memory below is never movable for not being mirrored.
const FOUR_GIB: Pfn = Pfn::new(4 << (30 - 12));

/// By node; `None`: it has no movable zone. `source` is what the movable zones are taken from.
pub(super) fn movable_starts(
    machine: &Machine,
    profile: &Profile,
    source: PfnRange,
) -> Vec<Option<Pfn>> {
    let starts = if machine.movable_node() {
        lowest(machine, &pieces_in(machine, machine.hotplug()))
    } else if is_mirrored(machine) {
        let mut others = pieces_outside(machine, machine.mirrored());
        others.retain(|(_, piece)| FOUR_GIB <= piece.start());
        lowest(machine, &others)
    } else {
        match kernelcore(machine, profile) {
            Some(core) => spread(machine, source.start(), core),
            None => vec![Pfn::default(); machine.nodes().len()],
        }
    };
    let round = |(node, start): (usize, Pfn)| {
        let end = machine
            .memory_of(NodeId(node as u16))
            .last()
            .map_or(Pfn::default(), PfnRange::end);
        let bound = match profile.movable_end {
            MovableEnd::Kept => Pfn::LIMIT,
            MovableEnd::Dropped => end,
        };
        Some(start.align_up(Order::MAX)).filter(|&start| start != Pfn::default() && start < bound)
    };
    starts.into_iter().enumerate().map(round).collect()
}

/// Whether the kernel is to live in mirrored memory, and there is some (`mirrored_kernelcore`).
pub(super) fn is_mirrored(machine: &Machine) -> bool {
    !machine.movable_node()
        && machine.kernelcore() == Some(Kernelcore::Mirror)
        && !pieces_in(machine, machine.mirrored()).is_empty()
}

type Piece = (NodeId, PfnRange);

/// What of the machine's memory lies in some ranges, ascending.
fn pieces_in(machine: &Machine, ranges: &[PfnRange]) -> Vec<Piece> {
    let memory = machine.memory().iter();
    let inside = memory.flat_map(|memory| {
        let parts = ranges.iter().map(|range| range.intersection(memory.range));
        parts.map(|part| (memory.node, part))
    });
    inside.filter(|(_, part)| !part.is_empty()).collect()
}

/// What of it does not; `ranges` are ascending and disjoint.
fn pieces_outside(machine: &Machine, ranges: &[PfnRange]) -> Vec<Piece> {
    let memory = machine.memory().iter();
    memory
        .flat_map(|memory| outside(memory.range, ranges).map(|part| (memory.node, part)))
        .collect()
}

/// What of a range lies outside others, which are ascending and disjoint.
pub(super) fn outside(range: PfnRange, others: &[PfnRange]) -> impl Iterator<Item = PfnRange> {
    let mut start = range.start();
    let mut parts = Vec::new();
    for other in others {
        parts.extend(PfnRange::new(start, other.start().min(range.end())));
        start = start.max(other.end());
    }
    parts.extend(PfnRange::new(start, range.end()));
    parts.into_iter().filter(|part| !part.is_empty())
}

/// By node the first frame of its pieces; frame 0: it has none.
fn lowest(machine: &Machine, pieces: &[Piece]) -> Vec<Pfn> {
    let of_node = |node: NodeId| {
        let own = pieces.iter().filter(|(owner, _)| *owner == node);
        own.map(|(_, piece)| piece.start()).min()
    };
    let nodes = machine.nodes().iter();
    nodes
        .map(|node| of_node(node.id).unwrap_or_default())
        .collect()
}

/// How many frames stay outside the movable zones; `None`: all of them.
pub(super) fn kernelcore(machine: &Machine, profile: &Profile) -> Option<u64> {
    let total = machine.frames();
    let frames = |core: Kernelcore| match core {
        Kernelcore::Frames(frames) => frames,
        Kernelcore::Percent(percent) => total * 100 * u64::from(percent) / 10_000,
        Kernelcore::Mirror => 0,
    };
    if machine.kernelcore() == Some(Kernelcore::Mirror) {
        return None;
    }
    let mut core = machine.kernelcore().map_or(0, frames);
    let movable = machine.movablecore().map_or(0, frames);
    if movable != 0 {
        // Bounded before it is rounded: what is asked for may be absurd.
        let movable = movable.min(total).next_multiple_of(Order::MAX.frames());
        core = core.max(total.saturating_sub(movable));
    }
    let most = match profile.core_bound {
        CoreBound::None => u64::MAX,
        CoreBound::AllMemory => total,
    };
    (core != 0 && core < most).then_some(core)
}

/// Spreads `core` frames evenly over the nodes; what a node cannot hold is spread over the others.
fn spread(machine: &Machine, first_usable: Pfn, mut core: u64) -> Vec<Pfn> {
    let mut starts = vec![Pfn::default(); machine.nodes().len()];
    let has_memory = |node: &NodeId| machine.memory_of(*node).next().is_some();
    let nodes: Vec<NodeId> = machine
        .nodes()
        .iter()
        .map(|node| node.id)
        .filter(has_memory)
        .collect();
    let mut usable = nodes.len() as u64;
    while usable > 0 {
        let mut share = core / usable;
        for &node in &nodes {
            if core < share {
                share = core / usable;
            }
            let start = &mut starts[node.index()];
            leave(machine, node, first_usable, share, &mut core, start);
        }
        usable -= 1;
        if core <= usable {
            break;
        }
    }
    starts
}

/// Leaves `share` frames of a node outside its movable zone, and moves its start behind them.
fn leave(
    machine: &Machine,
    node: NodeId,
    first_usable: Pfn,
    share: u64,
    core: &mut u64,
    movable_start: &mut Pfn,
) {
    let mut remaining = share;
    for range in machine.memory_of(node) {
        let mut start = range.start().max(*movable_start);
        if start >= range.end() {
            continue;
        }
        if start < first_usable {
            let low = range.end().min(first_usable).since(start);
            remaining = remaining.saturating_sub(low);
            *core = core.saturating_sub(low);
            if range.end() <= first_usable {
                *movable_start = range.end();
                continue;
            }
            start = first_usable;
        }
        let frames = range.end().since(start).min(remaining);
        *movable_start = start.offset(frames);
        *core = core.saturating_sub(frames);
        remaining -= frames;
        if remaining == 0 {
            break;
        }
    }
}
