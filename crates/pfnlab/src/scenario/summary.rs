//! What a scenario came to.

use pfnlab_linux::proc;
use pfnlab_model::{Order, Snapshot, ZoneId};
use pfnlab_sim::coverage::States;
use pfnlab_sim::index::{self, Extfrag, Unusable};
use pfnlab_sim::{RefusalKind, Tally};
use pfnlab_view::{Style, ZonePicture};

use crate::Repro;

/// What a scenario came to.
#[derive(Clone, Debug)]
pub struct ScenarioSummary {
    /// Outcomes of all phases, counted by kind.
    pub tally: Tally,
    /// The boot, with the tunables that were written, and every phase.
    pub phases: Vec<PhaseSummary>,
    /// The states reached, if they were watched.
    pub states: States,
    /// The state before the first phase.
    pub first: Snapshot,
    /// The state at the end.
    pub last: Snapshot,
    /// How to get it again, and the fingerprint.
    pub repro: Repro,
}

impl ScenarioSummary {
    /// Refusals by reason, those that occurred.
    pub fn refusals(&self) -> impl Iterator<Item = (RefusalKind, u64)> {
        self.tally.refusals()
    }

    /// The free blocks of every zone before and after, as `/proc/buddyinfo`.
    pub fn buddyinfo(&self) -> [String; 2] {
        [proc::buddyinfo(&self.first), proc::buddyinfo(&self.last)]
    }

    /// The frames of every zone at the end, one picture below the other.
    pub fn pictures(&self, style: &Style) -> String {
        let picture = ZonePicture {
            rows: 8,
            lists: false,
            pageblocks: false,
            ..ZonePicture::default()
        };
        let zones = self.last.zones.iter();
        let drawn =
            zones.filter_map(|zone| pfnlab_view::zone(&self.last, zone.id, &picture, style));
        drawn.collect::<Vec<_>>().join("\n")
    }
}

/// What a phase came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseSummary {
    /// `boot`, or the kind of phase.
    pub name: &'static str,
    /// Outcomes, counted by kind.
    pub tally: Tally,
    /// Requests served from blocks of another migratetype (`mm_page_alloc_extfrag`).
    pub fell_back: u64,
    /// Those after which the pageblock belonged to the type that asked.
    pub claimed: u64,
    /// Slabs that caches of objects made.
    pub slabs: u64,
    /// How often no block of the order a cache prefers was to be had, and it asked for the least
    /// order.
    pub slabs_fell_back: u64,
    /// At its end: frames that tickets name.
    pub held: u64,
    /// At its end: frames on the free lists.
    pub free: u64,
    /// At its end: frames on the per-CPU lists.
    pub cached: u64,
    /// At its end: pageblocks that hold a frame of another migratetype than their own.
    pub mixed: u64,
    /// At its end: the fragmentation score of every node, in percent.
    pub scores: Vec<u32>,
}

/// How fragmented a zone is, for each of some orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneIndices {
    /// The zone.
    pub zone: ZoneId,
    /// The unusable free space index.
    pub unusable: Vec<Unusable>,
    /// The external fragmentation index.
    pub extfrag: Vec<Extfrag>,
}

impl ZoneIndices {
    /// Those of every zone with memory, by node and kind.
    pub fn of(snapshot: &Snapshot, orders: &[Order]) -> Vec<ZoneIndices> {
        let populated = snapshot.zones.iter().filter(|zone| zone.present > 0);
        populated
            .map(|zone| {
                let free = index::free_blocks(snapshot, zone);
                let orders = || orders.iter().copied();
                ZoneIndices {
                    zone: zone.id,
                    unusable: orders()
                        .map(|order| index::unusable(&free, order))
                        .collect(),
                    extfrag: orders().map(|order| index::extfrag(&free, order)).collect(),
                }
            })
            .collect()
    }
}

/// The fragmentation score of every node with memory, for blocks of a pageblock's size.
pub(super) fn scores(snapshot: &Snapshot) -> Vec<u32> {
    let free: Vec<_> = snapshot
        .zones
        .iter()
        .map(|zone| (zone, index::free_blocks(snapshot, zone)))
        .collect();
    let nodes = snapshot.nodes.iter().filter(|node| node.present > 0);
    nodes
        .map(|node| {
            let zones = free
                .iter()
                .filter(|(zone, _)| zone.id.node == node.node && zone.present > 0)
                .map(|(zone, free)| (zone.present, &free[..]));
            index::node_score(zones, snapshot.global.pageblock_order)
        })
        .collect()
}
