//! Many states with the same counts, and what the same operations come to on each.

use pfnlab_mm::{Config, Profile};
use pfnlab_model::{MigrateType, Order, Snapshot, ZoneId};
use rayon::prelude::*;
use serde::Serialize;

use super::{Counts, Ended, KmemImport, replay, state};
use crate::Error;

/// A number that was recorded, and what it is over an ensemble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// What is counted.
    pub what: String,
    /// What the kernel counted; `None`: nobody recorded it.
    pub recorded: Option<u64>,
    /// The least of all seeds.
    pub least: u64,
    /// The median; of an even number of seeds the lower one in the middle.
    pub median: u64,
    /// The most.
    pub most: u64,
}

impl Spread {
    pub(super) fn new(what: String, recorded: Option<u64>, mut values: Vec<u64>) -> Spread {
        values.sort_unstable();
        let at = |position: usize| values.get(position).copied().unwrap_or(0);
        Spread {
            what,
            recorded,
            least: at(0),
            median: at(values.len().saturating_sub(1) / 2),
            most: at(values.len().saturating_sub(1)),
        }
    }
}

/// Runs the operations of a trace on a state for each of `seeds`, on all cores. The result does not
/// depend on how many these are.
///
/// # Errors
/// When one of the states cannot be.
pub fn ensemble(
    counts: &Counts,
    profile: &'static Profile,
    config: &Config,
    import: &KmemImport,
    seeds: &[u64],
) -> Result<Vec<Ended>, Error> {
    let run = |&seed: &u64| {
        let first = state(counts, profile, config, &import.known, seed)?;
        replay(&first, &import.steps)
    };
    seeds.par_iter().map(run).collect()
}

/// What is counted at the end, over all members of an ensemble, beside what was recorded: by zone the
/// free frames, by order (and by type, if recorded so) the free blocks, and the types of pageblocks;
/// then events.
pub fn compare(ensemble: &[Ended], recorded: Option<&Counts>, import: &KmemImport) -> Vec<Spread> {
    let mut rows = Vec::new();
    let Some(some) = ensemble.first() else {
        return rows;
    };
    let mut row = |what: String, recorded: Option<u64>, count: &dyn Fn(&Ended) -> u64| {
        rows.push(Spread::new(
            what,
            recorded,
            ensemble.iter().map(count).collect(),
        ));
    };
    let top = some.last.global.top_order;
    for zone in some.last.zones.iter().filter(|zone| zone.present > 0) {
        let id = zone.id;
        let of = recorded.and_then(|counts| counts.zones.iter().find(|zone| zone.id == id));
        let name = format!("node {} {}", id.node, id.kind);
        row(
            format!("{name} free frames"),
            of.map(super::ZoneCounts::free_frames),
            &|ended| blocks(&ended.last, id, None, None),
        );
        for order in Order::ZERO.through(top) {
            let free = of.map(|of| {
                let free = of.free.iter().filter(|free| free.order == order);
                free.map(|free| free.blocks).sum()
            });
            row(format!("{name} order {order}"), free, &|ended| {
                blocks(&ended.last, id, Some(order), None)
            });
        }
        for &(mt, count) in of.into_iter().flat_map(|of| &of.pageblocks) {
            row(
                format!("{name} pageblocks {}", mt.name()),
                Some(count),
                &|ended| pageblocks(&ended.last, id, mt),
            );
            let free = of.into_iter().flat_map(|of| &of.free);
            let free = free.filter(|free| free.mt == Some(mt));
            let frames = free.map(|free| free.blocks << free.order.get()).sum();
            row(
                format!("{name} free frames {}", mt.name()),
                Some(frames),
                &|ended| blocks(&ended.last, id, None, Some(mt)),
            );
        }
    }
    let ledger = &import.ledger;
    type Count = fn(&Ended) -> u64;
    let events: [(&str, u64, Count); 4] = [
        ("refused", ledger.refused, |ended| ended.tally.refused),
        ("extfrag events", ledger.extfrag, |ended| ended.extfrag),
        (
            "blocks taken with the lock held",
            ledger.zone_locked,
            |ended| ended.locked,
        ),
        ("frames drained", ledger.drained, |ended| ended.drained),
    ];
    for (what, recorded, count) in events {
        row(what.to_owned(), Some(recorded), &count);
    }
    rows
}

/// Free blocks of an order and a type; frames, when no order is given.
fn blocks(last: &Snapshot, id: ZoneId, order: Option<Order>, mt: Option<MigrateType>) -> u64 {
    let lists = last.zone(id).into_iter().flat_map(|zone| &zone.free_lists);
    let lists = lists
        .filter(|list| order.is_none_or(|order| list.order == order))
        .filter(|list| mt.is_none_or(|mt| list.mt == mt));
    let count = |list: &pfnlab_model::FreeListState| match order {
        Some(_) => list.pfns.len() as u64,
        None => list.order.frames() * list.pfns.len() as u64,
    };
    lists.map(count).sum()
}

fn pageblocks(last: &Snapshot, id: ZoneId, mt: MigrateType) -> u64 {
    let blocks = last.zone(id).and_then(|zone| zone.pageblocks.as_ref());
    let types = blocks.into_iter().flat_map(|blocks| &blocks.types);
    types.filter(|known| **known == Some(mt)).count() as u64
}
