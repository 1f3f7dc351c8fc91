//! Buddies in binary: a block and its buddy differ in the one bit of weight 2^order.

use pfnlab_model::Block;
use pfnlab_view::Chain;

use super::{MARGIN, Scene, name, section};
use crate::svg::{Area, CHARACTER, Svg};

/// Pixels from one row to the next.
const STEP: u64 = 22;
/// So many splits and merges are shown.
const MOST: usize = 4;
/// The fewest bits: those in which buddies can differ, in groups of four.
const LEAST_BITS: u32 = 12;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, y: u64) -> u64 {
    let chains = scene.change.map_or(&[][..], |change| change.chains());
    if chains.is_empty() {
        return y;
    }
    let aside = "flip the bit of the order, and there is the buddy";
    let mut y = section(svg, y, "Buddies", aside);
    for chain in chains.iter().take(MOST) {
        y = ladder(chain, svg, y);
    }
    if let Some(more) = chains.len().checked_sub(MOST).filter(|more| *more > 0) {
        svg.text(MARGIN, y + 14, "aside", &format!("and {more} more"));
        y += STEP;
    }
    y
}

fn ladder(chain: &Chain, svg: &mut Svg, y: u64) -> u64 {
    let (first, buddy, last) = match chain.split {
        true => ("is cut in halves", "upper half, stays free", "is left"),
        false => (
            "comes back",
            "its buddy is free: they merge",
            "goes to its list",
        ),
    };
    let what = match chain.split {
        true => format!("{}: {} is split", name(chain.zone), chain.first),
        false => format!(
            "{}: {} is merged to {}",
            name(chain.zone),
            chain.first,
            chain.last
        ),
    };
    svg.text(MARGIN, y + 14, "", &what);
    let mut y = y + STEP;
    let bits = bits(chain);
    rung(chain.first, None, first, bits, svg, y);
    for &block in &chain.buddies {
        y += STEP;
        rung(block, Some(block.order().get().into()), buddy, bits, svg, y);
    }
    y += STEP;
    rung(chain.last, None, last, bits, svg, y);
    y + STEP + 6
}

/// As many as the largest PFN has.
fn bits(chain: &Chain) -> u32 {
    let all = chain.buddies.iter().chain([&chain.first, &chain.last]);
    let highest = all.map(|block| block.start().get()).max().unwrap_or(0);
    let needed = u64::BITS - highest.leading_zeros();
    needed.next_multiple_of(4).max(LEAST_BITS)
}

fn rung(block: Block, flipped: Option<u32>, note: &str, bits: u32, svg: &mut Svg, y: u64) {
    let left = MARGIN + 12;
    let mut text = String::new();
    for bit in (0..bits).rev() {
        let set = block.start().get() >> bit & 1 == 1;
        text.push(if set { '1' } else { '0' });
        if bit % 4 == 0 && bit > 0 {
            text.push(' ');
        }
    }
    let columns = text.len() as u64;
    if let Some(bit) = flipped {
        let column = columns - 1 - u64::from(bit + bit / 4);
        let area = Area {
            x: left + column * CHARACTER - 1,
            y,
            width: CHARACTER + 2,
            height: 18,
        };
        svg.rect(area, "flipped", "");
    }
    svg.fixed(left, y + 14, &text);
    let mut x = left + (columns + 2) * CHARACTER;
    let sign = match flipped {
        Some(bit) => format!("bit {bit} flipped"),
        None => String::new(),
    };
    svg.text(x, y + 14, "aside", &sign);
    x += 110;
    svg.fixed(x, y + 14, &block.to_string());
    svg.text(x + 18 * CHARACTER, y + 14, "aside", note);
}
