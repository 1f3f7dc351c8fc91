//! Which frames are in which zone (`free_area_init`). Pure.

use alloc::vec::Vec;

use pfnlab_model::{Machine, NodeId, Pfn, PfnRange, ZoneId, ZoneKind};

use super::movable::{is_mirrored, kernelcore, movable_starts, outside};
use super::zone_limits::limit;
use crate::profile::{Policy, Told, told};
use crate::{Config, Profile};

/// From when on it is known which kind the movable zones take their frames from
/// (`find_usable_zone_for_movable`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovableZonePick {
    /// Only when there are to be movable zones; until then it is the lowest kind (2.6.37, 3.8).
    WhenAsked,
    /// Always.
    Always,
}

impl Policy for MovableZonePick {
    const DECIDES: &'static str =
        "from when on it is known which kind the movable zones take their frames from";

    fn told(self) -> Told {
        match self {
            MovableZonePick::WhenAsked => told(
                "only when there are to be movable zones; until then it is the lowest kind",
                "find_usable_zone_for_movable",
            ),
            MovableZonePick::Always => told("always", "find_usable_zone_for_movable"),
        }
    }
}

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

impl ZoneLayout {
    /// Frames of its span that do not exist, or are another zone's (`absent`).
    pub fn absent(&self) -> u64 {
        self.span.frames() - self.present
    }
}

impl Layout {
    /// Lays out a machine's memory.
    pub fn new(machine: &Machine, profile: &Profile, config: &Config) -> Layout {
        let ranges = possible_ranges(machine, profile, config);
        let (source_kind, source) = movable_source(&ranges);
        let movable_start = movable_starts(machine, profile, source);
        let movable_zone = match profile.movable_zone_pick {
            MovableZonePick::WhenAsked if kernelcore(machine, profile).is_none() => ranges[0].0,
            _ => source_kind,
        };
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

    /// Whether the kernel has no addresses of its own for the frames of a kind of zone
    /// (`is_highmem_idx`).
    pub fn is_highmem(&self, kind: ZoneKind) -> bool {
        kind == ZoneKind::HighMem || kind == ZoneKind::Movable && self.movable_is_highmem()
    }

    /// Whether the movable zones take their frames from there (`zone_movable_is_highmem`).
    pub fn movable_is_highmem(&self) -> bool {
        self.movable_zone == ZoneKind::HighMem
    }

    /// How many kinds of zone a node has, empty ones below others counted (`nr_zones`).
    pub fn zone_count(&self, node: NodeId) -> usize {
        let of_node = self.zones.iter().filter(|zone| zone.id.node == node);
        let mut spans: Vec<bool> = of_node.map(|zone| !zone.span.is_empty()).collect();
        while spans.last() == Some(&false) {
            spans.pop();
        }
        spans.len()
    }
}

fn possible_ranges(
    machine: &Machine,
    profile: &Profile,
    config: &Config,
) -> Vec<(ZoneKind, PfnRange)> {
    let mut start = machine.memory()[0].range.start();
    let mut ranges = Vec::new();
    for &kind in config.zones {
        let Some(end) = limit(kind, machine, profile, config) else {
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

fn zone(
    machine: &Machine,
    id: ZoneId,
    ranges: &[(ZoneKind, PfnRange)],
    source: PfnRange,
    movable_start: Option<Pfn>,
) -> ZoneLayout {
    let memory: Vec<PfnRange> = machine.memory_of(id.node).collect();
    let nowhere = PfnRange::default();
    let mirrored = is_mirrored(machine) && movable_start.is_some();
    // Where the movable zone takes only what is not mirrored, the others reach around it.
    let limits = match movable_start {
        Some(movable) if mirrored && id.kind != ZoneKind::Movable => {
            span(id.kind, &memory, ranges, source, None).filter(|span| span.start() < movable)
        }
        _ => span(id.kind, &memory, ranges, source, movable_start),
    };
    let limits = limits.unwrap_or(nowhere);
    let inside = memory.iter().map(|range| range.intersection(limits));
    let memory: Vec<PfnRange> = inside.filter(|range| !range.is_empty()).collect();
    let span = if limits.is_empty() { nowhere } else { limits };
    let own = match (mirrored, id.kind) {
        (true, ZoneKind::Movable) => memory
            .iter()
            .flat_map(|&range| outside(range, machine.mirrored()))
            .collect(),
        (true, ZoneKind::Normal) => without_movable(machine, &memory, movable_start),
        _ => memory,
    };
    let present = match (mirrored, id.kind) {
        // Counted by what is mirrored and not by whose it is: a little less, where the start of
        // the movable zone was rounded up.
        (true, ZoneKind::Normal) => {
            let mirrored = machine.mirrored();
            let inside = own.iter().flat_map(|own| {
                let parts = mirrored.iter().map(|range| range.intersection(*own));
                parts.map(PfnRange::frames)
            });
            inside.sum()
        }
        _ => own.iter().map(|range| range.frames()).sum(),
    };
    ZoneLayout {
        id,
        span,
        present,
        memory: own,
    }
}

/// Memory without what is not mirrored from the start of the movable zone on.
fn without_movable(
    machine: &Machine,
    memory: &[PfnRange],
    movable_start: Option<Pfn>,
) -> Vec<PfnRange> {
    let start = movable_start.unwrap_or(Pfn::LIMIT);
    let below = PfnRange::new(Pfn::default(), start).unwrap_or_default();
    let mut own = Vec::new();
    for &range in memory {
        own.push(range.intersection(below));
        for mirrored in machine.mirrored() {
            let above = PfnRange::new(start.max(range.start()), range.end()).unwrap_or_default();
            own.push(mirrored.intersection(above));
        }
    }
    own.retain(|range| !range.is_empty());
    own
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
