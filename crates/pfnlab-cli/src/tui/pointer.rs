//! The block that is pointed at, and its buddy.

use pfnlab::model::ZoneState;
use pfnlab::view::{Holder, blocks};
use pfnlab::{Block, Pfn, PfnRange, Snapshot};

/// The block that a frame is in, whoever has it.
pub(super) fn block_at(zone: &ZoneState, pfn: Pfn) -> Option<(Block, Holder)> {
    let found = blocks(zone, PfnRange::sized(pfn, 1));
    found.first().copied()
}

/// The first block of a zone behind `pfn`, or the last one before it; from `None` on, the first or
/// the last of all.
pub(super) fn next(zone: &ZoneState, pfn: Option<Pfn>, forward: bool) -> Option<Pfn> {
    let starts = blocks(zone, PfnRange::sized(zone.start, zone.spanned));
    let mut starts = starts.into_iter().map(|(block, _)| block.start());
    match (pfn, forward) {
        (Some(pfn), true) => starts.find(|&start| start > pfn),
        (Some(pfn), false) => starts.rfind(|&start| start < pfn),
        (None, true) => starts.next(),
        (None, false) => starts.next_back(),
    }
}

/// A block in words: what it is, and what is where its buddy is.
pub(super) fn told(state: &Snapshot, zone: &ZoneState, block: Block, holder: Holder) -> String {
    let what = match holder {
        Holder::Free(mt) => format!("free, {mt}"),
        Holder::PerCpu => "cached per CPU".to_owned(),
        Holder::Lent => "handed out".to_owned(),
    };
    if block.order() >= state.global.top_order {
        return format!("{block} {what}; of the largest order, so it merges with nothing");
    }
    let buddy = block.buddy();
    let there = match block_at(zone, buddy.start()) {
        Some((there, Holder::Free(_))) if there == buddy => "free".to_owned(),
        Some((there, _)) if there == buddy => "not free".to_owned(),
        Some((there, _)) if there.order() < buddy.order() => "cut".to_owned(),
        Some((there, _)) => format!("part of {there}"),
        None => "in use or no memory".to_owned(),
    };
    format!("{block} {what}; its buddy {buddy} is {there}")
}
