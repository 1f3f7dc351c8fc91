//! What was asked for.

use pfnlab_linux::failure_report::{FailureReport, ReportKind};
use pfnlab_model::{Gfp, ZoneKind};
use serde::Serialize;

use super::rules::Rules;

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The report's first line, from 1.
    pub line: u32,
    /// Who asked.
    pub comm: String,
    /// The order; `None`: nothing was asked for, somebody asked for a victim.
    pub order: Option<u8>,
    /// The flags.
    pub gfp: Gfp,
    /// Bits of the mask that are no flag we know.
    pub unknown: u32,
    /// The highest kind of zone that could serve it (`gfp_zone`).
    pub highest: ZoneKind,
    /// A process was to die for it; else it was refused.
    pub oom_killer: bool,
    /// The kernel's release, where the report says it.
    pub release: Option<String>,
    /// The profile whose rules were taken for that kernel's.
    pub rules: &'static str,
}

impl Asked {
    pub(super) fn new(report: &FailureReport, rules: Rules) -> Asked {
        // Words mean the same in every kernel; bits do not.
        let words = report.words.as_deref();
        let named = words.and_then(|words| rules.kernel().gfp_mask(words));
        let (gfp, unknown) = rules.kernel().flags(named.unwrap_or(report.mode));
        Asked {
            line: report.line,
            comm: report.comm.clone(),
            order: report.order,
            gfp,
            unknown,
            highest: highest(report, gfp),
            oom_killer: report.kind == ReportKind::OomKiller,
            release: report.release.clone(),
            rules: rules.profile,
        }
    }
}

fn highest(report: &FailureReport, gfp: Gfp) -> ZoneKind {
    let has_highmem = report
        .zones
        .iter()
        .any(|zone| zone.id.kind == ZoneKind::HighMem);
    if gfp.contains(Gfp::DMA) {
        ZoneKind::Dma
    } else if gfp.contains(Gfp::DMA32) {
        ZoneKind::Dma32
    } else if gfp.contains(Gfp::HIGHMEM | Gfp::MOVABLE) {
        ZoneKind::Movable
    } else if gfp.contains(Gfp::HIGHMEM) && has_highmem {
        ZoneKind::HighMem
    } else {
        ZoneKind::Normal
    }
}
