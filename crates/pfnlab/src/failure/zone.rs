//! What a zone answers to a request, by the counts in the report.

use pfnlab_linux::failure_report::{FailureReport, FreeArea, ReportedCounts, ReportedZone};
use pfnlab_model::{Gfp, MigrateType, Order, ZoneId, ZoneKind};
use pfnlab_sim::index;
use serde::Serialize;

use super::Asked;
use super::rules::Rules;

/// What a zone says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Answer {
    /// The request may not have frames of this zone.
    NotAsked,
    /// The report does not say enough of the zone.
    NotSaid,
    /// Too few frames are free above the watermark.
    TooFew,
    /// There would be enough, were they not withheld from those who can go to higher zones
    /// (`lowmem_reserve`).
    Withheld,
    /// Enough frames are free, but in blocks too small.
    TooSmall {
        /// The external fragmentation index of the zone for this order, in thousandths: toward 0
        /// it lacks memory, toward 1000 it is fragmented.
        index: i32,
    },
    /// Enough frames are free, and a block that is large enough, but too few of them in blocks that
    /// large. Up to 4.3 a kernel reckons so: half of the watermark must be left for every order.
    TooFewLarge,
    /// Enough frames are free and blocks large enough are there, but all of them for others:
    /// contiguous areas lend to movable requests only, and some pageblocks are kept for high-order
    /// atomic ones.
    ForOthers,
    /// It can serve the request.
    Enough,
}

/// A zone, what it answers, and the numbers it follows from, in frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneAnswer {
    /// Which.
    pub zone: ZoneId,
    /// What it says.
    pub answer: Answer,
    /// Free, of every kind.
    pub free: Option<u64>,
    /// Of these, not for this request: in contiguous areas, or kept for high-order atomic ones.
    pub kept: u64,
    /// How low this request may go.
    pub mark: Option<u64>,
    /// Withheld from it besides.
    pub withheld: u64,
}

/// What a request may do, and what is done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Means {
    pub(super) order: u8,
    pub(super) gfp: Gfp,
    pub(super) highest: ZoneKind,
    /// Whether memory has been compacted as far as it goes.
    pub(super) compacted: bool,
    /// Whether all file pages were dropped.
    pub(super) dropped: bool,
    /// Whether nothing is withheld for lower zones' sake.
    pub(super) no_reserve: bool,
    /// Whether the watermarks are not boosted.
    pub(super) no_boost: bool,
    /// Whether no pageblocks are kept for high-order atomic requests.
    pub(super) no_highatomic: bool,
    /// The watermarks are halved so many times.
    pub(super) marks_halved: u32,
}

impl Means {
    pub(super) fn of(asked: &Asked) -> Means {
        Means {
            order: asked.order.unwrap_or(0),
            gfp: asked.gfp,
            highest: asked.highest,
            compacted: false,
            dropped: false,
            no_reserve: false,
            no_boost: false,
            no_highatomic: false,
            marks_halved: 0,
        }
    }

    /// The same request, if it could have everything that is kept back from it.
    pub(super) fn with_everything_kept(self) -> Means {
        Means {
            gfp: self
                .gfp
                .without(Gfp::DIRECT_RECLAIM | Gfp::NOMEMALLOC | Gfp::RECLAIMABLE)
                | Gfp::GFP_ATOMIC
                | Gfp::MOVABLE,
            no_highatomic: true,
            ..self
        }
    }
}

pub(super) fn answer(
    report: &FailureReport,
    zone: &ReportedZone,
    rules: Rules,
    means: &Means,
) -> ZoneAnswer {
    let mut told = ZoneAnswer {
        zone: zone.id,
        answer: Answer::NotSaid,
        free: None,
        kept: 0,
        mark: None,
        withheld: 0,
    };
    if zone.id.kind > means.highest {
        told.answer = Answer::NotAsked;
        return told;
    }
    let Some(counts) = &zone.counts else {
        return told;
    };
    let frame = frame_size(report);
    let free = counts.free / frame;
    let dropped = if means.dropped {
        counts.file / frame
    } else {
        0
    };
    let kept = kept(counts, frame, rules, means);
    let boost = match means.no_boost || rules.forgets_boost(means.order, means.gfp) {
        true => counts.boost.min(counts.min),
        false => 0,
    };
    let min = ((counts.min - boost) / frame) >> means.marks_halved;
    let all = means.gfp.contains(Gfp::MEMALLOC) && !means.gfp.contains(Gfp::NOMEMALLOC);
    let mark = if all { 0 } else { rules.mark(min, means.gfp) };
    let withheld = match means.no_reserve || all {
        true => 0,
        false => reserve(report, zone, means.highest),
    };
    told.free = Some(free);
    told.kept = kept.min(free);
    told.mark = Some(mark);
    told.withheld = withheld;
    let request = 1_u64.checked_shl(means.order.into()).unwrap_or(u64::MAX);
    let usable = (free + dropped).saturating_sub(kept);
    let left = usable.saturating_sub(request - 1);
    let past = rules.shortcut && means.order == 0 && {
        let cma = kept_cma(counts, means) / frame;
        (free + dropped).saturating_sub(cma) > min + withheld
    };
    told.answer = if left <= mark && !past {
        Answer::TooFew
    } else if left <= mark + withheld && !past {
        Answer::Withheld
    } else if means.compacted {
        Answer::Enough
    } else {
        match &zone.areas {
            None if means.order == 0 => Answer::Enough,
            None => Answer::NotSaid,
            Some(areas) if has_block(areas, left, mark, rules, means) => Answer::Enough,
            Some(areas) => match extfrag(areas, means.order) {
                // What the index sees is there: blocks of any migratetype.
                -1000 if rules.reckons => Answer::TooFewLarge,
                -1000 => Answer::ForOthers,
                index => Answer::TooSmall { index },
            },
        }
    };
    told
}

/// Frames that are free but not for this request.
fn kept(counts: &ReportedCounts, frame: u64, rules: Rules, means: &Means) -> u64 {
    let reserved = counts.free_highatomic.unwrap_or(counts.reserved_highatomic);
    let atomic = match rules.tries_harder(means.gfp) || means.no_highatomic {
        true => 0,
        false => reserved,
    };
    (kept_cma(counts, means) + atomic) / frame
}

/// KiB that are free in contiguous areas, if they lend nothing to this request.
fn kept_cma(counts: &ReportedCounts, means: &Means) -> u64 {
    match means.gfp.contains(Gfp::MOVABLE) {
        true => 0,
        false => counts.free_cma,
    }
}

/// Whether a block of the order is to be had.
fn has_block(areas: &[FreeArea], left: u64, mark: u64, rules: Rules, means: &Means) -> bool {
    let order = usize::from(means.order);
    if rules.reckons {
        let (mut left, mut mark) = (left, mark);
        for (order, area) in areas.iter().enumerate().take(order) {
            left = left.saturating_sub(area.blocks << order);
            mark /= 2;
            if left <= mark {
                return false;
            }
        }
        return true;
    }
    let usable = |mt: &MigrateType| match mt {
        MigrateType::Cma => means.gfp.contains(Gfp::MOVABLE),
        MigrateType::HighAtomic if means.no_highatomic => true,
        MigrateType::HighAtomic => {
            rules.tries_harder(means.gfp) && (means.order > 0 || rules.last_resort)
        }
        mt => mt.is_ordinary(),
    };
    let mut large = areas.iter().skip(order);
    large.any(|area| {
        let types = area.types.as_ref();
        area.blocks > 0 && types.is_none_or(|types| types.iter().any(usable))
    })
}

fn extfrag(areas: &[FreeArea], order: u8) -> i32 {
    let blocks: Vec<u64> = areas.iter().map(|area| area.blocks).collect();
    // No list holds blocks above the largest order, so an index above it says no more.
    let order = Order::new(order).unwrap_or(Order::MAX);
    index::extfrag(&blocks, order).0
}

/// The frames withheld in `zone` from a request that could go as high as `highest`.
pub(super) fn reserve(report: &FailureReport, zone: &ReportedZone, highest: ZoneKind) -> u64 {
    let reserves = &zone.lowmem_reserve;
    let known = |kind| report.zones.iter().any(|zone| zone.id.kind == kind);
    // Which zones a kernel has shows in how many it lists; Movable is always one, and with 32 bits
    // so is HighMem.
    let kinds: &[ZoneKind] = match (reserves.len(), known(ZoneKind::Dma32)) {
        (2, _) => &[ZoneKind::Normal, ZoneKind::Movable],
        (3, true) => &[ZoneKind::Dma32, ZoneKind::Normal, ZoneKind::Movable],
        (3, false) if known(ZoneKind::HighMem) => {
            &[ZoneKind::Normal, ZoneKind::HighMem, ZoneKind::Movable]
        }
        (3, false) => &[ZoneKind::Dma, ZoneKind::Normal, ZoneKind::Movable],
        (4, false) => &[
            ZoneKind::Dma,
            ZoneKind::Normal,
            ZoneKind::HighMem,
            ZoneKind::Movable,
        ],
        _ => &[
            ZoneKind::Dma,
            ZoneKind::Dma32,
            ZoneKind::Normal,
            ZoneKind::Movable,
            ZoneKind::Device,
        ],
    };
    let reachable = kinds
        .iter()
        .zip(reserves)
        .take_while(|(kind, _)| **kind <= highest);
    reachable.last().map_or(0, |(_, frames)| *frames)
}

/// KiB of a frame: as large as the smallest block.
pub(super) fn frame_size(report: &FailureReport) -> u64 {
    let mut areas = report.zones.iter().filter_map(|zone| zone.areas.as_ref());
    let smallest = areas.find_map(|areas| areas.first());
    smallest.map_or(4, |area| area.size)
}
