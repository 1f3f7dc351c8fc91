//! The per-CPU lists in front of the zone: how full they are, and what is on them.

use pfnlab_model::PcpListState;

use super::{LEFT, MARGIN, Scene, lists, section};
use crate::look::Use;
use crate::svg::{Area, Svg};

/// Pixels of a row, from one to the next, and of a gauge.
const HEIGHT: u64 = 18;
const STEP: u64 = 24;
const GAUGE: u64 = 160;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let mut y = section(svg, y, "Per-CPU lists", "filled and drained by the batch");
    for pcp in &scene.zone.pcp {
        svg.text(MARGIN, y + 13, "aside", &format!("CPU {}", pcp.cpu));
        let gauge = Area {
            x: LEFT,
            y,
            width: GAUGE,
            height: HEIGHT,
        };
        let (count, high) = (u64::from(pcp.count), u64::from(pcp.high));
        let filled = (count * GAUGE).checked_div(high.max(count)).unwrap_or(0);
        if filled > 0 {
            let width = filled;
            svg.rect(Area { width, ..gauge }, Use::PerCpu.class(), "");
        }
        svg.rect(gauge, "frame", "");
        let words = format!("{count} of {high} frames, batch {}", pcp.batch);
        svg.text(LEFT + GAUGE + 8, y + 13, "", &words);
        y += STEP;
        for list in &pcp.lists {
            let label = format!("order {} {}", list.order, type_of(scene, list));
            svg.text(LEFT + 10, y + 13, "end aside", &label);
            let blocks = list.pfns.iter().map(|&pfn| (pfn, list.order));
            let count = list.pfns.len() as u64;
            lists::row(scene, blocks, count, Use::PerCpu, LEFT + 20, y, svg);
            y += STEP;
        }
    }
    y
}

/// The letter of a list's migratetype. The first lists are numbered 3 · order + type; those of huge
/// pages, behind them, may hold several types.
fn type_of(scene: &Scene<'_>, list: &PcpListState) -> String {
    const TYPES: u8 = 3;
    const HUGE: u8 = 12;
    let types = &scene.snapshot.global.migratetypes;
    match types.get(usize::from(list.index % TYPES)) {
        Some(mt) if list.index < HUGE => mt.letter().to_string(),
        _ => String::new(),
    }
}
