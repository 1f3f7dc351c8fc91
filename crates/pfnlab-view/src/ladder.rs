//! Splits and merges as ladders: one rung for every buddy, its PFN in binary, the flipped bit marked.
//!
//! ```text
//!     0000 0001 1000  0x18+2^3    comes back
//!     0000 0001 0000  + 0x10+2^3  is its buddy, and free
//!               ^ bit 3
//!     0000 0001 0000  = 0x10+2^4  goes to the list
//! ```

use pfnlab_model::Block;

use crate::binary;
use crate::style::Tone;
use crate::text::{Line, Page};

/// A block, and what becomes of it.
pub(crate) struct Rung {
    /// How it hangs on the ladder.
    pub(crate) kind: Kind,
    /// The block.
    pub(crate) block: Block,
    /// A few words; left out where there is no room.
    pub(crate) note: Line,
}

/// How a rung hangs on the ladder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first: what there was.
    Start,
    /// A buddy: its PFN differs in one bit.
    Buddy,
    /// The last: what it became.
    End,
}

fn rung(kind: Kind, block: Block, note: &str) -> Rung {
    Rung {
        kind,
        block,
        note: Line::from(note),
    }
}

/// The ladder of a block that was taken from a list and cut: upper half after upper half goes
/// back or is kept back, the lowest part is left.
pub(crate) fn split(found: Block, rest: &[Block], guards: &[Block], taken: Block) -> Vec<Rung> {
    let mut rungs = vec![rung(Kind::Start, found, "is cut in halves")];
    rungs.extend(rest.iter().map(|upper| {
        let note = match guards.contains(upper) {
            true => "upper half, kept back: a guard",
            false => "upper half, stays free",
        };
        rung(Kind::Buddy, *upper, note)
    }));
    rungs.push(rung(Kind::End, taken, "is left"));
    rungs
}

/// The ladder of a block that came back and was merged with `buddies`.
pub(crate) fn merge(came: Block, buddies: &[Block], guards: &[Block], placed: Block) -> Vec<Rung> {
    let mut rungs = vec![rung(Kind::Start, came, "comes back")];
    rungs.extend(buddies.iter().map(|buddy| {
        let note = match guards.contains(buddy) {
            true => "its guard is given up: merge",
            false => "its buddy is free: merge",
        };
        rung(Kind::Buddy, *buddy, note)
    }));
    rungs.push(rung(Kind::End, placed, "goes to its list"));
    rungs
}

/// A block, and its buddy.
pub(crate) fn pair(block: Block) -> Vec<Rung> {
    vec![
        rung(Kind::Start, block, ""),
        rung(Kind::Buddy, block.buddy(), "its buddy"),
    ]
}

/// Columns between the bits and the tree, and between the tree and the note.
const GAP: usize = 2;
/// Columns of the tree.
const SIGN: usize = 2;
/// The bits of any PFN fit in so many columns.
const WIDEST: usize = 44;

/// Draws a ladder.
pub(crate) fn draw(rungs: &[Rung], indent: usize, page: &mut Page) {
    let style = *page.style();
    let names: Vec<_> = rungs.iter().map(|rung| rung.block.to_string()).collect();
    let widest = names.iter().map(String::len).max().unwrap_or(0);
    let highest = rungs
        .iter()
        .map(|rung| rung.block.start())
        .max()
        .unwrap_or_default();
    let behind = GAP + SIGN + widest;
    // Rather further left than cut off.
    let most = page
        .room(0)
        .saturating_sub(binary::columns(binary::LEAST) + behind);
    let indent = indent.min(most);
    let room = page.room(indent);
    let bits = binary::bits_for(highest, room.saturating_sub(behind).min(WIDEST));
    for (rung, name) in rungs.iter().zip(names) {
        let flipped = (rung.kind == Kind::Buddy).then_some(rung.block.order());
        let (sign, tone) = match rung.kind {
            Kind::Start => ("  ", Tone::Strong),
            Kind::Buddy => (style.pick("├ ", "+ "), Tone::Plain),
            Kind::End => (style.pick("└ ", "= "), Tone::Strong),
        };
        let mut line = binary::digits(rung.block.start(), bits, flipped, &style)
            .plain(" ".repeat(GAP))
            .then(Tone::Faint, sign)
            .then(tone, format!("{name:<widest$}"));
        if line.width() + GAP + rung.note.width() <= room {
            line = line.plain(" ".repeat(GAP));
            line.append(rung.note.clone());
        }
        page.line(indent, line);
        if let Some(bit) = flipped {
            page.line(indent, binary::caret(bits, bit));
        }
    }
}
