//! What would have come of a request, had one thing been otherwise.

use std::fmt;

use pfnlab_linux::failure_report::{FailureReport, ReportedZone};
use pfnlab_model::{Gfp, MigrateType, ZoneId};
use serde::Serialize;

use super::zone::Means;

/// One thing otherwise, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// What is otherwise.
    pub change: Change,
    /// The zone that serves the request then, by the report's counts; `None`: it fails all the same.
    pub served_by: Option<ZoneId>,
    /// In how many states with these counts it is served; `None`: none were asked.
    pub states: Option<u32>,
}

/// One thing that could have been otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "what", content = "value")]
pub enum Change {
    /// A smaller order was asked for: the largest that is to be had, or else 0.
    Order(u8),
    /// It could use the reserves of requests that cannot wait (`GFP_ATOMIC`).
    Atomic,
    /// Its pages could be moved, so that contiguous areas may lend to it (`__GFP_MOVABLE`).
    Movable,
    /// `min_free_kbytes` was half of what it was, and as much was free.
    HalfMinFree,
    /// Stealing did not boost the watermarks (`watermark_boost_factor` 0).
    NoBoost,
    /// No zone withheld frames from requests for higher zones (`lowmem_reserve_ratio` 0).
    NoLowmemReserve,
    /// No pageblocks were kept for high-order atomic requests.
    NoHighatomic,
    /// Memory was compacted, as far as that can go.
    Compacted,
    /// All file pages were dropped, and memory compacted.
    DroppedAndCompacted,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Order(order) => write!(f, "asked for order {order}"),
            Change::Atomic => f.write_str("allowed to use atomic reserves"),
            Change::Movable => f.write_str("movable"),
            Change::HalfMinFree => f.write_str("half the min_free_kbytes, as much free"),
            Change::NoBoost => f.write_str("no watermark boost"),
            Change::NoLowmemReserve => f.write_str("no lowmem_reserve"),
            Change::NoHighatomic => f.write_str("no pageblocks kept for high-order atomic"),
            Change::Compacted => f.write_str("memory compacted perfectly"),
            Change::DroppedAndCompacted => f.write_str("file pages dropped, then compacted"),
        }
    }
}

/// Every change that says something about this request, one at a time.
pub(super) fn table(
    report: &FailureReport,
    means: &Means,
    serves: &impl Fn(&Means) -> Option<ZoneId>,
) -> Vec<WhatIf> {
    let means = *means;
    let counts = || report.zones.iter().filter_map(|zone| zone.counts.as_ref());
    let mut table = Vec::new();
    let mut row = |change, means| {
        table.push(WhatIf {
            change,
            served_by: serves(&means),
            states: None,
        });
    };
    if means.order > 0 {
        let smaller = |order| Means { order, ..means };
        let best = (0..means.order)
            .rev()
            .find(|&order| serves(&smaller(order)).is_some());
        let order = best.unwrap_or(0);
        row(Change::Order(order), smaller(order));
    }
    if !means.gfp.contains(Gfp::HIGH) {
        let gfp = means.atomic();
        row(Change::Atomic, Means { gfp, ..means });
    }
    if !means.gfp.contains(Gfp::MOVABLE) && counts().any(|counts| counts.free_cma > 0) {
        let gfp = means.movable();
        row(Change::Movable, Means { gfp, ..means });
    }
    let marks_halved = means.marks_halved + 1;
    row(
        Change::HalfMinFree,
        Means {
            marks_halved,
            ..means
        },
    );
    if counts().any(|counts| counts.boost > 0) {
        let no_boost = true;
        row(Change::NoBoost, Means { no_boost, ..means });
    }
    if report
        .zones
        .iter()
        .any(|zone| zone.lowmem_reserve.iter().any(|frames| *frames > 0))
    {
        let no_reserve = true;
        row(
            Change::NoLowmemReserve,
            Means {
                no_reserve,
                ..means
            },
        );
    }
    if report.zones.iter().any(keeps_highatomic) {
        let no_highatomic = true;
        row(
            Change::NoHighatomic,
            Means {
                no_highatomic,
                ..means
            },
        );
    }
    if means.order > 0 {
        let compacted = true;
        row(Change::Compacted, Means { compacted, ..means });
    }
    if counts().any(|counts| counts.file > 0) {
        row(
            Change::DroppedAndCompacted,
            Means {
                compacted: true,
                dropped: true,
                ..means
            },
        );
    }
    table
}

/// Whether a zone has pageblocks for high-order atomic requests; not every kernel says how many.
fn keeps_highatomic(zone: &ReportedZone) -> bool {
    let counted = zone.counts.as_ref();
    let areas = zone.areas.iter().flatten();
    let mut types = areas.flat_map(|area| area.types.iter().flatten());
    counted.is_some_and(|counts| counts.reserved_highatomic > 0)
        || types.any(|mt| *mt == MigrateType::HighAtomic)
}
