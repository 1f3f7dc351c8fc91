//! Rules about migratetypes: which list a block may be on.

use pfnlab_model::{Block, MigrateType, Op, Order, PfnRange};

use super::{Check, Rule, View, ensure};
use crate::Outcome;
use crate::ledger::Place;

/// The order of a huge page (`HPAGE_PMD_ORDER` on x86-64), for which there are per-CPU lists.
const HUGE: u8 = 9;
/// Lists below this index hold orders 0 to 3, three types each (`NR_LOWORDER_PCP_LISTS`).
const FIRST_HUGE_LIST: u8 = 12;

pub(super) const PCP_01: Rule = Rule {
    id: "PCP-01",
    title: "the list of its order",
    says: "Per-CPU list 3n+t holds blocks of order n up to 3; those above hold huge pages.",
    source: "order_to_pindex, pindex_to_order",
    profiles: &[],
    check: Check::Inside(|view| {
        view.fresh().try_for_each(|(block, place)| {
            let Place::Pcp { list, .. } = place else {
                return Ok(());
            };
            let order = if list < FIRST_HUGE_LIST {
                list / 3
            } else {
                HUGE
            };
            let right = Order::new(order) == Ok(block.order());
            ensure(right, || {
                format!("block {block} is {place}, which is for order {order}")
            })
        })
    }),
};

pub(super) const PCP_03: Rule = Rule {
    id: "PCP-03",
    title: "nothing isolated is cached",
    says: "No per-CPU list holds a block of an isolated pageblock.",
    source: "MIGRATE_ISOLATE, free_unref_page",
    profiles: &[],
    check: Check::Inside(|view| {
        view.fresh().try_for_each(|(block, place)| {
            let isolated = view.ledger.pageblock_type(block.start()) == Some(MigrateType::Isolate);
            let cached = matches!(place, Place::Pcp { .. });
            ensure(!(isolated && cached), || {
                format!("block {block} is {place}, its pageblock is isolated")
            })
        })
    }),
};

pub(super) const PCP_04: Rule = Rule {
    id: "PCP-04",
    title: "drained means empty",
    says: "After a drain of a CPU, nothing is on its lists.",
    source: "drain_local_pages",
    profiles: &[],
    check: Check::Inside(|view| {
        let Some((&Op::Drain { cpu }, Outcome::Done)) = view.client.latest else {
            return Ok(());
        };
        view.zones().try_for_each(|zone| {
            let left = view.ledger.pcp_frames(zone.id, cpu);
            ensure(left == 0, || {
                format!("{}, CPU {cpu}: {left} frames are left", zone.id)
            })
        })
    }),
};

pub(super) const TYPE_01: Rule = Rule {
    id: "TYPE-01",
    title: "the list of its pageblock",
    says: "A free block smaller than a pageblock is on a list of its pageblock's type, unless \
           another zone reaches into the pageblock and can change its type, too.",
    source: "account_freepages, __free_one_page (freelist hygiene, 6.10)",
    profiles: &["linux-6.12.0", "linux-6.12.y"],
    check: Check::Inside(|view| {
        let pageblock = view.ledger.base().global.pageblock_order;
        view.fresh().try_for_each(|(block, place)| {
            let Place::Free { mt, .. } = place else {
                return Ok(());
            };
            let of_block = view.ledger.pageblock_type(block.start());
            let same = block.order() >= pageblock || of_block == Some(mt);
            ensure(same || is_shared(view, block), || {
                format!("block {block} is {place}, its pageblock is {of_block:?}")
            })
        })
    }),
};

/// Whether more than one zone reaches into the pageblock that holds a block.
fn is_shared(view: &View<'_>, block: Block) -> bool {
    let pageblock = Block::containing(block.start(), view.ledger.base().global.pageblock_order);
    let spans = view
        .zones()
        .map(|zone| PfnRange::sized(zone.start, zone.spanned));
    spans
        .filter(|span| span.overlaps(pageblock.range()))
        .count()
        > 1
}

pub(super) const TYPE_02: Rule = Rule {
    id: "TYPE-02",
    title: "isolated lists for isolated pageblocks",
    says: "A block is on an isolated list exactly when its pageblocks are isolated.",
    source: "MIGRATE_ISOLATE, move_freepages_block",
    profiles: &[],
    check: Check::Inside(|view| {
        view.fresh().try_for_each(|(block, place)| {
            let Place::Free { mt, .. } = place else {
                return Ok(());
            };
            let listed = mt == MigrateType::Isolate;
            let size = view.ledger.base().global.pageblock_order.frames();
            let offsets = (0..block.frames()).step_by(usize::try_from(size).unwrap_or(usize::MAX));
            let mut pageblocks = offsets.map(|offset| block.start().offset(offset));
            let odd = pageblocks.find(|&pfn| {
                let isolated = view.ledger.pageblock_type(pfn) == Some(MigrateType::Isolate);
                isolated != listed
            });
            odd.map_or(Ok(()), |pfn| {
                let isolated = !listed;
                Err(format!(
                    "block {block} is {place}; the pageblock at {pfn} is isolated: {isolated}"
                ))
            })
        })
    }),
};
