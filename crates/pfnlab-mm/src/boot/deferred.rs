//! Which memory is initialised late (`defer_init`).
//!
//! A kernel does that with all CPUs of a node at once, so the order of what is released late is
//! not the same in every boot. Here it ascends.

use alloc::vec::Vec;

use pfnlab_model::{Machine, NodeId, Pfn, PfnRange};

use super::Layout;
use crate::Config;

/// In what pieces memory is released that was initialised late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateUnit {
    /// Whole pageblocks, and single frames (6.1).
    Pageblock,
    /// Whole blocks of the top order, and single frames (6.12).
    TopOrder,
}

/// From which frame on each node is initialised late; `None`: nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred(Vec<Option<Pfn>>);

impl Deferred {
    /// Of the last zone of each node one section is initialised at once, and what is left to the
    /// next border of a section.
    pub fn new(machine: &Machine, layout: &Layout, config: &Config) -> Deferred {
        let first = |node: NodeId| {
            let end = machine.memory_of(node).last()?.end();
            let zones = layout.zones.iter().filter(|zone| zone.id.node == node);
            let last = zones
                .into_iter()
                .find(|zone| zone.present > 0 && zone.span.end() == end)?;
            first_late(&last.memory, machine.section_frames())
        };
        let nodes = machine.nodes().iter();
        Deferred(
            nodes
                .map(|node| first(node.id).filter(|_| config.deferred_init))
                .collect(),
        )
    }

    /// The first late frame of a node.
    pub fn first(&self, node: NodeId) -> Option<Pfn> {
        self.0.get(node.index()).copied().flatten()
    }

    /// Whether a frame is initialised late.
    pub(super) fn is_late(&self, node: NodeId, pfn: Pfn) -> bool {
        self.first(node).is_some_and(|first| first <= pfn)
    }

    /// What of a range is initialised late.
    pub(super) fn late_part(&self, node: NodeId, range: PfnRange) -> Option<PfnRange> {
        let start = self.first(node)?.max(range.start());
        PfnRange::new(start, range.end()).filter(|late| !late.is_empty())
    }
}

/// The first border of a section behind as many frames as a section has.
fn first_late(memory: &[PfnRange], section: u64) -> Option<Pfn> {
    let mut seen = 0;
    for range in memory {
        // Frame number `seen + 1 + i` of the zone is looked at before it is initialised.
        let enough = range.start().offset(section.saturating_sub(seen));
        let first = Pfn::new(enough.max(range.start()).get().next_multiple_of(section));
        if first < range.end() {
            return Some(first);
        }
        seen += range.frames();
    }
    None
}
