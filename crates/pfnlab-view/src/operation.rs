//! One operation: what it split and merged.

use pfnlab_model::{Block, Event};

use crate::Style;
use crate::ladder;
use crate::names;
use crate::story::{Beat, parse};
use crate::style::Tone;
use crate::text::{Line, Page};

/// Draws every split and every merge of an operation, one ladder each: the buddies' PFNs in binary,
/// with a caret under the one bit in which a block and its buddy differ.
///
/// ```
/// use pfnlab_model::{Block, End, Event, MigrateType, NodeId, Order, Pfn, ZoneId, ZoneKind};
/// use pfnlab_view::{Style, operation};
///
/// let zone = ZoneId { node: NodeId(0), kind: ZoneKind::Normal };
/// let pair = Block::new(Pfn::new(0x42), Order::new(1).unwrap()).unwrap();
/// let (lower, upper) = pair.split().unwrap();
/// let (mt, end) = (MigrateType::Movable, End::Head);
/// let events = [
///     Event::Unlinked { zone, block: pair, mt },
///     Event::Split { zone, block: pair },
///     Event::Linked { zone, block: upper, mt, end },
///     Event::Lent { zone, block: lower },
/// ];
/// let picture = operation(&events, &Style { ascii: true, ..Style::PLAIN });
/// assert_eq!(picture, "\
/// node 0 Normal: 0x42+2^1 is split
///   0000 0100 0010    0x42+2^1  is cut in halves
///   0000 0100 0011  + 0x43+2^0  upper half, stays free
///                ^ bit 0
///   0000 0100 0010  = 0x42+2^0  is left
/// ");
/// ```
pub fn operation(events: &[Event], style: &Style) -> String {
    let mut page = Page::new(style);
    draw(&parse(events, None, 0), &mut page);
    page.finish()
}

/// Draws a block above its buddy, with a caret under the one bit in which they differ.
/// The first column is for a mark that higher bits are left out.
///
/// ```
/// use pfnlab_model::{Block, Order, Pfn};
/// use pfnlab_view::{Style, buddies};
///
/// let pair = Block::new(Pfn::new(0x42), Order::new(1).unwrap()).unwrap();
/// let picture = buddies(pair, &Style { ascii: true, ..Style::PLAIN });
/// assert_eq!(format!("\n{picture}"), "
///  0000 0100 0010    0x42+2^1
///  0000 0100 0000  + 0x40+2^1  its buddy
///              ^ bit 1
/// ");
/// ```
pub fn buddies(block: Block, style: &Style) -> String {
    let mut page = Page::new(style);
    ladder::draw(&ladder::pair(block), 0, &mut page);
    page.finish()
}

fn draw(beats: &[Beat], page: &mut Page) {
    for beat in beats {
        match beat {
            Beat::Take(take) if !take.rest.is_empty() => {
                let rest: Vec<_> = take.rest.iter().map(|&(block, _)| block).collect();
                let what = format!(": {} is split", take.found);
                page.paragraph(
                    0,
                    Line::new()
                        .then(Tone::Strong, names::zone(take.zone))
                        .plain(what),
                );
                ladder::draw(&ladder::split(take.found, &rest, take.taken), 1, page);
            }
            Beat::Put(put) if !put.buddies.is_empty() => {
                let buddies: Vec<_> = put.buddies.iter().map(|&(buddy, _)| buddy).collect();
                let what = format!(": {} is merged to {}", put.came(), put.placed);
                page.paragraph(
                    0,
                    Line::new()
                        .then(Tone::Strong, names::zone(put.zone))
                        .plain(what),
                );
                ladder::draw(&ladder::merge(put.came(), &buddies, put.placed), 1, page);
            }
            Beat::Refill { parts, .. } | Beat::Drain { parts, .. } => draw(parts, page),
            Beat::Fallback(fallback) => draw(&fallback.parts, page),
            _ => {}
        }
    }
}
