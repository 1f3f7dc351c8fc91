//! The type every pageblock begins with.

use pfnlab_model::{Machine, MigrateType, Pfn};

use super::Layout;
use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::{Config, Profile};

/// Which pageblocks are made movable when descriptors are initialised (`memmap_init_zone`,
/// `memmap_init_range`). The others stay as they are in a zeroed map, unmovable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstTypes {
    /// Those whose first frame a zone spans, hole or not (up to 5.0).
    Spans,
    /// Those that start in memory.
    Memory,
}

impl Policy for FirstTypes {
    const DECIDES: &'static str = "which pageblocks begin as movable";

    fn told(self) -> Told {
        match self {
            FirstTypes::Spans => told(
                "those whose first frame a zone spans, hole or not",
                "memmap_init_zone",
            ),
            FirstTypes::Memory => told("those that start in memory", "memmap_init_range"),
        }
    }
}

/// The pageblocks of a machine. Types that are kept with the memory section are not there where it is
/// not; those kept with the zone are all there.
pub(super) fn pageblocks(
    machine: &Machine,
    layout: &Layout,
    profile: &Profile,
    config: &Config,
) -> Pageblocks {
    let order = config.pageblock_order;
    let mut blocks = Pageblocks::new(order, machine.end());
    if profile.first_types == FirstTypes::Spans {
        for zone in layout.zones.iter().filter(|zone| zone.present > 0) {
            blocks.init(zone.span, MigrateType::Movable);
        }
    }
    let section = machine.section_frames();
    let mut absent = Pfn::default();
    for memory in machine.memory() {
        let first = Pfn::new(memory.range.start().get() / section * section);
        while absent < first && config.memory_model.has_sections() {
            blocks.record(absent, None);
            absent = absent.offset(order.frames());
        }
        if profile.first_types == FirstTypes::Memory {
            blocks.init(memory.range, MigrateType::Movable);
        }
        absent = Pfn::new(memory.range.end().get().next_multiple_of(section)).max(absent);
    }
    blocks
}
