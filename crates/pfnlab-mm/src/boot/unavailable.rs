//! Frames that have a descriptor, but no memory (`init_unavailable_range`).

use alloc::vec::Vec;

use pfnlab_model::{Machine, Pfn, PfnRange, ZoneId};

use super::Layout;
use crate::Config;

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
        let mut hole = Pfn::default();
        let mut last = None;
        for memory in machine.memory() {
            let zones = self.zones.iter().filter(|zone| zone.id.node == memory.node);
            for zone in zones {
                let inside = memory.range.intersection(zone.span);
                if inside.is_empty() {
                    continue;
                }
                found.extend(described(machine, config, hole, inside.start(), zone.id));
                hole = inside.end();
                last = Some(zone.id);
            }
        }
        let sections = machine
            .end()
            .get()
            .next_multiple_of(machine.section_frames());
        if let Some(zone) = last {
            found.extend(described(machine, config, hole, Pfn::new(sections), zone));
        }
        found
    }
}

/// What of a hole has descriptors: pageblocks whose first frame is in a section with memory.
fn described(
    machine: &Machine,
    config: &Config,
    start: Pfn,
    end: Pfn,
    zone: ZoneId,
) -> Option<Unavailable> {
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
    (frames > 0).then_some(Unavailable { zone, frames })
}
