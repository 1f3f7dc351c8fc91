//! Who has the frames of a zone: every frame of a range in one piece of one use.

use pfnlab_model::{Block, PfnRange, Snapshot, ZoneState};
use pfnlab_view::Holder;

use crate::look::Use;

/// Frames of one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The frames, or those of them that were asked about.
    pub(crate) range: PfnRange,
    /// Their use.
    pub(crate) what: Use,
    /// The whole block, where they are in one.
    pub(crate) block: Option<Block>,
}

impl Piece {
    /// `0x10+2^3 free, Movable`.
    pub(crate) fn words(&self) -> String {
        match self.block {
            Some(block) => format!("{block} {}", self.what.words()),
            None => format!("{} {}", self.range, self.what.words()),
        }
    }
}

/// The blocks of a zone that have frames in `range`. Ascending.
pub(crate) fn blocks(zone: &ZoneState, range: PfnRange) -> Vec<(Block, Use)> {
    let used = |(block, holder)| {
        let what = match holder {
            Holder::Free(mt) => Use::Free(mt),
            Holder::PerCpu => Use::PerCpu,
            Holder::Lent => Use::Lent,
        };
        (block, what)
    };
    let blocks = pfnlab_view::blocks(zone, range);
    blocks.into_iter().map(used).collect()
}

/// Every frame of `range`, ascending; pieces that touch differ in use or block.
pub(crate) fn pieces(snapshot: &Snapshot, zone: &ZoneState, range: PfnRange) -> Vec<Piece> {
    let memory = memory(snapshot, zone);
    let mut pieces = Vec::new();
    let mut done = range.start();
    let fill = |upto, pieces: &mut Vec<Piece>, done| {
        let Some(gap) = PfnRange::new(done, upto) else {
            return;
        };
        let mut at = gap.start();
        for part in memory.iter().map(|part| part.intersection(gap)) {
            if part.is_empty() {
                continue;
            }
            push(pieces, PfnRange::new(at, part.start()), Use::Hole);
            push(pieces, Some(part), Use::Taken);
            at = part.end();
        }
        push(pieces, PfnRange::new(at, gap.end()), Use::Hole);
    };
    for (block, what) in blocks(zone, range) {
        let part = block.range().intersection(range);
        fill(part.start(), &mut pieces, done);
        pieces.push(Piece {
            range: part,
            what,
            block: Some(block),
        });
        done = part.end().max(done);
    }
    fill(range.end(), &mut pieces, done);
    pieces
}

fn push(pieces: &mut Vec<Piece>, range: Option<PfnRange>, what: Use) {
    if let Some(range) = range.filter(|range| !range.is_empty()) {
        pieces.push(Piece {
            range,
            what,
            block: None,
        });
    }
}

/// Where a zone's memory is. Where a snapshot does not say, what has memory sections.
pub(crate) fn memory(snapshot: &Snapshot, zone: &ZoneState) -> Vec<PfnRange> {
    let span = PfnRange::sized(zone.start, zone.spanned);
    if !zone.memory.is_empty() {
        return zone.memory.clone();
    }
    let Some(pageblocks) = &zone.pageblocks else {
        return vec![span];
    };
    let size = snapshot.global.pageblock_order.frames();
    let mut memory: Vec<PfnRange> = Vec::new();
    for (at, mt) in (0..).zip(&pageblocks.types) {
        let part = PfnRange::sized(pageblocks.first.offset(at * size), size).intersection(span);
        if mt.is_none() || part.is_empty() {
            continue;
        }
        match memory.last_mut() {
            Some(last) if last.end() == part.start() => {
                *last = PfnRange::sized(last.start(), last.frames() + part.frames());
            }
            _ => memory.push(part),
        }
    }
    memory
}
