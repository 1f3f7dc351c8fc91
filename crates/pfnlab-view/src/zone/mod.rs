//! A zone, drawn from a snapshot.
//!
//! - [`cells`]: how the frames of a range divide into states, cell by cell. Looks, never draws.
//! - [`strip`]: the cells. [`tree`]: blocks by order. [`lists`]: the free lists and the per-CPU
//!   lists. [`pageblocks`]: their map.
//! - [`blocks()`]: the blocks, and who has each.

mod blocks;
mod cells;
mod lists;
mod pageblocks;
mod strip;
mod tree;

use pfnlab_model::{Block, Pfn, PfnRange, Snapshot, ZoneId, ZoneStat, ZoneState};

use crate::Style;
use crate::names;
use crate::style::Tone;
use crate::text::{Line, Page};

pub use blocks::{Holder, blocks};

/// What of a zone is drawn. Every value is legal.
///
/// ```
/// use pfnlab_view::ZonePicture;
/// let strip_only = ZonePicture { lists: false, pageblocks: false, ..ZonePicture::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZonePicture {
    /// Only these frames in the strip; `None`: the span of the zone.
    pub frames: Option<PfnRange>,
    /// The strip has at most so many rows; 0: no strip.
    pub rows: usize,
    /// Whether the blocks by order are there, those of the frames in the strip.
    pub tree: bool,
    /// Whether the free lists and the per-CPU lists are there.
    pub lists: bool,
    /// Whether the map of pageblocks is there.
    pub pageblocks: bool,
    /// This block is marked wherever it is seen.
    pub lit: Option<Block>,
}

impl Default for ZonePicture {
    /// The whole span in at most 16 rows, the lists, the map; nothing is marked.
    fn default() -> ZonePicture {
        ZonePicture {
            frames: None,
            rows: 16,
            tree: false,
            lists: true,
            pageblocks: true,
            lit: None,
        }
    }
}

/// Draws a zone; `None`: there is no such zone, or it has no memory.
///
/// Frames that are neither free, nor on a per-CPU list, nor handed out under the allocator's eyes
/// are *in use*: reserved, or handed out before it began to watch.
///
/// ```
/// use pfnlab_mm::{Config, Mm, Profile};
/// use pfnlab_model::{Inspect, MachineSpec, NodeId, NodeSpec, ZoneId, ZoneKind};
/// use pfnlab_view::{Style, ZonePicture, zone};
///
/// let node = NodeSpec { cpus: vec![0], ram: vec!["0..64M".parse()?], ..NodeSpec::default() };
/// let machine = MachineSpec { nodes: vec![node], ..MachineSpec::default() }.build()?;
/// let snapshot = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64)?.snapshot();
/// let dma32 = ZoneId { node: NodeId(0), kind: ZoneKind::Dma32 };
/// let picture = zone(&snapshot, dma32, &ZonePicture::default(), &Style::PLAIN).unwrap();
/// assert!(picture.starts_with("node 0 DMA32: frames 0x1000..0x4000\n"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub fn zone(
    snapshot: &Snapshot,
    id: ZoneId,
    picture: &ZonePicture,
    style: &Style,
) -> Option<String> {
    let zone = snapshot.zone(id).filter(|zone| zone.present > 0)?;
    let mut page = Page::new(style);
    title(snapshot, zone, &mut page);
    if picture.rows > 0 {
        page.blank();
        strip::draw(snapshot, zone, picture, &mut page);
    }
    if picture.tree {
        page.blank();
        tree::draw(snapshot, zone, picture, &mut page);
    }
    if picture.lists {
        page.blank();
        lists::draw(snapshot, zone, picture.lit, &mut page);
    }
    if picture.pageblocks && zone.pageblocks.is_some() {
        page.blank();
        pageblocks::draw(snapshot, zone, picture.lit, &mut page);
    }
    Some(page.finish())
}

fn title(snapshot: &Snapshot, zone: &ZoneState, page: &mut Page) {
    let span = PfnRange::sized(zone.start, zone.spanned);
    let name = Line::new().then(Tone::Strong, names::zone(zone.id));
    page.paragraph(0, name.plain(format!(": frames {span}")));
    let stats = &snapshot.global.zone_stats;
    let free = stats.iter().position(|&stat| stat == ZoneStat::FreePages);
    let free = free
        .and_then(|at| zone.vm_stat.get(at))
        .map_or(0, |&free| free);
    let marks = zone.watermarks;
    let boost = match zone.boost {
        0 => String::new(),
        boost => format!(", boosted by {boost}"),
    };
    page.paragraph(
        2,
        format!(
            "{} spanned, {} present, {} managed, {free} free; marks min {} low {} high {}{boost}",
            zone.spanned, zone.present, zone.managed, marks.min, marks.low, marks.high
        ),
    );
}

/// Columns that the PFN in front of a row takes.
fn label_width(zone: &ZoneState) -> usize {
    PfnRange::sized(zone.start, zone.spanned)
        .end()
        .to_string()
        .len()
}

/// Cells in a row behind a label: as many as fit, a power of two.
fn cells_in(columns: usize, label: usize) -> usize {
    const MOST: usize = 64;
    let room = columns.saturating_sub(label + 1).clamp(8, MOST);
    1 << room.ilog2()
}

/// Labelled rows, below one another. Of rows that are alike the first one is drawn, and the others
/// are counted.
struct Rows {
    label: usize,
    last: Option<Line>,
    /// Rows like the last one that are not drawn yet.
    alike: Vec<Pfn>,
}

impl Rows {
    fn new(label: usize) -> Rows {
        Rows {
            label,
            last: None,
            alike: Vec::new(),
        }
    }

    fn add(&mut self, start: Pfn, row: Line, page: &mut Page) {
        if self.last.as_ref() == Some(&row) {
            return self.alike.push(start);
        }
        self.finish(page);
        self.draw(start, &row, page);
        self.last = Some(row);
    }

    /// Draws what was put off.
    fn finish(&mut self, page: &mut Page) {
        let (alike, last) = (std::mem::take(&mut self.alike), self.last.take());
        match (&alike[..], last) {
            ([], _) | (_, None) => {}
            ([start], Some(row)) => self.draw(*start, &row, page),
            (starts, Some(_)) => {
                let words = format!("{} more rows like that", starts.len());
                page.line(self.label + 1, Line::new().then(Tone::Faint, words));
            }
        }
    }

    fn draw(&self, start: Pfn, row: &Line, page: &mut Page) {
        let width = self.label;
        let mut line = Line::new().then(Tone::Faint, format!("{:>width$}", start.to_string()));
        line.push(Tone::Plain, " ");
        line.append(row.clone());
        page.line(0, line);
    }
}

/// Items beside each other as far as they fit.
fn flow(items: Vec<Line>, page: &mut Page) {
    const GAP: usize = 3;
    let room = page.room(2);
    let mut line = Line::new();
    for item in items {
        if line.width() > 0 && line.width() + GAP + item.width() > room {
            page.line(2, std::mem::take(&mut line));
        }
        if line.width() > 0 {
            line.push(Tone::Plain, " ".repeat(GAP));
        }
        line.append(item);
    }
    if line.width() > 0 {
        page.line(2, line);
    }
}
