//! Rules about what is handed out.

use pfnlab_model::{Gfp, Op, Order, PfnRange, Request, ZoneId, ZoneKind};

use super::{Check, ClientView, Rule, View, ensure};
use crate::Outcome;
use crate::ledger::Place;

pub(super) const LEND_01: Rule = Rule {
    id: "LEND-01",
    title: "what was asked for",
    says: "A client gets as much as it asked for, aligned to its size.",
    source: "__alloc_pages, alloc_pages_bulk, alloc_pages_exact",
    profiles: &[],
    check: Check::Client(|view| match view.latest {
        Some((Op::Alloc { request, .. }, Outcome::Lent(block))) => {
            let Request { order, .. } = request;
            ensure(block.order() == *order, || {
                format!("block {block} for order {order}")
            })
        }
        Some((Op::Bulk { count, .. }, Outcome::Bulk { got })) => {
            ensure(1 <= *got && got <= count, || {
                format!("{got} frames for {count}")
            })
        }
        Some((Op::Exact { frames, .. }, Outcome::Exact(range))) => {
            let order = Order::covering(u64::from(*frames));
            let aligned = order.is_some_and(|order| range.start().is_aligned(order));
            ensure(aligned, || {
                format!("{frames} frames start at {}", range.start())
            })
        }
        _ => Ok(()),
    }),
};

pub(super) const LEND_02: Rule = Rule {
    id: "LEND-02",
    title: "one client a frame",
    says: "No frame is handed out that a client holds.",
    source: "the purpose of an allocator",
    profiles: &[],
    check: Check::Client(|view| match view.collision {
        None => Ok(()),
        Some((given, held)) => Err(format!(
            "frames {given} were handed out while a client holds {held}"
        )),
    }),
};

pub(super) const LEND_04: Rule = Rule {
    id: "LEND-04",
    title: "memory that exists",
    says: "A frame that is handed out is memory the allocator was given.",
    source: "memblock_free_all",
    profiles: &[],
    check: Check::Client(|view| {
        let (Some(memory), Some(latest)) = (view.memory, view.latest) else {
            return Ok(());
        };
        let given = |range: PfnRange| {
            let inside = memory.iter().map(|memory| memory.intersection(range));
            let inside: u64 = inside.map(PfnRange::frames).sum();
            ensure(inside == range.frames(), || {
                format!("frames {range} are not all memory")
            })
        };
        match *latest.1 {
            Outcome::Lent(block) => given(block.range()),
            Outcome::Exact(range) => given(range),
            Outcome::Bulk { .. } => {
                let mut pages = view.pages.iter();
                pages.try_for_each(|&page| given(PfnRange::sized(page, 1)))
            }
            _ => Ok(()),
        }
    }),
};

pub(super) const LEND_03: Rule = Rule {
    id: "LEND-03",
    title: "events tell of every client",
    says: "What events say is lent is what clients hold.",
    source: "mm_page_alloc, mm_page_free",
    profiles: &[],
    check: Check::Inside(|view| {
        let lent: u64 = view
            .zones()
            .map(|zone| view.ledger.lent_frames(zone.id))
            .sum();
        let held = view.client.clients.frames();
        ensure(lent == held, || {
            format!("events lent {lent} frames, clients hold {held}")
        })?;
        match view.client.latest {
            Some((_, Outcome::Lent(block))) => {
                let found = view.ledger.place(block.start());
                let known = matches!(found, Some((found, Place::Lent { .. })) if found == *block);
                ensure(known, || {
                    format!("a client got block {block}, the books have {found:?}")
                })
            }
            _ => Ok(()),
        }
    }),
};

pub(super) const ZONE_01: Rule = Rule {
    id: "ZONE-01",
    title: "from a zone that may be asked",
    says: "A frame comes from a node of the mask, unless the request may use reserves and so may \
           leave it; from the named node if only that will do; and from no zone above the one its \
           flags allow.",
    source: "gfp_zone, for_next_zone_zonelist_nodemask, __GFP_THISNODE",
    profiles: &[],
    check: Check::Inside(|view| {
        let Some((request, frames)) = taken(&view.client) else {
            return Ok(());
        };
        frames
            .into_iter()
            .try_for_each(|pfn| match view.ledger.place(pfn) {
                Some((_, place)) => may_ask(view, request, place.zone()),
                None => Err(format!("frame {pfn} is nowhere in the books")),
            })
    }),
};

/// The request of the latest operation, and the first frame of each thing it got.
fn taken<'a>(view: &ClientView<'a>) -> Option<(&'a Request, Vec<pfnlab_model::Pfn>)> {
    match view.latest? {
        (Op::Alloc { request, .. }, Outcome::Lent(block)) => Some((request, vec![block.start()])),
        (Op::Bulk { request, .. }, Outcome::Bulk { .. }) => Some((request, view.pages.to_vec())),
        (Op::Exact { request, .. }, Outcome::Exact(range)) => Some((request, vec![range.start()])),
        _ => None,
    }
}

fn may_ask(view: &View<'_>, request: &Request, zone: ZoneId) -> Result<(), String> {
    let in_mask =
        drops_mask(request.gfp) || request.nodes.is_none_or(|nodes| nodes.contains(zone.node));
    ensure(in_mask, || format!("{zone} is outside the mask of nodes"))?;
    let this_node = request.gfp.contains(Gfp::THISNODE);
    let right_node = !this_node || request.node.is_none_or(|node| node == zone.node);
    ensure(right_node, || {
        format!("{zone} is not the node it had to be")
    })?;
    let kinds = &view.ledger.base().global.zone_kinds;
    let highest = highest_zone(request.gfp, kinds);
    ensure(zone.kind <= highest, || {
        format!("{zone} is above {highest}")
    })
}

/// Requests that serve the system rather than a user leave the mask in the last attempt
/// (`__alloc_pages_slowpath`, without `ALLOC_CPUSET` or with reserve flags).
fn drops_mask(gfp: Gfp) -> bool {
    gfp.contains(Gfp::HIGH) || gfp.contains(Gfp::ATOMIC) || gfp.contains(Gfp::MEMALLOC)
}

/// The highest kind of zone the flags allow (`gfp_zone`), of those there are: a kind that a kernel
/// was not built with stands for `ZONE_NORMAL`.
fn highest_zone(gfp: Gfp, kinds: &[ZoneKind]) -> ZoneKind {
    let asked = if gfp.contains(Gfp::MOVABLE | Gfp::HIGHMEM) {
        ZoneKind::Movable
    } else if gfp.contains(Gfp::DMA) {
        ZoneKind::Dma
    } else if gfp.contains(Gfp::DMA32) {
        ZoneKind::Dma32
    } else if gfp.contains(Gfp::HIGHMEM) {
        ZoneKind::HighMem
    } else {
        ZoneKind::Normal
    };
    if kinds.contains(&asked) {
        asked
    } else {
        ZoneKind::Normal
    }
}
