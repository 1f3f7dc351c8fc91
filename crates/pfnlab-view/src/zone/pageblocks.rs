//! The map of pageblocks: a letter for the migratetype of each.

use pfnlab_model::{Block, MigrateType, PfnRange, Snapshot, ZoneState};

use super::{Rows, cells_in, label_width};
use crate::names::counted;
use crate::style::Tone;
use crate::text::{Line, Page};

/// The pageblocks that have frames of `lit` are in lower case.
pub(super) fn draw(snapshot: &Snapshot, zone: &ZoneState, lit: Option<Block>, page: &mut Page) {
    let Some(pageblocks) = &zone.pageblocks else {
        return;
    };
    let order = snapshot.global.pageblock_order;
    let each = counted(order.frames(), "frame");
    page.paragraph(
        0,
        Line::new()
            .then(Tone::Strong, "pageblocks")
            .plain(format!(", {each} each")),
    );
    let label = label_width(zone);
    let width = cells_in(page.room(0), label);
    let mut rows = Rows::new(label);
    for (row, types) in pageblocks.types.chunks(width).enumerate() {
        let start = pageblocks
            .first
            .offset((row * width) as u64 * order.frames());
        let mut line = Line::new();
        for (at, mt) in (0..).zip(types) {
            let frames = PfnRange::sized(start.offset(at * order.frames()), order.frames());
            let lit = lit.is_some_and(|lit| lit.range().overlaps(frames));
            match mt {
                Some(mt) if lit => {
                    line.push(Tone::Mark, mt.letter().to_ascii_lowercase().to_string());
                }
                Some(mt) => line.push(Tone::Type(*mt), mt.letter().to_string()),
                None => line.push(Tone::Faint, "x"),
            }
        }
        rows.add(start, line, page);
    }
    rows.finish(page);
    let count = |mt| {
        pageblocks
            .types
            .iter()
            .filter(|&&known| known == mt)
            .count()
    };
    let mut legend: Vec<Line> = Vec::new();
    for mt in MigrateType::ALL
        .into_iter()
        .filter(|&mt| count(Some(mt)) > 0)
    {
        let sign = Line::new().then(Tone::Type(mt), mt.letter().to_string());
        legend.push(sign.plain(format!(" {} {mt}", count(Some(mt)))));
    }
    if lit.is_some() {
        legend.push(Line::from("lower case: pointed at"));
    }
    if count(None) > 0 {
        legend.push(Line::from(format!("x {} without memory", count(None))));
    }
    super::flow(legend, page);
}
