//! The frames, row below row: a cell is one frame or a power of two of them.

use pfnlab_model::{Block, Pfn, PfnRange};

use super::{LEFT, Scene, WIDTH, section};
use crate::look::Use;
use crate::occupancy::{Piece, pieces};
use crate::svg::{Area, CHARACTER, Svg};

/// Rows, if the range starts at the start of one.
const ROWS: u64 = 8;
/// Cells in a row.
const CELLS: u64 = 256;
/// Pixels of a row, and from one to the next.
const HEIGHT: u64 = 20;
const STEP: u64 = 26;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let row = row_frames(scene.frames);
    let cell = (row / CELLS).max(1);
    let aside = match cell {
        1 => format!("{row} in a row"),
        cell => format!("{row} in a row; the finest detail is {cell} frames"),
    };
    let mut y = section(svg, y, "Frames", &aside);
    let first = scene.frames.start().get() / row * row;
    let rows = (scene.frames.end().get() - first).div_ceil(row);
    let all = pieces(scene.snapshot, scene.zone, scene.frames);
    for at in 0..rows {
        let here = PfnRange::sized(Pfn::new(first + at * row), row);
        let label = here.start().to_string();
        svg.text(LEFT - 8, y + 15, "pfn end aside", &label);
        let from = all.partition_point(|piece| piece.range.end() <= here.start());
        let parts = all[from..]
            .iter()
            .take_while(|piece| piece.range.start() < here.end());
        let parts: Vec<_> = parts.copied().collect();
        for shown in cells(&parts, here, cell) {
            let x = |pfn: Pfn| LEFT + pfn.since(here.start()) * WIDTH / row;
            let area = Area {
                x: x(shown.range.start()),
                y,
                width: x(shown.range.end()) - x(shown.range.start()),
                height: HEIGHT,
            };
            svg.rect(area, shown.what.class(), &shown.words());
            label_of(&shown, area, svg);
            if scene.touches(shown.block) {
                svg.rect(area, "touched", "");
            }
        }
        y += STEP;
    }
    y
}

/// A power of two, so that rows start at round numbers.
fn row_frames(range: PfnRange) -> u64 {
    const LEAST: u64 = 64;
    let whole = range.frames().next_power_of_two();
    (whole / ROWS).max(whole.min(LEAST))
}

fn label_of(piece: &Piece, area: Area, svg: &mut Svg) {
    let start = piece.block.map_or(piece.range.start(), Block::start);
    let text = start.to_string();
    if !matches!(piece.what, Use::Hole | Use::Mixed)
        && start == piece.range.start()
        && text.len() as u64 * CHARACTER + 4 <= area.width
    {
        let class = match piece.what {
            Use::Lent | Use::Taken => "pfn middle on-dark",
            _ => "pfn middle halo",
        };
        svg.text(area.x + area.width / 2, area.y + 15, class, &text);
    }
}

/// The pieces of a row, rounded to cells: what fills a cell is drawn as it is; cells that several
/// pieces share are drawn as what they are together.
fn cells(parts: &[Piece], row: PfnRange, cell: u64) -> Vec<Piece> {
    let mut shown: Vec<Piece> = Vec::new();
    let mut from = 0;
    for at in (0..row.frames()).step_by(cell as usize) {
        let here = PfnRange::sized(row.start().offset(at), cell);
        while parts
            .get(from)
            .is_some_and(|part| part.range.end() <= here.start())
        {
            from += 1;
        }
        let inside = parts[from..]
            .iter()
            .take_while(|part| part.range.start() < here.end());
        let inside: Vec<_> = inside.collect();
        let piece = match inside[..] {
            [] => continue,
            [only] => Piece {
                range: here.intersection(only.range),
                ..*only
            },
            [first, ..] => Piece {
                range: here,
                what: if inside.iter().all(|part| part.what == first.what) {
                    first.what
                } else {
                    Use::Mixed
                },
                block: None,
            },
        };
        match shown.last_mut() {
            Some(last)
                if (last.what, last.block) == (piece.what, piece.block)
                    && last.range.end() == piece.range.start() =>
            {
                let frames = last.range.frames() + piece.range.frames();
                last.range = PfnRange::sized(last.range.start(), frames);
            }
            _ => shown.push(piece),
        }
    }
    shown
}
