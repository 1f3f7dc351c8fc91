//! How things are called in a sentence.

use pfnlab_model::{Block, CpuId, MigrateType, Order, Pfn, PfnRange, Snapshot, ZoneId};

use crate::generation::Generation;
use crate::style::Tone;
use crate::text::Line;

/// `node 0 Normal`.
pub(crate) fn zone(id: ZoneId) -> String {
    format!("node {} {}", id.node, id.kind)
}

/// `CPU 0`.
pub(crate) fn cpu(id: CpuId) -> String {
    format!("CPU {id}")
}

/// `1 frame`, `63 frames`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A migratetype's name in its colour.
pub(crate) fn of_type(mt: MigrateType) -> Line {
    Line::new().then(Tone::Type(mt), mt.name())
}

/// `0x400`, or `0x400+2^3`.
pub(crate) fn block(block: Block) -> String {
    if block.order() == Order::ZERO {
        block.start().to_string()
    } else {
        block.to_string()
    }
}

/// A per-CPU list by what it holds. Lists up to order 3 are numbered 3 · order + type; behind them
/// come those of huge pages, unmovable and reclaimable ones together (6.1.0: one for all).
pub(crate) fn pcp_list(index: u8, snapshot: Option<&Snapshot>) -> Line {
    const TYPES: u8 = 3;
    const HUGE: u8 = 12;
    if index >= HUGE {
        let order = snapshot.map_or(9, |snapshot| snapshot.global.pageblock_order.get());
        if Generation::of(snapshot).one_huge_list {
            return Line::from(format!("order-{order}"));
        }
        let line = Line::from(format!("order-{order} "));
        return if index == HUGE {
            line.plain("Unmovable and Reclaimable")
        } else {
            line.then(
                Tone::Type(MigrateType::Movable),
                MigrateType::Movable.name(),
            )
        };
    }
    let number = usize::from(index % TYPES);
    let known = snapshot.and_then(|snapshot| snapshot.global.migratetypes.get(number));
    let mt = known.copied().unwrap_or(MigrateType::ALL[number]);
    let line = Line::from(format!("order-{} ", index / TYPES));
    line.then(Tone::Type(mt), mt.name())
}

/// Blocks as runs of frames, in their order: `0x10..0x4f, 0x60 and 3 more`. Behind the first `most`
/// runs blocks are only counted.
pub(crate) fn runs(blocks: &[Block], most: usize) -> String {
    let runs = runs_of(blocks);
    let shown: Vec<_> = runs.iter().take(most).map(show_run).collect();
    let more: u64 = runs.iter().skip(most).map(|(_, blocks)| blocks).sum();
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Runs of blocks that follow each other: how many frames, and in how many blocks.
fn runs_of(blocks: &[Block]) -> Vec<(PfnRange, u64)> {
    let mut runs: Vec<(PfnRange, u64)> = Vec::new();
    for block in blocks {
        match runs.last_mut() {
            Some((run, count)) if run.end() == block.start() => {
                *run = PfnRange::sized(run.start(), run.frames() + block.frames());
                *count += 1;
            }
            _ => runs.push((block.range(), 1)),
        }
    }
    runs
}

fn show_run((run, blocks): &(PfnRange, u64)) -> String {
    if *blocks == 1 {
        run.start().to_string()
    } else {
        run.to_string()
    }
}

/// PFNs as they lie on a list, head first, as many as fit in `width` columns.
pub(crate) fn heads(
    pfns: impl IntoIterator<Item = Pfn>,
    width: usize,
    ellipsis: &'static str,
) -> String {
    let mut text = String::new();
    let mut pfns = pfns.into_iter().peekable();
    while let Some(pfn) = pfns.next() {
        let name = pfn.to_string();
        let gap = usize::from(!text.is_empty());
        // Behind all but the last one the ellipsis needs a place.
        let behind = if pfns.peek().is_some() { 2 } else { 0 };
        if text.chars().count() + gap + name.len() + behind > width {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(ellipsis);
            break;
        }
        if gap > 0 {
            text.push(' ');
        }
        text.push_str(&name);
    }
    text
}

/// Commas between them, and before the last an `and`.
pub(crate) fn listed(mut items: Vec<Line>) -> Line {
    let Some(last) = items.pop() else {
        return Line::from("none");
    };
    let Some(first) = items.first().cloned() else {
        return last;
    };
    let mut line = first;
    for item in items.drain(1..) {
        line.push(Tone::Plain, ", ");
        line.append(item);
    }
    line.push(Tone::Plain, " and ");
    line.append(last);
    line
}
