//! The map of pageblocks: a letter for the migratetype of each.

use pfnlab_model::{MigrateType, Snapshot, ZoneState};

use super::{Rows, cells_in, label_width};
use crate::names::counted;
use crate::style::Tone;
use crate::text::{Line, Page};

pub(super) fn draw(snapshot: &Snapshot, zone: &ZoneState, page: &mut Page) {
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
        for mt in types {
            match mt {
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
    if count(None) > 0 {
        legend.push(Line::from(format!("x {} without memory", count(None))));
    }
    super::flow(legend, page);
}
