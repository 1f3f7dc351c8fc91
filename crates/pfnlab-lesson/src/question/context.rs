//! What has to be known of a state to answer a question, in words.

use pfnlab_model::{Block, MigrateType, Order, Request, Snapshot, ZoneId, ZoneStat, ZoneState};

/// So many blocks of a list are named.
const MOST: usize = 4;

/// The lists a request is served from: those of one migratetype, or the per-CPU ones.
pub(super) fn lists(
    before: &Snapshot,
    zone: ZoneId,
    request: &Request,
    mt: Option<MigrateType>,
) -> String {
    let Some(state) = before.zone(zone) else {
        return String::new();
    };
    let mut lines = Vec::new();
    let cpus = state.pcp.iter().filter(|pcp| pcp.cpu == request.cpu);
    for list in cpus
        .flat_map(|pcp| &pcp.lists)
        .filter(|list| list.order == request.order)
    {
        let pfns = list.pfns.iter().map(ToString::to_string);
        lines.push(format!(
            "per-CPU list of CPU {}, order {}, {}, head first: {}",
            request.cpu,
            list.order,
            type_of(before, list.index),
            some(pfns)
        ));
    }
    for list in &state.free_lists {
        if mt.is_some_and(|mt| mt == list.mt) {
            let pfns = list.pfns.iter().map(ToString::to_string);
            lines.push(format!(
                "free list of order {}, {}, head first: {}",
                list.order,
                list.mt,
                some(pfns)
            ));
        }
    }
    lines.join("\n")
}

/// Whose per-CPU list it is. The first ones are numbered 3 · order + type, the last are of huge pages.
fn type_of(state: &Snapshot, index: u8) -> String {
    const TYPES: u8 = 3;
    const HUGE: u8 = 12;
    let types = &state.global.migratetypes;
    match types.get(usize::from(index % TYPES)) {
        Some(mt) if index < HUGE => mt.to_string(),
        _ => format!("list {index}"),
    }
}

/// The free blocks of the largest block that `block` could become part of.
pub(super) fn around(before: &Snapshot, zone: ZoneId, block: Block) -> String {
    let whole = Block::containing(block.start(), Order::MAX).range();
    let Some(state) = before.zone(zone) else {
        return String::new();
    };
    let mut free: Vec<Block> = blocks(state)
        .filter(|other| other.range().overlaps(whole))
        .collect();
    free.sort();
    let names: Vec<_> = free.iter().map(ToString::to_string).collect();
    let names = if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(" ")
    };
    format!("free in {whole}: {names}")
}

/// What is free in a zone, by order, and its watermarks.
pub(super) fn counts(before: &Snapshot, zone: ZoneId) -> String {
    let Some(state) = before.zone(zone) else {
        return String::new();
    };
    let mut stats = before.global.zone_stats.iter();
    let free = stats
        .position(|&stat| stat == ZoneStat::FreePages)
        .and_then(|at| state.vm_stat.get(at).copied())
        .unwrap_or(0);
    let counts: Vec<_> = Order::all()
        .map(|order| state.free_blocks(order).to_string())
        .collect();
    let marks = state.watermarks;
    format!(
        "node {} {}: {free} frames free; watermarks min {}, low {}, high {}\n\
         free blocks by order, 0 to {}: {}",
        zone.node,
        zone.kind,
        marks.min,
        marks.low,
        marks.high,
        Order::MAX,
        counts.join(" ")
    )
}

fn blocks(zone: &ZoneState) -> impl Iterator<Item = Block> {
    zone.free_lists.iter().flat_map(|list| {
        let order = list.order;
        list.pfns
            .iter()
            .map(move |&pfn| Block::containing(pfn, order))
    })
}

fn some(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    match names.len().checked_sub(MOST).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", names[..MOST].join(" ")),
        None => names.join(" "),
    }
}
