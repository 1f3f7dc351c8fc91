//! Frames that have a descriptor, but no memory (`init_unavailable_range`).

use alloc::vec::Vec;

use pfnlab_model::{Machine, Pfn, PfnRange, ZoneId};

use super::Layout;
use crate::Config;
use crate::memory_model::Model;

/// A hole between memory, and the zone its descriptors were given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// The zone of the memory behind it, or, at the end, before it.
    pub zone: ZoneId,
    /// How many frames of it have a descriptor.
    pub frames: u64,
}

impl Layout {
    /// The holes, in the order in which a booting kernel comes upon them (`memmap_init`).
    pub fn unavailable(&self, machine: &Machine, config: &Config) -> Vec<Unavailable> {
        let mut found = Vec::new();
        let given = |start, end, zone| {
            let frames = described(machine, config, start, end);
            (frames > 0).then_some(Unavailable { zone, frames })
        };
        let mut hole = Pfn::default();
        let mut last = None;
        for memory in machine.memory() {
            let zones = self.zones.iter().filter(|zone| zone.id.node == memory.node);
            for zone in zones {
                let inside = memory.range.intersection(zone.span);
                if inside.is_empty() {
                    continue;
                }
                found.extend(given(hole, inside.start(), zone.id));
                hole = inside.end();
                last = Some(zone.id);
            }
        }
        let end = match config.memory_model.has_sections() {
            true => {
                let frames = machine.section_frames();
                machine.end().get().next_multiple_of(frames)
            }
            false => machine.end().get(),
        };
        if let Some(zone) = last {
            found.extend(given(hole, Pfn::new(end), zone));
        }
        found
    }
}

/// How many descriptors there are for frames that are not memory, up to the end of memory: 5.0 sets
/// them to zero (`zero_resv_unavail`).
pub fn zeroed_descriptors(machine: &Machine, config: &Config) -> u64 {
    let mut hole = Pfn::default();
    let mut frames = 0;
    for memory in machine.memory() {
        frames += described(machine, config, hole, memory.range.start());
        hole = hole.max(memory.range.end());
    }
    frames + described(machine, config, hole, machine.end())
}

/// What of a hole has descriptors: pageblocks whose first frame has one.
fn described(machine: &Machine, config: &Config, start: Pfn, end: Pfn) -> u64 {
    match config.memory_model {
        Model::Flat => PfnRange::new(start, end).map_or(0, PfnRange::frames),
        Model::Discontig => beside_memory(machine, config, start, end),
        Model::SparseStatic | Model::SparseExtreme | Model::SparseVmemmap => {
            in_sections(machine, config, start, end)
        }
    }
}

/// Of a hole between memory only the rest of a pageblock that starts in memory has descriptors
/// where a frame is on a node only if it is RAM.
fn beside_memory(machine: &Machine, config: &Config, start: Pfn, end: Pfn) -> u64 {
    let block = start.align_down(config.pageblock_order);
    let is_memory = machine.memory().iter().any(|m| m.range.contains(block));
    let next = start.align_up(config.pageblock_order).min(end);
    match PfnRange::new(start, next) {
        Some(rest) if is_memory => rest.frames(),
        _ => 0,
    }
}

/// What of it is in a section with memory.
fn in_sections(machine: &Machine, config: &Config, start: Pfn, end: Pfn) -> u64 {
    let mut frames = 0;
    let mut at = start;
    while at < end {
        let block = at.align_down(config.pageblock_order);
        let next = block.offset(config.pageblock_order.frames()).min(end);
        let section = machine.section_frames();
        let first = Pfn::new(block.get() / section * section);
        let of_section = PfnRange::sized(first, section);
        if machine
            .memory()
            .iter()
            .any(|m| m.range.overlaps(of_section))
        {
            frames += next.since(at);
            at = next;
        } else {
            // Nothing of this section has descriptors.
            at = of_section.end().min(end).max(next);
        }
    }
    frames
}
