//! States and changes in the page's form: short names and numbers, for the program in the page.

use pfnlab_model::{
    Block, End, Event, MemoryEvent, PcpField, Snapshot, ZoneId, ZoneStat, ZoneState,
};
use pfnlab_view::Chain;
use serde_json::{Value, json};

use super::Told;
use crate::occupancy::memory;

/// What a reader can look for, in the order of the bits of [`kinds`].
pub(super) const KINDS: [&str; 10] = [
    "a split",
    "a merge",
    "a refusal",
    "a fallback",
    "a pageblock that changes its type",
    "a refill of a per-CPU list",
    "a drain of per-CPU lists",
    "a block handed out",
    "a block that comes back",
    "memory that comes or goes",
];

/// What kinds of things happened, a bit for each.
pub(super) fn kinds(events: &[Event]) -> u32 {
    let kind = |event: &Event| match event {
        Event::Split { .. } => 1,
        Event::Merged { .. } => 1 << 1,
        Event::Refused(_) => 1 << 2,
        Event::FellBack { .. } => 1 << 3,
        Event::Retyped { .. } => 1 << 4,
        Event::PcpRefilled { .. } => 1 << 5,
        Event::PcpDrained { .. } => 1 << 6,
        Event::Lent { .. } => 1 << 7,
        Event::Returned { .. } => 1 << 8,
        Event::Memory(_) => 1 << 9,
        _ => 0,
    };
    events.iter().fold(0, |bits, event| bits | kind(event))
}

/// What the zones are called.
pub(super) fn names(snapshot: &Snapshot) -> Value {
    let zones = snapshot.zones.iter();
    zones
        .map(|zone| json!({ "node": zone.id.node.0, "kind": zone.id.kind.name() }))
        .collect()
}

/// A whole state.
pub(super) fn state(snapshot: &Snapshot) -> Value {
    let zones = snapshot.zones.iter();
    zones.map(|zone| zone_state(snapshot, zone)).collect()
}

fn zone_state(snapshot: &Snapshot, zone: &ZoneState) -> Value {
    let memory = memory(snapshot, zone).into_iter();
    let memory: Vec<_> = memory
        .map(|range| [range.start().get(), range.end().get()])
        .collect();
    let lists: Vec<_> = zone
        .free_lists
        .iter()
        .map(|list| {
            let pfns: Vec<_> = list.pfns.iter().map(|pfn| pfn.get()).collect();
            json!([list.order.get(), list.mt.index(), pfns])
        })
        .collect();
    let cpus: Vec<_> = zone
        .pcp
        .iter()
        .map(|pcp| {
            let list = |list: &pfnlab_model::PcpListState| {
                let pfns: Vec<_> = list.pfns.iter().map(|pfn| pfn.get()).collect();
                json!([list.index, list.order.get(), pfns])
            };
            let lists: Vec<_> = pcp.lists.iter().map(list).collect();
            json!({ "cpu": pcp.cpu.0, "high": pcp.high, "batch": pcp.batch, "lists": lists })
        })
        .collect();
    let pageblocks = zone.pageblocks.as_ref().map(|pageblocks| {
        let types = pageblocks.types.iter();
        let types: String = types
            .map(|mt| mt.map_or("x".to_owned(), |mt| mt.index().to_string()))
            .collect();
        json!({ "first": pageblocks.first.get(), "types": types })
    });
    let lent: Vec<_> = zone
        .lent
        .iter()
        .flat_map(|block| [block.start().get(), block.order().get().into()])
        .collect();
    let marks = zone.watermarks;
    json!({
        "start": zone.start.get(),
        "spanned": zone.spanned,
        "present": zone.present,
        "memory": memory,
        "free": free(snapshot, zone),
        "marks": [marks.min, marks.low, marks.high],
        "boost": zone.boost,
        "lists": lists,
        "cpus": cpus,
        "pageblocks": pageblocks,
        "lent": lent,
    })
}

fn free(snapshot: &Snapshot, zone: &ZoneState) -> i64 {
    let mut stats = snapshot.global.zone_stats.iter();
    let at = stats.position(|&stat| stat == ZoneStat::FreePages);
    at.and_then(|at| zone.vm_stat.get(at).copied()).unwrap_or(0)
}

/// What an operation changed: numbers, one run after the other, each with its kind in front. Where
/// memory came or went, the whole state behind it.
pub(super) fn change(events: &[Event], after: &Snapshot) -> Value {
    let mut numbers: Vec<i64> = Vec::new();
    let index = |id: ZoneId| {
        let at = after.zones.iter().position(|zone| zone.id == id);
        at.map_or(-1, |at| at as i64)
    };
    let place = |block: Block| {
        // Fits: frames are numbered with far fewer bits.
        (block.start().get() as i64, i64::from(block.order().get()))
    };
    let head = |end: End| i64::from(end == End::Tail);
    for &event in events {
        match event {
            Event::Linked {
                zone,
                block,
                mt,
                end,
            } => {
                let (pfn, order) = place(block);
                numbers.extend([1, index(zone), pfn, order, mt.index() as i64, head(end)]);
            }
            Event::Unlinked { zone, block, mt } => {
                let (pfn, order) = place(block);
                numbers.extend([2, index(zone), pfn, order, mt.index() as i64]);
            }
            Event::PcpLinked {
                zone,
                cpu,
                list,
                block,
                end,
                ..
            } => {
                let (pfn, order) = place(block);
                let (cpu, list) = (i64::from(cpu.0), i64::from(list));
                numbers.extend([3, index(zone), cpu, list, pfn, order, head(end)]);
            }
            Event::PcpUnlinked {
                zone,
                cpu,
                list,
                end,
                ..
            } => {
                let (cpu, list) = (i64::from(cpu.0), i64::from(list));
                numbers.extend([4, index(zone), cpu, list, head(end)]);
            }
            Event::Lent { zone, block } => {
                let (pfn, order) = place(block);
                numbers.extend([5, index(zone), pfn, order]);
            }
            Event::Returned { zone, block } => {
                let (pfn, order) = place(block);
                numbers.extend([6, index(zone), pfn, order]);
            }
            Event::LentSplit { zone, block } => {
                let (pfn, order) = place(block);
                numbers.extend([7, index(zone), pfn, order]);
            }
            Event::StatSet {
                zone,
                stat: ZoneStat::FreePages,
                value,
            } => numbers.extend([8, index(zone), value]),
            Event::BoostSet { zone, frames } => numbers.extend([9, index(zone), frames as i64]),
            Event::Retyped { block, mt } => {
                numbers.extend([10, block.start().get() as i64, mt.index() as i64]);
            }
            Event::PcpTuned {
                zone,
                cpu,
                field: PcpField::High,
                value,
            } => numbers.extend([11, index(zone), cpu.0.into(), value.into()]),
            Event::PcpTuned {
                zone,
                cpu,
                field: PcpField::Batch,
                value,
            } => numbers.extend([15, index(zone), cpu.0.into(), value.into()]),
            Event::WatermarksSet { zone, marks } => {
                let marks = [marks.min, marks.low, marks.high].map(|mark| mark as i64);
                numbers.extend([12, index(zone)]);
                numbers.extend(marks);
            }
            Event::Split { zone, block } => {
                let (pfn, order) = place(block);
                numbers.extend([13, index(zone), pfn, order]);
            }
            Event::Merged { zone, block } => {
                let (pfn, order) = place(block);
                numbers.extend([14, index(zone), pfn, order]);
            }
            _ => {}
        }
    }
    let whole = |event: &Event| {
        matches!(
            event,
            Event::Memory(event) if !matches!(event, MemoryEvent::Notified { .. })
        ) || matches!(event, Event::PagesetSet { .. } | Event::CpuSet { .. })
    };
    if events.iter().any(whole) {
        json!({ "state": state(after), "numbers": numbers })
    } else {
        json!(numbers)
    }
}

/// An operation in words: title, outcome, story, what was split and merged, and a question.
pub(super) fn words(told: &Told<'_>) -> Value {
    let story: Vec<_> = told
        .story
        .lines()
        .skip(1)
        .filter(|line| !is_drawn(line))
        .collect();
    let chains: Vec<_> = told.change.chains().iter().map(chain).collect();
    let question = told.question.map(|question| {
        json!([
            question.prompt,
            question.choices,
            question.answer,
            question.why
        ])
    });
    json!([
        told.change.title(),
        told.change.outcome(),
        story.join("\n"),
        chains,
        question,
    ])
}

/// Whether a line of a story belongs to a ladder: the page draws its own.
fn is_drawn(line: &str) -> bool {
    let line = line.trim_start();
    let bits = line
        .chars()
        .take_while(|character| "01 ~…".contains(*character));
    line.starts_with("^ bit") || bits.count() > 12
}

fn chain(chain: &Chain) -> Value {
    let all = [chain.first, chain.last]
        .into_iter()
        .chain(chain.buddies.iter().copied());
    let numbers = all.flat_map(|block| [block.start().get(), block.order().get().into()]);
    let split = std::iter::once(u64::from(chain.split));
    split.chain(numbers).collect()
}
