//! How much is free, beside the watermarks: a gauge for every zone.

use pfnlab_model::{Snapshot, ZoneStat, ZoneState};

use super::{LEFT, MARGIN, Scene, name, section};
use crate::svg::{Area, Svg};

/// Pixels of a gauge, its height, and from one to the next.
const GAUGE: u64 = 380;
const HEIGHT: u64 = 16;
const STEP: u64 = 34;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let aside = "up to twice the high mark; with what is free above that the bar is full";
    let mut y = section(svg, y, "Watermarks", aside);
    let zones = scene.snapshot.zones.iter();
    for zone in zones.filter(|zone| zone.present > 0) {
        svg.text(MARGIN, y + 13, "aside", &name(zone.id));
        gauge(zone, free_frames(scene.snapshot, zone), y, svg);
        y += STEP;
    }
    y
}

fn gauge(zone: &ZoneState, free: u64, y: u64, svg: &mut Svg) {
    let marks = zone.watermarks;
    let most = (2 * (marks.high + zone.boost)).max(1);
    let left = LEFT + 20;
    let x = |frames: u64| left + frames.min(most) * GAUGE / most;
    let area = Area {
        x: left,
        y,
        width: GAUGE,
        height: HEIGHT,
    };
    let width = x(free) - left;
    if width > 0 {
        let class = if free > marks.low { "gauge" } else { "low" };
        svg.rect(Area { width, ..area }, class, "");
    }
    svg.rect(area, "frame", "");
    for (letter, frames) in [("min", marks.min), ("low", marks.low), ("high", marks.high)] {
        let at = x(frames + zone.boost);
        svg.path(&format!("M{at} {}V{}", y - 2, y + HEIGHT + 2), "mark");
        let (at, class) = match letter {
            "min" => (at, "pfn end aside"),
            "low" => (at, "pfn middle aside"),
            _ => (at, "pfn aside"),
        };
        svg.text(at, y + HEIGHT + 13, class, letter);
    }
    let boost = match zone.boost {
        0 => String::new(),
        boost => format!(", boosted by {boost}"),
    };
    let words = format!(
        "{free} free; min {}, low {}, high {}{boost}",
        marks.min, marks.low, marks.high
    );
    svg.text(left + GAUGE + 12, y + 13, "", &words);
}

/// What a zone counts as free.
pub(super) fn free_frames(snapshot: &Snapshot, zone: &ZoneState) -> u64 {
    let mut stats = snapshot.global.zone_stats.iter();
    let at = stats.position(|&stat| stat == ZoneStat::FreePages);
    let free = at.and_then(|at| zone.vm_stat.get(at)).copied();
    free.unwrap_or(0).max(0) as u64
}
