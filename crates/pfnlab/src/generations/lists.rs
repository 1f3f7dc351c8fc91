//! Where the lists of two generations differ.

use std::collections::BTreeMap;
use std::fmt;

use pfnlab_model::{CpuId, MigrateType, Order, Pfn, Snapshot, ZoneId, ZoneState};
use serde::Serialize;

/// The most blocks of a list that are shown.
const SHOWN: usize = 8;

/// A list that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListDifference {
    /// Which list, such as `Node 0, zone DMA32: order 3 Movable`.
    pub list: String,
    /// The blocks on it on both sides, head first; those in front that are the same, and long
    /// tails, are left out.
    pub blocks: [String; 2],
    /// How many lists there are that differ, this one among them.
    pub differing: u64,
}

/// A list of a zone, whatever number its generation gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Pageblocks,
    Free(Order, MigrateType),
    PerCpu(CpuId, Order, u8),
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            List::Pageblocks => f.write_str("the types of its pageblocks"),
            List::Free(order, mt) => write!(f, "order {order} {mt}"),
            List::PerCpu(cpu, order, index) => {
                write!(f, "list {index} of CPU {cpu}, of order {order}")
            }
        }
    }
}

/// The first list of blocks that is not the same in both snapshots, order by order, and how many
/// are not. Types of pageblocks count as a list.
pub(super) fn difference(left: &Snapshot, right: &Snapshot) -> Option<ListDifference> {
    let (left, right) = (lists_of(left), lists_of(right));
    let empty = Vec::new();
    let mut keys: Vec<_> = left.keys().chain(right.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let get = |key| {
        (
            left.get(key).unwrap_or(&empty),
            right.get(key).unwrap_or(&empty),
        )
    };
    let mut differing = keys.iter().filter(|key| {
        let (left, right) = get(key);
        left != right
    });
    let first = differing.next()?;
    let (left, right) = get(first);
    let same = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    let (zone, list) = first;
    Some(ListDifference {
        list: format!("{zone}: {list}"),
        blocks: [show(left, same), show(right, same)],
        differing: differing.count() as u64 + 1,
    })
}

/// Every list that holds something, as the words for what it holds.
fn lists_of(snapshot: &Snapshot) -> BTreeMap<(ZoneId, List), Vec<String>> {
    let words = |pfns: &mut dyn Iterator<Item = Pfn>| pfns.map(|pfn| pfn.to_string()).collect();
    let lists = |zone: &ZoneState| {
        let mut lists: Vec<(List, Vec<String>)> = Vec::new();
        for list in &zone.free_lists {
            let key = List::Free(list.order, list.mt);
            lists.push((key, words(&mut list.pfns.iter().copied())));
        }
        for pcp in &zone.pcp {
            for list in &pcp.lists {
                let key = List::PerCpu(pcp.cpu, list.order, list.index);
                lists.push((key, words(&mut list.pfns.iter().copied())));
            }
        }
        if let Some(pageblocks) = &zone.pageblocks {
            let named = (0..).zip(&pageblocks.types).map(|(at, mt)| {
                let start = pageblocks
                    .first
                    .offset(at << snapshot.global.pageblock_order.get());
                mt.map_or_else(|| format!("{start}:absent"), |mt| format!("{start}:{mt}"))
            });
            lists.push((List::Pageblocks, named.collect()));
        }
        lists.retain(|(_, blocks)| !blocks.is_empty());
        lists
    };
    let zones = snapshot.zones.iter();
    zones
        .flat_map(|zone| {
            lists(zone)
                .into_iter()
                .map(|(list, blocks)| ((zone.id, list), blocks))
        })
        .collect()
}

fn show(blocks: &[String], same: usize) -> String {
    if blocks.is_empty() {
        return "empty".to_owned();
    }
    let shown: Vec<_> = blocks
        .iter()
        .skip(same)
        .take(SHOWN)
        .map(String::as_str)
        .collect();
    let mut words = Vec::new();
    if same > 0 {
        words.push(format!("{same} alike, then"));
    }
    words.push(if shown.is_empty() {
        "no more".to_owned()
    } else {
        shown.join(" ")
    });
    match blocks.len().saturating_sub(same + SHOWN) {
        0 => {}
        more => words.push(format!("and {more} more")),
    }
    words.join(" ")
}
