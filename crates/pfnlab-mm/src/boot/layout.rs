//! Which frames are in which zone (`free_area_init`). Pure.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Kernelcore, Machine, NodeId, Order, Pfn, PfnRange, ZoneId, ZoneKind};

use crate::Config;

/// Where every zone lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The frames each kind of zone may have, all nodes together; without Movable, which takes
    /// its frames from the others. Empty ranges: no such memory.
    pub ranges: Vec<(ZoneKind, PfnRange)>,
    /// The kind the movable zones take their frames from: the highest with memory.
    pub movable_zone: ZoneKind,
    /// By node: where its movable zone starts; `None`: it has none.
    pub movable_start: Vec<Option<Pfn>>,
    /// Every kind of zone on every node, by node and kind.
    pub zones: Vec<ZoneLayout>,
}

/// Where one zone lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneLayout {
    /// Which zone.
    pub id: ZoneId,
    /// From its first to its last frame, holes included; empty at frame 0 without memory.
    pub span: PfnRange,
    /// Frames that exist.
    pub present: u64,
    /// Where they are, ascending.
    pub memory: Vec<PfnRange>,
}

impl Layout {
    /// Lays out a machine's memory.
    pub fn new(machine: &Machine, config: &Config) -> Layout {
        let ranges = possible_ranges(machine, config);
        let (movable_zone, source) = movable_source(&ranges);
        let movable_start = movable_starts(machine, source);
        let zones = machine
            .nodes()
            .iter()
            .flat_map(|node| {
                config.zones.iter().map(move |&kind| ZoneId {
                    node: node.id,
                    kind,
                })
            })
            .map(|id| zone(machine, id, &ranges, source, movable_start[id.node.index()]))
            .collect();
        Layout {
            ranges,
            movable_zone,
            movable_start,
            zones,
        }
    }
}

/// The end of each kind's frames on x86-64 (`zone_sizes_init`); `None`: no memory of its own.
fn limit(kind: ZoneKind, max_pfn: u64) -> Option<u64> {
    match kind {
        ZoneKind::Dma => Some(max_pfn.min(16 << (20 - 12))),
        ZoneKind::Dma32 => Some(max_pfn.min(4 << (30 - 12))),
        ZoneKind::Normal => Some(max_pfn),
        ZoneKind::HighMem | ZoneKind::Device => Some(0),
        ZoneKind::Movable => None,
    }
}

fn possible_ranges(machine: &Machine, config: &Config) -> Vec<(ZoneKind, PfnRange)> {
    let max_pfn = machine.end().get();
    let mut start = machine.memory()[0].range.start();
    let mut ranges = Vec::new();
    for &kind in config.zones {
        let Some(end) = limit(kind, max_pfn) else {
            continue;
        };
        let end = start.max(Pfn::new(end));
        ranges.push((
            kind,
            PfnRange::new(start, end).expect("the end is at least the start"),
        ));
        start = end;
    }
    ranges
}

/// The kind the movable zones take their frames from, and its frames.
fn movable_source(ranges: &[(ZoneKind, PfnRange)]) -> (ZoneKind, PfnRange) {
    let with_memory = ranges.iter().rev().find(|(_, range)| !range.is_empty());
    *with_memory.expect("a machine has memory")
}

/// How many frames stay outside the movable zones; `None`: all of them.
fn kernelcore(machine: &Machine) -> Option<u64> {
    let total = machine.frames();
    let frames = |core: Kernelcore| match core {
        Kernelcore::Frames(frames) => frames,
        Kernelcore::Percent(percent) => total * 100 * u64::from(percent) / 10_000,
    };
    let mut core = machine.kernelcore().map_or(0, frames);
    let movable = machine.movablecore().map_or(0, frames);
    if movable != 0 {
        // Bounded before it is rounded: what is asked for may be absurd.
        let movable = movable
            .min(total)
            .next_multiple_of(Order::MAX.frames())
            .min(total);
        core = core.max(total - movable);
    }
    (core != 0 && core < total).then_some(core)
}

/// Where each node's movable zone starts (`find_zone_movable_pfns_for_nodes`): the rest is spread
/// evenly, and what a node cannot hold is spread over the others.
fn movable_starts(machine: &Machine, source: PfnRange) -> Vec<Option<Pfn>> {
    let mut starts = vec![Pfn::default(); machine.nodes().len()];
    let Some(mut core) = kernelcore(machine) else {
        return vec![None; starts.len()];
    };
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
            spread(
                machine,
                node,
                source.start(),
                share,
                &mut core,
                &mut starts[node.index()],
            );
        }
        usable -= 1;
        if core <= usable {
            break;
        }
    }
    let round = |(node, start): (usize, Pfn)| {
        let end = machine
            .memory_of(NodeId(node as u16))
            .last()
            .map_or(Pfn::default(), PfnRange::end);
        Some(start.align_up(Order::MAX)).filter(|&start| start != Pfn::default() && start < end)
    };
    starts.into_iter().enumerate().map(round).collect()
}

/// Leaves `share` frames of a node outside its movable zone, and moves its start behind them.
fn spread(
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

fn zone(
    machine: &Machine,
    id: ZoneId,
    ranges: &[(ZoneKind, PfnRange)],
    source: PfnRange,
    movable_start: Option<Pfn>,
) -> ZoneLayout {
    let memory: Vec<PfnRange> = machine.memory_of(id.node).collect();
    let nowhere = PfnRange::default();
    let limits = span(id.kind, &memory, ranges, source, movable_start).unwrap_or(nowhere);
    let inside = memory.iter().map(|range| range.intersection(limits));
    let memory: Vec<PfnRange> = inside.filter(|range| !range.is_empty()).collect();
    let present = memory.iter().map(|range| range.frames()).sum();
    let span = if limits.is_empty() { nowhere } else { limits };
    ZoneLayout {
        id,
        span,
        present,
        memory,
    }
}

/// The frames of a kind on a node, holes included (`zone_spanned_pages_in_node`).
fn span(
    kind: ZoneKind,
    memory: &[PfnRange],
    ranges: &[(ZoneKind, PfnRange)],
    source: PfnRange,
    movable_start: Option<Pfn>,
) -> Option<PfnRange> {
    let node = PfnRange::new(memory.first()?.start(), memory.last()?.end())?;
    if kind == ZoneKind::Movable {
        return PfnRange::new(movable_start?, node.end().min(source.end()));
    }
    let &(_, limits) = ranges.iter().find(|(known, _)| *known == kind)?;
    let clamp = |pfn: Pfn| pfn.clamp(limits.start(), limits.end());
    let (start, end) = (clamp(node.start()), clamp(node.end()));
    match movable_start {
        Some(movable) if movable <= start => None,
        Some(movable) if movable < end => PfnRange::new(start, movable),
        _ => PfnRange::new(start, end),
    }
}
