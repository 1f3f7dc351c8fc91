//! Rules about where frames are, and that nobody but events moves them.

use pfnlab_model::{Block, MigrateType, Order};

use super::{Check, Rule, View, ensure};
use crate::first_difference;
use crate::ledger::{Place, Why};

pub(super) const STATE_01: Rule = Rule {
    id: "STATE-01",
    title: "one place a frame",
    says: "A frame is in one place: on one free list, on one per-CPU list, or with one client.",
    source: "invariant: free blocks are disjoint; PageBuddy",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::Overlaps(..) | Why::Twice(_))),
};

pub(super) const STATE_02: Rule = Rule {
    id: "STATE-02",
    title: "what leaves was there",
    says: "A block leaves a list it was on, and comes back from a client who had it, in one piece.",
    source: "del_page_from_free_list, free_pcppages_bulk",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::NotThere(..) | Why::NotAtEnd(..))),
};

pub(super) const STATE_03: Rule = Rule {
    id: "STATE-03",
    title: "nothing is dropped",
    says: "Between two operations every frame that left a place has reached another.",
    source: "invariant: the states of frames partition them",
    profiles: &[],
    check: Check::Inside(|view| {
        view.all_possible(|why| matches!(why, Why::Dropped(_)))?;
        let held = view.ledger.in_hand();
        ensure(held.is_empty(), || {
            format!("frames {held:?} left a list and went nowhere")
        })
    }),
};

pub(super) const ALIGN_01: Rule = Rule {
    id: "ALIGN-01",
    title: "aligned to its size",
    says: "A block of order n starts at a multiple of 2^n frames.",
    source: "__find_buddy_pfn",
    profiles: &[],
    check: Check::State(|view| {
        let zones = view.snapshot.iter().flat_map(|snapshot| &snapshot.zones);
        let mut lists = zones.flat_map(|zone| &zone.free_lists);
        lists.try_for_each(|list| {
            let mut pfns = list.pfns.iter();
            let found = pfns.find(|&&pfn| Block::new(pfn, list.order).is_err());
            found.map_or(Ok(()), |pfn| {
                Err(format!("{pfn} is on a list of order {}", list.order))
            })
        })
    }),
};

pub(super) const ORDER_01: Rule = Rule {
    id: "ORDER-01",
    title: "no order above the top",
    says: "No block is larger than the top order.",
    source: "MAX_PAGE_ORDER",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::AboveTop(_))),
};

pub(super) const CONTAIN_01: Rule = Rule {
    id: "CONTAIN-01",
    title: "inside its zone",
    says: "A block lies in the memory of its zone, and consists of frames that were given to the \
           allocator.",
    source: "page_zone_id, pfn_valid",
    profiles: &[],
    check: Check::Events(|why| matches!(why, Why::OutsideZone(..) | Why::NotInHand(_))),
};

pub(super) const EVENT_01: Rule = Rule {
    id: "EVENT-01",
    title: "events speak of what exists",
    says: "A zone, CPU, node, counter or pageblock that an event names exists.",
    source: "the contract of events",
    profiles: &[],
    check: Check::Events(|why| {
        matches!(
            why,
            Why::Unsorted
                | Why::NoZone(_)
                | Why::NoCpu(..)
                | Why::Stranger(_)
                | Why::NoNode(_)
                | Why::NoCache(_)
                | Why::NoStat(_)
                | Why::NoKind(_)
                | Why::NoPageblock(_)
        )
    }),
};

pub(super) const EVENT_02: Rule = Rule {
    id: "EVENT-02",
    title: "events are complete",
    says: "The first snapshot, moved by every event since, is the allocator's own state, in every \
           field.",
    source: "the contract of events",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            let (flags, boost) = (
                view.inspect.zone_flags(zone.id),
                view.inspect.boost(zone.id),
            );
            let same = flags == zone.flags && boost == zone.boost;
            ensure(same, || {
                let (told, said) = (zone.flags, zone.boost);
                format!(
                    "{}: events say {told:?} and boost {said}, the zone {flags:?} and {boost}",
                    zone.id
                )
            })
        })?;
        let Some(snapshot) = view.snapshot else {
            return Ok(());
        };
        let difference = first_difference(&view.ledger.snapshot(), snapshot);
        difference.map_or(Ok(()), |difference| {
            Err(format!("events against the allocator: {difference}"))
        })
    }),
};

pub(super) const BALANCE_01: Rule = Rule {
    id: "BALANCE-01",
    title: "no frame is lost or made",
    says: "In a zone, the frames that are free, cached or lent are as many as at the start.",
    source: "invariant: the states of frames partition them",
    profiles: &[],
    check: Check::Inside(|view| {
        // What went nowhere is STATE-03's.
        if !view.ledger.in_hand().is_empty() {
            return Ok(());
        }
        // The oldest generation does not count what it manages.
        let counted = view.zones().any(|zone| zone.managed > 0);
        view.zones().try_for_each(|zone| {
            let (now, start) = view.ledger.balance(zone.id);
            ensure(now == start, || {
                format!("{}: {now} frames, {start} at the start", zone.id)
            })?;
            let (most, what) = if counted {
                (zone.managed, "managed")
            } else {
                (zone.spanned, "spanned")
            };
            ensure(now <= most, || {
                format!("{}: {now} frames, only {most} are {what}", zone.id)
            })
        })
    }),
};

pub(super) const COUNT_01: Rule = Rule {
    id: "COUNT-01",
    title: "counts match lists",
    says: "The number of free blocks of an order is the length of its lists.",
    source: "struct free_area, nr_free",
    profiles: &[],
    check: Check::Inside(|view| {
        view.zones().try_for_each(|zone| {
            Order::all().try_for_each(|order| {
                let count = view.inspect.free_blocks(zone.id, order);
                let listed = view.ledger.free_blocks(zone.id, order);
                ensure(count == listed, || {
                    format!(
                        "{}, order {order}: counted {count}, listed {listed}",
                        zone.id
                    )
                })
            })
        })
    }),
};

pub(super) const MERGE_01: Rule = Rule {
    id: "MERGE-01",
    title: "buddies merge",
    says: "No two free buddies of one zone lie unmerged below the top order, except whole \
           pageblocks of different types of which one merges with nothing else.",
    source: "__free_one_page, migratetype_is_mergeable",
    profiles: &[],
    check: Check::Inside(|view| {
        view.fresh().try_for_each(|(block, place)| match place {
            Place::Free { .. } => has_no_free_buddy(view, block, place),
            _ => Ok(()),
        })
    }),
};

pub(super) const GUARD_01: Rule = Rule {
    id: "GUARD-01",
    title: "a guard goes with its block",
    says: "A free block has no guard for a buddy: one that is kept back is given up, and merged \
           with, when the block below it comes back.",
    source: "debug_guardpage_minorder, __free_one_page, clear_page_guard",
    profiles: &[],
    check: Check::Inside(|view| {
        view.fresh().try_for_each(|(block, place)| {
            let buddy = block.buddy();
            let guard = Place::Guard { zone: place.zone() };
            let forgotten = matches!(place, Place::Free { .. })
                && view.ledger.place(buddy.start()) == Some((buddy, guard));
            ensure(!forgotten, || {
                format!("block {block} is {place}, and its buddy {buddy} is {guard} still")
            })
        })
    }),
};

fn has_no_free_buddy(view: &View<'_>, block: Block, place: Place) -> Result<(), String> {
    let global = &view.ledger.base().global;
    if block.order() >= global.top_order {
        return Ok(());
    }
    let buddy = block.buddy();
    let Some((found, other @ Place::Free { zone, .. })) = view.ledger.place(buddy.start()) else {
        return Ok(());
    };
    if found != buddy || zone != place.zone() {
        return Ok(());
    }
    let whole_pageblocks = block.order() >= global.pageblock_order;
    if whole_pageblocks && (kept_apart(place, other) || is_unsettled(view, block)) {
        return Ok(());
    }
    Err(format!(
        "block {block} is {place}, and its buddy {buddy} is {other}"
    ))
}

/// Whether the lists of two free blocks say that they do not merge.
fn kept_apart(a: Place, b: Place) -> bool {
    match (a, b) {
        (Place::Free { mt: a, .. }, Place::Free { mt: b, .. }) => {
            a != b && !(a.is_ordinary() && b.is_ordinary())
        }
        _ => true,
    }
}

/// Whether a pageblock of the block or its buddy changed its type and was not touched since.
fn is_unsettled(view: &View<'_>, block: Block) -> bool {
    let step = view.ledger.base().global.pageblock_order.frames();
    let parent = block.parent().unwrap_or(block);
    let mut starts = (0..parent.frames()).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    starts.any(|offset| view.ledger.is_unsettled(parent.start().offset(offset)))
}

const _: () = assert!(MigrateType::COUNT == 7, "a new type: may it merge?");
