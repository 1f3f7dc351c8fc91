//! The blocks by order: a row for each order, halves below their whole.

use std::collections::BTreeSet;

use pfnlab_model::{Block, Order};

use super::{LEFT, Scene, section};
use crate::look::Use;
use crate::occupancy::{blocks, pieces};
use crate::svg::{Area, CHARACTER, Svg};

/// Pixels of a row, and from one to the next.
const HEIGHT: u64 = 18;
const STEP: u64 = 30;
/// Below this many pixels no branch is drawn.
const LEAST_BRANCH: u64 = 6;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let y = section(svg, y, "Orders", "halves below their whole; dashed: split");
    let blocks = blocks(scene.zone, scene.frames);
    let top = top(scene, &blocks);
    let below = |order: Order| y + u64::from(top.get() - order.get()) * STEP;
    let least = blocks.iter().map(|(block, _)| block.order()).min();
    let least = least.unwrap_or(top);
    for order in least.through(top) {
        let label = format!("order {order}");
        svg.text(LEFT - 8, below(order) + 13, "end aside", &label);
    }
    // What was split for these blocks to be.
    let split: BTreeSet<Block> = blocks
        .iter()
        .flat_map(|(block, _)| block.parents())
        .filter(|parent| parent.order() <= top)
        .collect();
    branches(scene, &split, below, svg);
    for &block in &split {
        let area = area(scene, block, below(block.order()));
        if area.width >= LEAST_BRANCH {
            svg.rect(area, "was-split", &format!("{block} split"));
        }
    }
    leaves(scene, &blocks, below, svg);
    ground(scene, below(least) + STEP, svg)
}

/// The order of the first row: of the largest block that all drawn ones are parts of, if there is one.
fn top(scene: &Scene<'_>, blocks: &[(Block, Use)]) -> Order {
    let whole = Order::all().find(|order| order.frames() >= scene.frames.frames());
    let largest = blocks.iter().map(|(block, _)| block.order()).max();
    let whole = whole.unwrap_or(scene.snapshot.global.top_order);
    largest.map_or(whole, |largest| largest.max(whole))
}

fn area(scene: &Scene<'_>, block: Block, y: u64) -> Area {
    let (start, end) = (block.range().start(), block.range().end());
    let x = scene.x(start);
    Area {
        x,
        y,
        width: (scene.x(end) - x).max(1),
        height: HEIGHT,
    }
}

fn branches(
    scene: &Scene<'_>,
    split: &BTreeSet<Block>,
    below: impl Fn(Order) -> u64,
    svg: &mut Svg,
) {
    for &block in split {
        let whole = area(scene, block, below(block.order()));
        let Some((lower, upper)) = block.split() else {
            continue;
        };
        for half in [lower, upper] {
            let part = area(scene, half, below(half.order()));
            if part.width >= LEAST_BRANCH && half.range().overlaps(scene.frames) {
                let (from, to) = (whole.x + whole.width / 2, part.x + part.width / 2);
                let path = format!("M{from} {}L{to} {}", whole.y + HEIGHT, part.y);
                svg.path(&path, "edge");
            }
        }
    }
}

/// Blocks too small to tell apart are drawn as one.
fn leaves(scene: &Scene<'_>, blocks: &[(Block, Use)], below: impl Fn(Order) -> u64, svg: &mut Svg) {
    let mut drawn = [0_u64; Order::COUNT];
    for &(block, what) in blocks {
        let area = area(scene, block, below(block.order()));
        let end = area.x + area.width;
        if end <= drawn[block.order().index()] {
            continue;
        }
        drawn[block.order().index()] = end;
        svg.rect(area, what.class(), &format!("{block} {}", what.words()));
        let text = block.start().to_string();
        if text.len() as u64 * CHARACTER + 4 <= area.width {
            let class = match what {
                Use::Lent => "pfn middle on-dark",
                _ => "pfn middle halo",
            };
            svg.text(area.x + area.width / 2, area.y + 13, class, &text);
        }
        if scene.touches(Some(block)) {
            svg.rect(area, "touched", "");
        }
    }
}

/// What is in no block: in use since before, or no memory at all.
fn ground(scene: &Scene<'_>, y: u64, svg: &mut Svg) -> u64 {
    let pieces = pieces(scene.snapshot, scene.zone, scene.frames);
    let mut bare = pieces
        .iter()
        .filter(|piece| piece.block.is_none())
        .peekable();
    if bare.peek().is_none() {
        return y;
    }
    svg.text(LEFT - 8, y + 10, "end aside", "no block");
    for piece in bare {
        let x = scene.x(piece.range.start());
        let area = Area {
            x,
            y,
            width: (scene.x(piece.range.end()) - x).max(1),
            height: 10,
        };
        svg.rect(area, piece.what.class(), &piece.words());
    }
    y + 16
}
