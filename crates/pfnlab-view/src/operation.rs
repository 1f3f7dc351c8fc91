//! One operation: what it split and merged.

use pfnlab_model::{Block, Event, ZoneId};

use crate::Style;
use crate::ladder;
use crate::names;
use crate::story::{Beat, Buddy, parse};
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
    for chain in chains(events) {
        draw(&chain, &mut page);
    }
    page.finish()
}

/// A split or a merge: a block, buddy after buddy, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The zone.
    pub zone: ZoneId,
    /// Whether the buddies were cut off; else they were joined.
    pub split: bool,
    /// What there was: the block on the list, or the one that came back.
    pub first: Block,
    /// The upper halves that stay free, largest first; or the free buddies, smallest first. Guards
    /// are among them.
    pub buddies: Vec<Block>,
    /// Those of them that are kept back as guards, or were until now.
    pub guards: Vec<Block>,
    /// What became of it: the part that is left, or the block that goes to a list.
    pub last: Block,
}

/// Every split and every merge of an operation, in their order.
pub fn chains(events: &[Event]) -> Vec<Chain> {
    let mut chains = Vec::new();
    collect(&parse(events, None, 0), &mut chains);
    chains
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

fn collect(beats: &[Beat], chains: &mut Vec<Chain>) {
    for beat in beats {
        match beat {
            Beat::Take(take) if !take.rest.is_empty() => chains.push(Chain {
                zone: take.zone,
                split: true,
                first: take.found,
                buddies: Buddy::all(&take.rest),
                guards: Buddy::guards(&take.rest),
                last: take.taken,
            }),
            Beat::Put(put) if !put.buddies.is_empty() => chains.push(Chain {
                zone: put.zone,
                split: false,
                first: put.came(),
                buddies: Buddy::all(&put.buddies),
                guards: Buddy::guards(&put.buddies),
                last: put.placed,
            }),
            Beat::Refill { parts, .. } | Beat::Drain { parts, .. } => collect(parts, chains),
            Beat::Fallback(fallback) => collect(&fallback.parts, chains),
            _ => {}
        }
    }
}

fn draw(chain: &Chain, page: &mut Page) {
    let Chain { first, last, .. } = *chain;
    let (buddies, guards) = (&chain.buddies, &chain.guards);
    let (what, ladder) = match chain.split {
        true => (
            format!(": {first} is split"),
            ladder::split(first, buddies, guards, last),
        ),
        false => (
            format!(": {first} is merged to {last}"),
            ladder::merge(first, buddies, guards, last),
        ),
    };
    let zone = Line::new().then(Tone::Strong, names::zone(chain.zone));
    page.paragraph(0, zone.plain(what));
    ladder::draw(&ladder, 1, page);
}
