//! How many huge pages could be had.

use std::collections::BTreeMap;

use pfnlab_mm::Mm;
use pfnlab_model::{
    CpuId, Gfp, Order, PageAllocator, Pfn, PfnRange, Request, Snapshot, Ticket, ZoneState,
};
use pfnlab_sim::Driver;
use serde::Serialize;

use crate::boot::snapshot_of;

/// How many huge pages a machine could still give.
///
/// The first is what the allocator gives when it is asked until it refuses. The others are bounds:
/// no more can be had, however well it is done. They follow from who has what: a frame can be moved
/// when it was asked for as movable, and dropped when it was asked for as movable or reclaimable. Of
/// frames in use from the start that is known only as far as the state says so; others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HugePages {
    /// Now, without reclaim (`GFP_TRANSHUGE_LIGHT`).
    pub now: u64,
    /// At most, after perfect compaction: blocks that hold nothing unmovable, and no more than there
    /// is free memory for.
    pub compacted: u64,
    /// At most, after everything that can be dropped was: blocks that hold nothing else.
    pub dropped: u64,
}

/// What is in a block of the size of a huge page.
#[derive(Clone, Copy, Default)]
struct Content {
    free: u64,
    movable: u64,
    reclaimable: u64,
}

impl HugePages {
    /// Of what `driver` drives; `asked` are the tickets, live or not, and how each was asked for.
    pub(crate) fn of(driver: &Driver<Mm>, asked: impl Iterator<Item = (Ticket, Gfp)>) -> HugePages {
        let mm = driver.allocator();
        let order = mm
            .config()
            .huge_order
            .unwrap_or(mm.config().pageblock_order);
        let snapshot = snapshot_of(mm);
        let mut contents: BTreeMap<Pfn, Content> = BTreeMap::new();
        let mut count = |range: PfnRange, to: fn(&mut Content) -> &mut u64| {
            let mut at = range.start().align_down(order);
            while at < range.end() {
                let part = PfnRange::sized(at, order.frames()).intersection(range);
                *to(contents.entry(at).or_default()) += part.frames();
                at = at.offset(order.frames());
            }
        };
        for (ticket, gfp) in asked {
            let Some(held) = driver.held(ticket) else {
                continue;
            };
            if gfp.contains(Gfp::MOVABLE) {
                count(held.range(), |content| &mut content.movable);
            } else if gfp.contains(Gfp::RECLAIMABLE) {
                count(held.range(), |content| &mut content.reclaimable);
            }
        }
        for zone in &snapshot.zones {
            let blocks = blocks(zone);
            blocks.for_each(|range| count(range, |content| &mut content.free));
            for (range, frames) in movable(&snapshot, zone) {
                // A pageblock may be smaller or larger than a huge page: what cannot be told apart
                // counts where it begins.
                count(
                    PfnRange::sized(range.start(), frames.min(range.frames())),
                    |content| &mut content.movable,
                );
            }
        }
        let (mut compacted, mut dropped) = (0, 0);
        for zone in &snapshot.zones {
            let whole = whole_blocks(zone, order);
            let mut free = 0;
            let (mut can_move, mut can_drop) = (0, 0);
            for block in whole {
                let content = contents.get(&block).copied().unwrap_or_default();
                let Content {
                    free,
                    movable,
                    reclaimable,
                } = content;
                can_move += u64::from(free + movable >= order.frames());
                can_drop += u64::from(free + movable + reclaimable >= order.frames());
            }
            for range in blocks(zone) {
                free += range.frames();
            }
            compacted += can_move.min(free >> order.get());
            dropped += can_drop;
        }
        HugePages {
            now: now(&snapshot, order),
            compacted,
            dropped,
        }
    }
}

/// What is free, on whatever list.
fn blocks(zone: &ZoneState) -> impl Iterator<Item = PfnRange> {
    let free = zone.free_lists.iter().map(|list| (list.order, &list.pfns));
    let cached = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
    let lists = free.chain(cached.map(|list| (list.order, &list.pfns)));
    lists.flat_map(|(order, pfns)| {
        let range = move |&pfn| PfnRange::sized(pfn, order.frames());
        pfns.iter().map(range)
    })
}

/// Pageblocks with frames that were in use from the start and can be moved, and how many these are.
fn movable(snapshot: &Snapshot, zone: &ZoneState) -> Vec<(PfnRange, u64)> {
    let order = snapshot.global.pageblock_order;
    let Some(blocks) = &zone.pageblocks else {
        return Vec::new();
    };
    let of = |&(at, frames): &(u32, u32)| {
        let start = blocks.first.offset(u64::from(at) << order.get());
        (PfnRange::sized(start, order.frames()), u64::from(frames))
    };
    blocks.movable.iter().map(of).collect()
}

/// The blocks of an order that lie in a zone's memory as a whole.
fn whole_blocks(zone: &ZoneState, order: Order) -> Vec<Pfn> {
    let span = [PfnRange::sized(zone.start, zone.spanned)];
    let memory = match zone.memory.is_empty() {
        true => &span[..],
        false => &zone.memory,
    };
    let blocks = memory.iter().flat_map(|run| {
        let (first, end) = (run.start().align_up(order).get(), run.end().get());
        let count = end.saturating_sub(first) >> order.get();
        (0..count).map(move |at| Pfn::new(first + (at << order.get())))
    });
    blocks.collect()
}

/// Asks until nothing is given.
fn now(snapshot: &Snapshot, order: Order) -> u64 {
    let Ok(mut mm) = Mm::resume(snapshot) else {
        return 0;
    };
    let mut given = 0;
    let cpus: Vec<CpuId> = snapshot
        .cpus
        .iter()
        .filter(|cpu| cpu.online)
        .map(|cpu| cpu.cpu)
        .collect();
    for cpu in cpus {
        let request = Request {
            order,
            cpu,
            ..Request::new(Gfp::GFP_TRANSHUGE_LIGHT)
        };
        while mm.alloc(&request, &mut ()).is_ok() {
            given += 1;
        }
    }
    given
}
