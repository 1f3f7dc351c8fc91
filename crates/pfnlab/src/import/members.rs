//! An ensemble of states with the same counts, and how far they lie apart.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{Order, PfnRange, Snapshot, ZoneState};
use pfnlab_sim::{Driver, index};
use rayon::prelude::*;

use super::{Counts, Known, Spread, state};
use crate::{Error, HugePages};

/// What the counts leave open: numbers that depend on where blocks lie, over a state for each of
/// `seeds`. What they decide is the same in every state, and comes first.
///
/// # Errors
/// When one of the states cannot be.
pub fn spread(
    counts: &Counts,
    profile: &'static Profile,
    config: &Config,
    known: &Known,
    seeds: &[u64],
) -> Result<Vec<Spread>, Error> {
    let member = |&seed: &u64| Member::new(&state(counts, profile, config, known, seed)?);
    let members: Vec<Member> = seeds.par_iter().map(member).collect::<Result<_, Error>>()?;
    let Some(first) = members.first() else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    for (at, zone) in first.zones.iter().enumerate() {
        for (number, (what, _)) in zone.iter().enumerate() {
            let values = members.iter().map(|member| member.zones[at][number].1);
            rows.push(Spread::new(what.clone(), None, values.collect()));
        }
    }
    type Count = fn(&HugePages) -> u64;
    let huge: [(&str, Count); 3] = [
        ("huge pages now", |huge| huge.now),
        ("huge pages after perfect compaction, at most", |huge| {
            huge.compacted
        }),
        (
            "huge pages after dropping all that can be, at most",
            |huge| huge.dropped,
        ),
    ];
    for (what, count) in huge {
        let values = members.iter().map(|member| count(&member.huge));
        rows.push(Spread::new(what.to_owned(), None, values.collect()));
    }
    Ok(rows)
}

/// Numbers of one state.
struct Member {
    /// By zone with memory.
    zones: Vec<Vec<(String, u64)>>,
    huge: HugePages,
}

impl Member {
    fn new(snapshot: &Snapshot) -> Result<Member, Error> {
        let mm = Mm::resume(snapshot).map_err(|error| Error::Resume {
            path: "a state with these counts".to_owned(),
            error,
        })?;
        let huge_order = mm.config().huge_order;
        let order = huge_order.unwrap_or(snapshot.global.pageblock_order);
        let zones = snapshot.zones.iter().filter(|zone| zone.present > 0);
        Ok(Member {
            zones: zones.map(|zone| numbers(zone, order)).collect(),
            huge: HugePages::of(&Driver::new(mm), std::iter::empty()),
        })
    }
}

fn numbers(zone: &ZoneState, order: Order) -> Vec<(String, u64)> {
    let name = format!("node {} {}", zone.id.node, zone.id.kind);
    let free: Vec<u64> = Order::all().map(|order| zone.free_blocks(order)).collect();
    let frames = free
        .iter()
        .enumerate()
        .map(|(order, blocks)| blocks << order);
    vec![
        (format!("{name} free frames"), frames.sum()),
        (
            format!("{name} unusable for order {order}, in thousandths"),
            index::unusable(&free, order).0.into(),
        ),
        (format!("{name} longest run of free frames"), longest(zone)),
    ]
}

/// The most free frames in a row.
fn longest(zone: &ZoneState) -> u64 {
    let lists = zone.free_lists.iter();
    let mut blocks: Vec<PfnRange> = lists
        .flat_map(|list| {
            let block = |pfn: &pfnlab_model::Pfn| PfnRange::sized(*pfn, list.order.frames());
            list.pfns.iter().map(block).collect::<Vec<_>>()
        })
        .collect();
    blocks.sort_by_key(|block| block.start());
    let (mut longest, mut run, mut end) = (0, 0, None);
    for block in blocks {
        run = match end == Some(block.start()) {
            true => run + block.frames(),
            false => block.frames(),
        };
        end = Some(block.end());
        longest = longest.max(run);
    }
    longest
}
