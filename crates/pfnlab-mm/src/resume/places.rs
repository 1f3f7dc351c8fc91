//! The places of a snapshot: every frame is in one zone and, as part of a block, in one place.

use alloc::vec::Vec;

use pfnlab_model::{Block, Order, PageblockState, Pfn, PfnRange, Snapshot, ZoneState};

use super::{ResumeError, inconsistent};
use crate::frames::Frames;
use crate::{Config, Mm};

/// The most runs of memory a zone may have.
const MOST_RUNS: usize = 1 << 12;

type Checked = Result<(), ResumeError>;

/// Spans, runs of memory, and what is on the lists. Before anything is built.
pub(super) fn check(snapshot: &Snapshot, config: &Config) -> Checked {
    for zone in &snapshot.zones {
        check_span(zone)?;
    }
    check_memory(snapshot)?;
    check_room(snapshot, config)?;
    let count = snapshot.zones.iter().map(|zone| blocks_of(zone).count());
    let mut all = Vec::with_capacity(count.sum());
    for zone in &snapshot.zones {
        let before = all.len();
        for block in blocks_of(zone) {
            all.push(block?);
        }
        // What is handed out is in order already: a sort that merges runs is done at once.
        all[before..].sort();
        check_movable(zone, &all[before..], config)?;
    }
    all.sort();
    let overlap = all
        .windows(2)
        .find(|pair| pair[1].start() < pair[0].range().end());
    match overlap {
        Some(pair) => Err(inconsistent(pair[1].start(), "the frame is in two places")),
        None => Ok(()),
    }
}

/// Every block is in the zone that its frames belong to. After the zones are mapped.
pub(super) fn check_owners(mm: &Mm, snapshot: &Snapshot) -> Checked {
    for (at, zone) in snapshot.zones.iter().enumerate() {
        for block in blocks_of(zone) {
            let block = block?;
            let last = Pfn::new(block.range().end().get() - 1);
            let ends = [block.start(), last];
            let single = block.order() == Order::ZERO;
            for &pfn in &ends[usize::from(single)..] {
                if !mm.memmap.model().pfn_valid(pfn) {
                    return Err(inconsistent(zone.id, "a block has no page descriptors"));
                }
                if mm.zone_map.zone_of(pfn).map(crate::zone_map::ZoneAt::index) != Some(at) {
                    return Err(inconsistent(
                        zone.id,
                        "a block lies in another zone's memory",
                    ));
                }
            }
        }
    }
    Ok(())
}

fn check_span(zone: &ZoneState) -> Checked {
    if zone.spanned > Frames::LIMIT {
        return Err(inconsistent(zone.id, "spans more frames than a zone can"));
    }
    let end = zone.start.get().checked_add(zone.spanned);
    if end.is_none_or(|end| end > Pfn::LIMIT.get()) {
        return Err(inconsistent(zone.id, "reaches above the highest frame"));
    }
    Ok(())
}

/// Runs of memory that are given are ascending, within the span, and no two zones share a frame.
fn check_memory(snapshot: &Snapshot) -> Checked {
    let mut all: Vec<PfnRange> = Vec::new();
    for zone in &snapshot.zones {
        let span = PfnRange::sized(zone.start, zone.spanned);
        if zone.memory.len() > MOST_RUNS {
            return Err(inconsistent(zone.id, "has more than 4096 runs of memory"));
        }
        if !zone.memory.iter().all(|run| span.covers(*run)) {
            return Err(inconsistent(zone.id, "has memory outside its span"));
        }
        if !zone.memory.is_sorted() {
            return Err(inconsistent(zone.id, "its runs of memory are ascending"));
        }
        all.extend(&zone.memory);
    }
    for offline in &snapshot.offline {
        let section = snapshot.global.section_frames.max(1);
        let (start, end) = (offline.range.start().get(), offline.range.end().get());
        let whole = start.is_multiple_of(section) && end.is_multiple_of(section);
        if !whole || offline.range.is_empty() || end > Pfn::LIMIT.get() {
            return Err(inconsistent(
                offline.range,
                "what is offline is whole sections",
            ));
        }
        if offline.node.index() >= snapshot.nodes.len() {
            return Err(inconsistent(offline.range, "what is offline is on a node"));
        }
        all.push(offline.range);
    }
    for area in &snapshot.areas {
        let ascending = area
            .taken
            .windows(2)
            .all(|two| two[0].end() <= two[1].start());
        let inside = area.taken.iter().all(|taken| area.range.covers(*taken));
        if !ascending || !inside || area.range.end() > Pfn::LIMIT {
            return Err(inconsistent(
                area.range,
                "what is taken of an area lies in it, ascending",
            ));
        }
    }
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0].overlaps(pair[1])) {
        Some(pair) => Err(inconsistent(pair[1], "frames in two runs of memory")),
        None => Ok(()),
    }
}

/// The tables can be had: asked before they are.
fn check_room(snapshot: &Snapshot, config: &Config) -> Checked {
    let span = |zone: &ZoneState| PfnRange::sized(zone.start, zone.spanned);
    let records = snapshot
        .zones
        .iter()
        .map(|zone| Frames::bytes(span(zone), config.top_order));
    let ends = snapshot.zones.iter().map(|zone| span(zone).end().get());
    // By pageblock: its type, and its zone.
    let blocks = (ends.max().unwrap_or(0) >> config.pageblock_order.get()) * 3;
    Frames::can_be_had(records.chain([blocks])).map_err(|_| {
        inconsistent(
            "zones",
            "there is not enough memory for tables of their spans",
        )
    })
}

/// All blocks of a zone that are somewhere: what is handed out first, in the order it is in.
fn blocks_of(zone: &ZoneState) -> impl Iterator<Item = Result<Block, ResumeError>> {
    let known = zone.lent.iter().chain(&zone.guards);
    let known = known.map(|known| (known.start(), known.order()));
    let free = zone.free_lists.iter().map(|list| (list.order, &list.pfns));
    let cached = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
    let lists = free.chain(cached.map(|list| (list.order, &list.pfns)));
    let listed = lists.flat_map(|(order, pfns)| pfns.iter().map(move |&pfn| (pfn, order)));
    let all = known.chain(listed);
    all.map(|(pfn, order)| block(zone, pfn, order))
}

fn block(zone: &ZoneState, pfn: Pfn, order: Order) -> Result<Block, ResumeError> {
    let span = PfnRange::sized(zone.start, zone.spanned);
    if !span.contains(pfn) {
        return Err(inconsistent(zone.id, "a block lies outside its memory"));
    }
    Block::new(pfn, order).map_err(|_| inconsistent(zone.id, "a block is not aligned"))
}

/// Frames that can be moved are in use: neither free nor handed out by us. `blocks` are the
/// zone's, ascending.
fn check_movable(zone: &ZoneState, blocks: &[Block], config: &Config) -> Checked {
    let Some(PageblockState { first, movable, .. }) = &zone.pageblocks else {
        return Ok(());
    };
    let order = config.pageblock_order;
    for &(at, frames) in movable {
        let start = first.get().saturating_add(u64::from(at) << order.get());
        let range = PfnRange::sized(Pfn::new(start.min(Pfn::LIMIT.get())), order.frames());
        let from = blocks.partition_point(|block| block.range().end() <= range.start());
        let within = blocks[from..]
            .iter()
            .take_while(|block| block.start() < range.end());
        let placed: u64 = within
            .map(|block| block.range().intersection(range).frames())
            .sum();
        if placed + u64::from(frames) > order.frames() {
            return Err(inconsistent(
                zone.id,
                "more movable frames than a pageblock holds",
            ));
        }
    }
    Ok(())
}
