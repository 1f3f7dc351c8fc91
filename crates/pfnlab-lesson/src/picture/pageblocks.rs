//! The migratetypes of the pageblocks: the type belongs to the pageblock, not to the frame.

use pfnlab_model::{MigrateType, PfnRange};

use super::{LEFT, Scene, WIDTH, section};
use crate::look::Use;
use crate::svg::{Area, Svg};

/// Pixels of a cell.
const CELL: u64 = 16;
/// Rows, when there are more pageblocks than fit.
const ROWS: u64 = 12;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let Some(pageblocks) = &scene.zone.pageblocks else {
        return y;
    };
    let each = scene.snapshot.global.pageblock_order.frames();
    let in_row = WIDTH / CELL;
    let count = pageblocks.types.len() as u64;
    let step = count.div_ceil(in_row * ROWS).next_power_of_two();
    let aside = match step {
        1 => format!("{each} frames each"),
        step => format!("{each} frames each, {step} in a cell"),
    };
    let y = section(svg, y, "Pageblocks", &aside);
    let mut rows = 0;
    for (at, types) in (0..).zip(pageblocks.types.chunks(step as usize)) {
        let (row, column) = (at / in_row, at % in_row);
        rows = row + 1;
        let range = PfnRange::sized(pageblocks.first.offset(at * step * each), step * each);
        let area = Area {
            x: LEFT + column * CELL,
            y: y + row * CELL,
            width: CELL - 2,
            height: CELL - 2,
        };
        if column == 0 {
            let label = range.start().to_string();
            svg.text(LEFT - 8, area.y + 12, "pfn end aside", &label);
        }
        let (class, letter, words) = look(types);
        svg.rect(area, class, &format!("{range} {words}"));
        svg.text(
            area.x + CELL / 2 - 1,
            area.y + 11,
            "pfn middle halo",
            &letter,
        );
        if range.overlaps(scene.frames) && scene.frames.frames() <= 4 * each {
            svg.rect(area, "touched", "");
        }
    }
    y + rows * CELL + 4
}

/// How pageblocks look together: as one of them if they are all alike.
fn look(types: &[Option<MigrateType>]) -> (&'static str, String, String) {
    let first = types.first().copied().flatten();
    if types.iter().any(|mt| *mt != first) {
        return (
            Use::Mixed.class(),
            String::new(),
            "of several types".to_owned(),
        );
    }
    match first {
        Some(mt) => (
            Use::Free(mt).class(),
            mt.letter().to_string(),
            mt.to_string(),
        ),
        None => (Use::Hole.class(), String::new(), "no memory".to_owned()),
    }
}
