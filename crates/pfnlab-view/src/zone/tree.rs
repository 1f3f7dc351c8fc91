//! The order tree: a row for each order, halves below their whole.

use std::collections::BTreeSet;

use pfnlab_model::{Block, Order, PfnRange, Snapshot, ZoneState};

use super::blocks::{Holder, blocks};
use super::strip::{Glyph, Scale};
use super::{ZonePicture, cells_in};
use crate::style::Tone;
use crate::text::{Line, Page};

/// Columns in front of a row: `order 10 `.
const LABEL: usize = 9;

/// Draws the blocks of the frames looked at, each in the row of its order and above the frames it
/// has. A dashed line is a block that was split.
pub(super) fn draw(snapshot: &Snapshot, zone: &ZoneState, picture: &ZonePicture, page: &mut Page) {
    let span = PfnRange::sized(zone.start, zone.spanned);
    let wanted = picture
        .frames
        .map_or(span, |frames| frames.intersection(span));
    let blocks = blocks(zone, wanted);
    let (Some(least), Some(largest)) = (
        blocks.iter().map(|(block, _)| block.order()).min(),
        blocks.iter().map(|(block, _)| block.order()).max(),
    ) else {
        return page.paragraph(0, "No block has any of these frames.");
    };
    let width = cells_in(page.room(0), LABEL - 1);
    let scale = Scale::for_range(wanted, width as u64, 1);
    let row = Row {
        frames: scale.rows_around(wanted, width as u64),
        scale,
        cells: width,
    };
    let whole = Order::all().find(|order| order.frames() >= wanted.frames());
    let whole = whole.unwrap_or(snapshot.global.top_order);
    let top = whole.min(snapshot.global.top_order).max(largest);
    let each = format!(", {} a cell; halves below their whole", row.scale.frames());
    page.paragraph(0, Line::new().then(Tone::Strong, "orders").plain(each));
    // What was split for these blocks to be.
    let split: BTreeSet<Block> = blocks
        .iter()
        .flat_map(|(block, _)| block.parents())
        .filter(|parent| parent.order() <= top)
        .collect();
    for order in least.through(top).rev() {
        let mut glyphs = vec![Glyph::Outside; width];
        let of_order = |block: &Block| block.order() == order;
        for block in split.iter().filter(|block| of_order(block)) {
            row.paint(&mut glyphs, *block, Glyph::Split, Glyph::Split);
        }
        for &(block, holder) in blocks.iter().filter(|(block, _)| of_order(block)) {
            let (first, rest) = match holder {
                Holder::Free(mt) => (Glyph::Start(mt.index()), Glyph::Inside(mt.index())),
                Holder::PerCpu => (Glyph::PerCpu, Glyph::PerCpu),
                Holder::Lent => (Glyph::Lent, Glyph::Lent),
            };
            row.paint(&mut glyphs, block, first, rest);
        }
        if let Some(lit) = picture.lit.filter(of_order) {
            row.paint(&mut glyphs, lit, Glyph::Lit, Glyph::Lit);
        }
        let label = format!("{:>width$} ", format!("order {order}"), width = LABEL - 1);
        let mut line = Line::new().then(Tone::Faint, label);
        for glyph in glyphs {
            line.push(glyph.tone(), glyph.character(page.style()).to_string());
        }
        page.line(0, line);
    }
}

/// Frames side by side, so many to a cell.
struct Row {
    frames: PfnRange,
    scale: Scale,
    cells: usize,
}

impl Row {
    /// Of blocks in one cell the last one that begins there is seen.
    fn paint(&self, glyphs: &mut [Glyph], block: Block, first: Glyph, rest: Glyph) {
        let seen = block.range().intersection(self.frames);
        if seen.is_empty() {
            return;
        }
        let each = self.scale.frames();
        let cell = |frames: u64| (frames / each) as usize;
        let start = cell(seen.start().since(self.frames.start()));
        let end = cell(seen.end().since(self.frames.start()) + each - 1);
        for (at, glyph) in (start..).zip(&mut glyphs[start..end.min(self.cells)]) {
            let begins = at == start && seen.start() == block.start();
            *glyph = if begins { first } else { rest };
        }
    }
}
