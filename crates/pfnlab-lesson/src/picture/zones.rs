//! All memory: nodes, their zones, and holes as walls that nothing merges across.

use pfnlab_model::{NodeId, PfnRange, ZoneId};

use super::marks::free_frames;
use super::{LEFT, Scene, WIDTH, name, section};
use crate::look::Use;
use crate::occupancy::memory;
use crate::svg::{Area, Svg};

/// Pixels of the bar, of a wall, and the fewest of a part.
const HEIGHT: u64 = 30;
const WALL: u64 = 8;
const LEAST: u64 = 14;

/// Memory of one zone, or a hole.
struct Part {
    range: PfnRange,
    zone: Option<ZoneId>,
}

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let aside = "not to scale; walls are holes, where there is no memory";
    let y = section(svg, y, "Nodes and zones", aside) + 16;
    let parts = parts(scene);
    let walls = parts.iter().filter(|part| part.zone.is_none()).count() as u64;
    let sum: u64 = parts
        .iter()
        .filter(|part| part.zone.is_some())
        .map(weight)
        .sum();
    // Each part has the least, and of what is left its share.
    let least = LEAST * (parts.len() as u64 - walls) + WALL * walls;
    let room = WIDTH.saturating_sub(least);
    let mut x = LEFT;
    let mut node: Option<NodeId> = None;
    for part in &parts {
        let width = match part.zone {
            Some(_) => LEAST + room * weight(part) / sum.max(1),
            None => WALL,
        };
        let area = Area {
            x,
            y,
            width,
            height: HEIGHT,
        };
        x += width;
        let Some(id) = part.zone else {
            svg.rect(area, "wall", &format!("{} no memory", part.range));
            continue;
        };
        if node != Some(id.node) {
            svg.text(area.x, y - 4, "aside", &format!("node {}", id.node));
            node = Some(id.node);
        }
        fill(scene, id, part.range, area, svg);
        let label = id.kind.name();
        if is_widest(part, &parts) && label.len() as u64 * 9 <= width {
            svg.text(area.x + width / 2, y + 20, "middle halo", label);
        }
    }
    y + HEIGHT + 4
}

/// The bar's ground is what is free, its dark part what is not.
fn fill(scene: &Scene<'_>, id: ZoneId, range: PfnRange, area: Area, svg: &mut Svg) {
    let Some(zone) = scene.snapshot.zone(id) else {
        return;
    };
    let free = free_frames(scene.snapshot, zone).min(zone.present);
    let used = (zone.present - free) * HEIGHT / zone.present.max(1);
    let words = format!("{} {range}: {free} of {} free", name(id), zone.present);
    svg.rect(area, "gauge", &words);
    if used > 0 {
        let bottom = Area {
            y: area.y + HEIGHT - used,
            height: used,
            ..area
        };
        svg.rect(bottom, Use::Taken.class(), &words);
    }
    if id == scene.zone.id {
        svg.rect(area, "touched", "");
    }
}

/// Whether a part is where the name of its zone has most room.
fn is_widest(part: &Part, parts: &[Part]) -> bool {
    let mut zone = parts.iter().filter(|other| other.zone == part.zone);
    zone.all(|other| other.range.frames() <= part.range.frames())
}

/// Half as wide is a quarter of the frames: else the small zones would not be seen.
fn weight(part: &Part) -> u64 {
    part.range.frames().isqrt()
}

fn parts(scene: &Scene<'_>) -> Vec<Part> {
    let zones = scene.snapshot.zones.iter();
    let mut parts: Vec<Part> = zones
        .filter(|zone| zone.present > 0)
        .flat_map(|zone| {
            let ranges = memory(scene.snapshot, zone);
            let zone = Some(zone.id);
            ranges.into_iter().map(move |range| Part { range, zone })
        })
        .collect();
    parts.sort_by_key(|part| part.range.start());
    let holes: Vec<Part> = parts
        .windows(2)
        .filter_map(|pair| PfnRange::new(pair[0].range.end(), pair[1].range.start()))
        .filter(|range| !range.is_empty())
        .map(|range| Part { range, zone: None })
        .collect();
    parts.extend(holes);
    parts.sort_by_key(|part| part.range.start());
    parts
}
