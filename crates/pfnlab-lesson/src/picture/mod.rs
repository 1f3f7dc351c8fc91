//! Pictures: views of one zone, one below the other.
//!
//! - [`View`]: the parts there are. [`Picture`]: which of them, of what.
//! - [`strip`], [`tree`]: the frames, side by side, and as halves of halves. [`lists`]: the free lists.
//! - [`zones`], [`pageblocks`], [`cpus`], [`marks`]: what is around them. [`arithmetic`]: buddies in
//!   binary.

mod arithmetic;
mod cpus;
mod lists;
mod marks;
mod pageblocks;
mod strip;
mod tree;
mod view;
mod zones;

use pfnlab_model::{Block, Order, Pfn, PfnRange, Snapshot, ZoneId, ZoneState};

use crate::change::Change;
use crate::look::Use;
use crate::svg::{Area, Svg, document};

pub use view::View;

/// Pixels around everything.
const MARGIN: u64 = 14;
/// Pixels that labels have, left of what they label.
const GUTTER: u64 = 96;
/// Pixels the frames have: divided by any power of two up to 256 these are whole pixels.
const WIDTH: u64 = 768;
/// Where the frames begin.
const LEFT: u64 = MARGIN + GUTTER;
/// Pixels of a whole picture.
const TOTAL: u64 = LEFT + WIDTH + MARGIN;
/// The fewest frames that are drawn.
const LEAST_FRAMES: u64 = 16;

/// What is drawn. `None`: what there is most to see of.
///
/// ```
/// use pfnlab_lesson::{Picture, View};
/// use pfnlab_mm::{Config, Mm, Profile};
/// use pfnlab_model::{Inspect, MachineSpec, NodeSpec};
///
/// let node = NodeSpec { cpus: vec![0], ram: vec!["0..64M".parse()?], ..NodeSpec::default() };
/// let machine = MachineSpec { nodes: vec![node], ..MachineSpec::default() }.build()?;
/// let snapshot = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64)?.snapshot();
/// let picture = Picture { views: vec![View::Lists], ..Picture::default() };
/// let svg = picture.of_state(&snapshot, "after boot")?;
/// assert!(svg.starts_with("<svg ") && svg.contains("Movable"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// The zone. `None`: the one the operation was about, or `frames` lie in; else the largest.
    pub zone: Option<ZoneId>,
    /// The frames. `None`: those the operation was about, or all of the zone.
    pub frames: Option<PfnRange>,
    /// The views, in this order. Empty: all.
    pub views: Vec<View>,
}

/// Nothing can be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// There is no such zone.
    #[error("no zone {kind} on node {node}: there are {known}", kind = .zone.kind, node = .zone.node)]
    NoZone {
        /// Which.
        zone: ZoneId,
        /// The zones with memory.
        known: String,
    },
    /// No zone has these frames.
    #[error("frames {frames} are not in {place}")]
    Elsewhere {
        /// The frames.
        frames: PfnRange,
        /// Where they should be.
        place: String,
    },
    /// No zone has memory.
    #[error("no zone has memory: there is nothing to draw")]
    NoMemory,
}

impl Picture {
    /// Draws a state as SVG.
    ///
    /// # Errors
    /// When the zone or the frames are not there.
    pub fn of_state(&self, state: &Snapshot, title: &str) -> Result<String, PictureError> {
        let scene = self.scene(state, None)?;
        Ok(self.draw(&scene, title, ""))
    }

    /// Draws what an operation did as SVG: the state after it, with what it touched marked.
    ///
    /// # Errors
    /// When the zone or the frames are not there.
    pub fn of_change(&self, after: &Snapshot, change: &Change) -> Result<String, PictureError> {
        let scene = self.scene(after, Some(change))?;
        Ok(self.draw(&scene, change.title(), change.outcome()))
    }

    fn scene<'a>(
        &self,
        snapshot: &'a Snapshot,
        change: Option<&'a Change>,
    ) -> Result<Scene<'a>, PictureError> {
        let zone = self.zone_in(snapshot, change)?;
        let span = PfnRange::sized(zone.start, zone.spanned);
        let about = || Some(around(change?.frames_in(zone.id)?));
        let frames = self.frames.map(|frames| frames.intersection(span));
        if let (Some(asked), Some(true)) = (self.frames, frames.map(PfnRange::is_empty)) {
            return Err(PictureError::Elsewhere {
                frames: asked,
                place: name(zone.id),
            });
        }
        Ok(Scene {
            snapshot,
            zone,
            frames: frames.or_else(about).unwrap_or(span),
            change,
        })
    }

    fn zone_in<'a>(
        &self,
        snapshot: &'a Snapshot,
        change: Option<&Change>,
    ) -> Result<&'a ZoneState, PictureError> {
        let mut zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
        let found = |id| {
            let zone = snapshot.zone(id).filter(|zone| zone.present > 0);
            zone.ok_or_else(|| PictureError::NoZone {
                zone: id,
                known: known(snapshot),
            })
        };
        if let Some(id) = self.zone {
            return found(id);
        }
        if let Some(frames) = self.frames {
            let has =
                |zone: &&ZoneState| PfnRange::sized(zone.start, zone.spanned).overlaps(frames);
            return zones.find(has).ok_or_else(|| PictureError::Elsewhere {
                frames,
                place: "any zone".to_owned(),
            });
        }
        if let Some(id) = change.and_then(Change::zone) {
            return found(id);
        }
        let largest = zones.max_by_key(|zone| zone.present);
        largest.ok_or(PictureError::NoMemory)
    }

    fn draw(&self, scene: &Scene<'_>, title: &str, outcome: &str) -> String {
        let mut svg = Svg::default();
        let mut y = scene.heading(title, outcome, &mut svg);
        let views = match &self.views[..] {
            [] => &View::ALL[..],
            views => views,
        };
        for view in views {
            let draw = match view {
                View::Arithmetic => arithmetic::draw,
                View::Zones => zones::draw,
                View::Strip => strip::draw,
                View::Tree => tree::draw,
                View::Lists => lists::draw,
                View::Pageblocks => pageblocks::draw,
                View::Cpus => cpus::draw,
                View::Marks => marks::draw,
            };
            y = draw(scene, &mut svg, y);
        }
        y = legend(&mut svg, y);
        let title = format!("{title} {outcome}");
        document(&svg.into_body(), TOTAL, y + MARGIN, title.trim())
    }
}

/// What a view draws.
struct Scene<'a> {
    snapshot: &'a Snapshot,
    zone: &'a ZoneState,
    frames: PfnRange,
    change: Option<&'a Change>,
}

impl Scene<'_> {
    fn heading(&self, title: &str, outcome: &str, svg: &mut Svg) -> u64 {
        svg.text(MARGIN, MARGIN + 16, "title", title);
        let mut y = MARGIN + 16;
        if !outcome.is_empty() {
            y += 20;
            svg.text(MARGIN, y, "", outcome);
        }
        y += 20;
        let frames = self.frames;
        let about = format!("{}, frames {frames}", name(self.zone.id));
        svg.text(MARGIN, y, "aside", &about);
        y + 8
    }

    /// Whether the operation touched a block.
    fn touches(&self, block: Option<Block>) -> bool {
        let touched = |change: &Change| block.is_some_and(|block| change.touches(block));
        self.change.is_some_and(touched)
    }

    /// Where a frame is, horizontally.
    fn x(&self, pfn: Pfn) -> u64 {
        let offset = pfn.clamp(self.frames.start(), self.frames.end());
        LEFT + offset.since(self.frames.start()) * WIDTH / self.frames.frames()
    }
}

/// The heading of a view, and where it goes on.
fn section(svg: &mut Svg, y: u64, head: &str, aside: &str) -> u64 {
    let y = y + 26;
    svg.text(MARGIN, y, "head", head);
    // A character of the heading is at most so wide.
    let behind = MARGIN + head.chars().count() as u64 * 9 + 10;
    svg.text(behind, y, "aside", aside);
    y + 10
}

/// What the colours and patterns mean, those that occur.
fn legend(svg: &mut Svg, y: u64) -> u64 {
    let mut y = y + 18;
    let mut x = MARGIN;
    let shown: Vec<Use> = Use::all().filter(|what| svg.has(what.class())).collect();
    for what in shown {
        let words = what.words();
        let width = 30 + words.chars().count() as u64 * 8;
        if x + width > TOTAL - MARGIN {
            (x, y) = (MARGIN, y + 22);
        }
        let sign = Area {
            x,
            y,
            width: 18,
            height: 14,
        };
        svg.rect(sign, what.class(), "");
        svg.text(x + 24, y + 12, "", &words);
        x += width + 8;
    }
    if x > MARGIN { y + 16 } else { y }
}

/// The smallest block, or run of blocks of the largest order, around `range`; not too small to see.
fn around(range: PfnRange) -> PfnRange {
    for order in Order::all().filter(|order| order.frames() >= LEAST_FRAMES) {
        let block = Block::containing(range.start(), order).range();
        if block.covers(range) {
            return block;
        }
    }
    let start = range.start().align_down(Order::MAX);
    let end = range.end().align_up(Order::MAX);
    PfnRange::sized(start, end.since(start))
}

/// `node 0 Normal`.
fn name(id: ZoneId) -> String {
    format!("node {} {}", id.node, id.kind)
}

fn known(snapshot: &Snapshot) -> String {
    let zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
    let names: Vec<_> = zones.map(|zone| name(zone.id)).collect();
    names.join(", ")
}
