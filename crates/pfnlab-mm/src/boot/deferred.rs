//! Which memory is initialised late (`defer_init`).
//!
//! A kernel does that with all CPUs of a node at once, so the order of what is released late is
//! not the same in every boot. Here it ascends.

use alloc::vec::Vec;

use pfnlab_model::{Machine, NodeId, Order, Pfn, PfnRange};

use super::Layout;
use crate::profile::{Policy, Told, told};
use crate::{Config, Profile};

/// In what pieces memory is released that was initialised late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateUnit {
    /// Whole pageblocks, and single frames (4.14 to 6.1).
    Pageblock,
    /// Whole blocks of the top order, and single frames (6.12).
    TopOrder,
}

impl Policy for LateUnit {
    const DECIDES: &'static str = "in what pieces memory is released that is initialised late";

    fn told(self) -> Told {
        match self {
            LateUnit::Pageblock => told("pageblocks, and single frames", "~deferred_free_range"),
            LateUnit::TopOrder => told(
                "blocks of the top order, and single frames",
                "deferred_free_pages",
            ),
        }
    }
}

impl LateUnit {
    /// The order of a whole one.
    pub(super) fn order(self, pageblock: Order, top: Order) -> Order {
        match self {
            LateUnit::Pageblock => pageblock,
            LateUnit::TopOrder => top,
        }
    }
}

/// How much of a node is initialised at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtOnce {
    /// All of it: there is no initialising late (2.6.37, 3.8).
    All,
    /// 2 GiB of its last zone or a 256th of the node, and as much as was reserved there (4.14).
    Gigabytes,
    /// One section of its last zone (5.0 on).
    Section,
}

impl Policy for AtOnce {
    const DECIDES: &'static str =
        "how much of a node is initialised at once when the rest is initialised late";

    fn told(self) -> Told {
        match self {
            AtOnce::All => told(
                "all of it: nothing is initialised late",
                "before deferred struct pages (4.2)",
            ),
            AtOnce::Gigabytes => told(
                "2 GiB of its last zone, and as much as was reserved there",
                "~update_defer_init, ~reset_deferred_meminit",
            ),
            AtOnce::Section => told("one section of its last zone", "defer_init"),
        }
    }
}

/// From which frame on each node is initialised late; `None`: nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred(Vec<Option<Pfn>>);

impl Deferred {
    /// Of the last zone of each node one section is initialised at once, or in 4.14 some
    /// gigabytes, and what is left to the next border of a section.
    pub fn new(machine: &Machine, layout: &Layout, profile: &Profile, config: &Config) -> Deferred {
        let section = machine.section_frames();
        let first = |node: NodeId| {
            let end = machine.memory_of(node).last()?.end();
            let zones = layout.zones.iter().filter(|zone| zone.id.node == node);
            let last = zones
                .into_iter()
                .find(|zone| zone.present > 0 && zone.span.end() == end)?;
            let at_once = match profile.at_once {
                AtOnce::All => return None,
                AtOnce::Gigabytes => static_frames(machine, node)?,
                AtOnce::Section => section,
            };
            first_late(&last.memory, section, at_once)
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

/// How many frames of a node 4.14 initialises at once (`static_init_pgcnt`).
fn static_frames(machine: &Machine, node: NodeId) -> Option<u64> {
    const TWO_GIB: u64 = 2 << (30 - 12);
    let start = machine.memory_of(node).next()?.start();
    let spanned = machine.memory_of(node).last()?.end().since(start);
    let frames = TWO_GIB.max(spanned >> 8);
    let window = PfnRange::sized(start, frames);
    let reserved = machine.reserved().iter();
    let reserved: u64 = reserved.map(|r| r.intersection(window).frames()).sum();
    Some((frames + reserved).min(spanned))
}

/// The first border of a section behind `at_once` frames.
fn first_late(memory: &[PfnRange], section: u64, at_once: u64) -> Option<Pfn> {
    let mut seen = 0;
    for range in memory {
        // Frame number `seen + 1 + i` of the zone is looked at before it is initialised.
        let enough = range.start().offset(at_once.saturating_sub(seen));
        let first = Pfn::new(enough.max(range.start()).get().next_multiple_of(section));
        if first < range.end() {
            return Some(first);
        }
        seen += range.frames();
    }
    None
}
