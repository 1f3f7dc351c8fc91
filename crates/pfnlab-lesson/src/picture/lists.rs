//! The free lists, head first: the head is what the next request gets.

use pfnlab_model::{Block, FreeListState, Order, Pfn};

use super::{LEFT, MARGIN, Scene, TOTAL, section};
use crate::look::Use;
use crate::svg::{Area, CHARACTER, Svg};

/// Pixels of a row, and from one to the next.
const HEIGHT: u64 = 18;
const STEP: u64 = 24;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let mut y = section(
        svg,
        y,
        "Free lists",
        "head first: this is not the order of addresses",
    );
    let mut lists: Vec<&FreeListState> = scene.zone.free_lists.iter().collect();
    lists.sort_by_key(|list| (std::cmp::Reverse(list.order), list.mt));
    if lists.is_empty() {
        svg.text(LEFT, y + 13, "aside", "nothing is free");
        return y + STEP;
    }
    let mut above: Option<Order> = None;
    for list in lists {
        if above != Some(list.order) {
            let label = format!("order {}", list.order);
            svg.text(MARGIN, y + 13, "aside", &label);
        }
        above = Some(list.order);
        let what = Use::Free(list.mt);
        let x = LEFT + 20;
        svg.text(x - 26, y + 13, "", &format!("{}", list.mt.letter()));
        let count = list.pfns.len() as u64;
        let blocks = list.pfns.iter().map(|&pfn| (pfn, list.order));
        row(scene, blocks, count, what, x, y, svg);
        y += STEP;
    }
    y
}

/// Blocks as they lie on a list, as many as fit; the others are counted.
pub(super) fn row(
    scene: &Scene<'_>,
    blocks: impl Iterator<Item = (Pfn, Order)>,
    count: u64,
    what: Use,
    x: u64,
    y: u64,
    svg: &mut Svg,
) {
    const REST: u64 = 90;
    let mut x = x;
    for (at, (pfn, order)) in (0..).zip(blocks) {
        let text = pfn.to_string();
        let width = text.len() as u64 * CHARACTER + 8;
        if x + width + REST > TOTAL - MARGIN {
            svg.text(x, y + 13, "aside", &format!("and {} more", count - at));
            return;
        }
        if at > 0 {
            let path = format!("M{} {}h6m-3 -3l3 3l-3 3", x - 8, y + HEIGHT / 2);
            svg.path(&path, "edge");
        }
        let area = Area {
            x,
            y,
            width,
            height: HEIGHT,
        };
        let block = Block::containing(pfn, order);
        svg.rect(area, what.class(), &format!("{block} {}", what.words()));
        svg.text(x + width / 2, y + 13, "pfn middle halo", &text);
        if scene.touches(Some(block)) {
            svg.rect(area, "touched", "");
        }
        x += width + 10;
    }
}
