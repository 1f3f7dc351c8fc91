//! The strip: a character for every cell, a power of two of frames for every character.

use std::collections::BTreeSet;

use pfnlab_model::{MigrateType, Pfn, PfnRange, Snapshot, ZoneState};

use super::cells::{self, Cell};
use super::{Rows, ZonePicture, cells_in, label_width};
use crate::Style;
use crate::style::Tone;
use crate::text::{Line, Page};

/// Columns of the remark behind a row.
const REMARK: usize = 11;

pub(super) fn draw(snapshot: &Snapshot, zone: &ZoneState, picture: &ZonePicture, page: &mut Page) {
    let style = *page.style();
    let span = PfnRange::sized(zone.start, zone.spanned);
    let wanted = picture
        .frames
        .map_or(span, |frames| frames.intersection(span));
    if wanted.is_empty() {
        return page.paragraph(0, "None of these frames is in the zone.");
    }
    let label = label_width(zone);
    let width = cells_in(style.columns(), label);
    let scale = Scale::for_range(wanted, width as u64, picture.rows as u64);
    let each = format!(", {} a cell", scale.frames());
    page.paragraph(0, Line::new().then(Tone::Strong, "frames").plain(each));
    let range = scale.rows_around(wanted, width as u64);
    let cells = cells::cells(snapshot, zone, range, scale.0);
    let mut seen = BTreeSet::new();
    let mut rows = Rows::new(label);
    for (row, cells) in cells.chunks(width).enumerate() {
        let start = range.start().offset((row * width) as u64 * scale.frames());
        let mut line = Line::new();
        for (at, cell) in cells.iter().enumerate() {
            let pfn = start.offset(at as u64 * scale.frames());
            let frames = scale.cell_at(pfn);
            let lit = picture.lit.is_some_and(|lit| lit.range().overlaps(frames));
            let glyph = match Glyph::of(cell, frames.overlaps(wanted)) {
                Glyph::Outside => Glyph::Outside,
                _ if lit => Glyph::Lit,
                glyph => glyph,
            };
            seen.insert(glyph);
            line.push(glyph.tone(), glyph.character(&style).to_string());
        }
        if style.columns() >= label + 1 + width + 2 + REMARK {
            line.push(Tone::Faint, format!("  {}", remark(cells)));
        }
        rows.add(start, line, page);
    }
    rows.finish(page);
    legend(&seen, page);
}

/// How much of a row's memory is free.
fn remark(cells: &[Cell]) -> String {
    let free: u64 = cells.iter().map(|cell| cell.free).sum();
    let present: u64 = cells.iter().map(Cell::present).sum();
    match (free * 100).checked_div(present) {
        Some(percent) => format!("{percent:>3} % free"),
        None => String::new(),
    }
}

/// The frames of a cell, as a power of two; it may be above the largest order.
pub(super) struct Scale(u32);

impl Scale {
    /// The finest at which `range` fits in so many rows of so many cells.
    pub(super) fn for_range(range: PfnRange, width: u64, rows: u64) -> Scale {
        // Frames are numbered with 32 bits.
        const COARSEST: u32 = 32;
        let fits = |shift: &u32| {
            let row = width << shift;
            let first = range.start().get() / row;
            let last = (range.end().get() - 1) / row;
            last - first < rows.max(1)
        };
        Scale((0..COARSEST).find(fits).unwrap_or(COARSEST))
    }

    pub(super) fn frames(&self) -> u64 {
        1 << self.0
    }

    /// Whole rows around a range.
    pub(super) fn rows_around(&self, range: PfnRange, width: u64) -> PfnRange {
        let row = self.frames() * width;
        let start = range.start().get() / row * row;
        PfnRange::sized(
            Pfn::new(start),
            (range.end().get() - start).next_multiple_of(row),
        )
    }

    fn cell_at(&self, pfn: Pfn) -> PfnRange {
        PfnRange::sized(pfn, self.frames())
    }
}

/// What a cell looks like; in the order of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Glyph {
    /// Pointed at.
    Lit,
    /// A free block of this type starts here (index of the type).
    Start(usize),
    /// A free block goes on here.
    Inside(usize),
    /// Partly free: eighths of it that are not, 1 to 7.
    Mixed(u8),
    /// Cached per CPU.
    PerCpu,
    /// Handed out.
    Lent,
    /// In use since before, or reserved.
    InUse,
    /// No memory, or another zone's.
    Hole,
    /// Not asked for.
    Outside,
    /// Of a block that was split.
    Split,
}

impl Glyph {
    fn of(cell: &Cell, inside: bool) -> Glyph {
        if !inside {
            return Glyph::Outside;
        }
        let (present, used) = (cell.present(), cell.used());
        match cell.block {
            _ if present == 0 => Glyph::Hole,
            Some((_, mt, true)) if used == 0 => Glyph::Start(mt.index()),
            Some((_, mt, false)) if used == 0 => Glyph::Inside(mt.index()),
            Some(_) => Glyph::Mixed((used * 8).div_ceil(present).clamp(1, 7) as u8),
            None if cell.per_cpu >= cell.lent && cell.per_cpu >= cell.in_use => Glyph::PerCpu,
            None if cell.lent >= cell.in_use => Glyph::Lent,
            None => Glyph::InUse,
        }
    }

    pub(super) fn character(self, style: &Style) -> char {
        const LEVELS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
        let mt = |index: usize| MigrateType::ALL[index].letter();
        match self {
            Glyph::Start(index) => mt(index),
            Glyph::Inside(index) => mt(index).to_ascii_lowercase(),
            Glyph::Mixed(level) if style.ascii => char::from(b'0' + level),
            Glyph::Mixed(level) => LEVELS[usize::from(level - 1)],
            Glyph::PerCpu => 'o',
            Glyph::Lent => style.pick('█', '#'),
            Glyph::InUse => style.pick('▒', '%'),
            Glyph::Hole => style.pick('·', '.'),
            Glyph::Outside => ' ',
            Glyph::Lit => style.pick('◆', '@'),
            Glyph::Split => style.pick('╌', '-'),
        }
    }

    pub(super) fn tone(self) -> Tone {
        match self {
            Glyph::Start(index) | Glyph::Inside(index) => Tone::Type(MigrateType::ALL[index]),
            Glyph::PerCpu => Tone::PerCpu,
            Glyph::Lent | Glyph::Mixed(_) => Tone::Lent,
            Glyph::InUse | Glyph::Hole | Glyph::Split => Tone::Faint,
            Glyph::Lit => Tone::Mark,
            Glyph::Outside => Tone::Plain,
        }
    }
}

/// What the characters mean, those that occur.
fn legend(seen: &BTreeSet<Glyph>, page: &mut Page) {
    let style = *page.style();
    let sign = |glyph: Glyph| Line::new().then(glyph.tone(), glyph.character(&style).to_string());
    let mut items: Vec<Line> = Vec::new();
    for mt in MigrateType::ALL {
        let (start, inside) = (Glyph::Start(mt.index()), Glyph::Inside(mt.index()));
        let shown = if seen.contains(&inside) {
            sign(start).then(inside.tone(), inside.character(&style).to_string())
        } else {
            sign(start)
        };
        if seen.contains(&start) || seen.contains(&inside) {
            items.push(shown.plain(format!(" free {mt}")));
        }
    }
    if seen.iter().any(|glyph| matches!(glyph, Glyph::Inside(_))) {
        items.push(Line::from("(capital: a block starts)"));
    }
    if seen.iter().any(|glyph| matches!(glyph, Glyph::Mixed(_))) {
        let mut levels = sign(Glyph::Mixed(1)).plain("-");
        levels.append(sign(Glyph::Mixed(7)));
        items.push(levels.plain(" partly used"));
    }
    for (glyph, words) in [
        (Glyph::PerCpu, "cached per CPU"),
        (Glyph::Lent, "handed out"),
        (Glyph::InUse, "in use or reserved"),
        (Glyph::Hole, "no memory here"),
        (Glyph::Lit, "pointed at"),
    ] {
        if seen.contains(&glyph) {
            items.push(sign(glyph).plain(format!(" {words}")));
        }
    }
    super::flow(items, page);
}
