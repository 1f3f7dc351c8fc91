//! The list of nodes of 2.6.37, and its table of addresses.

use pfnlab_mm::boot::early_node_map::{EarlyNodeMap, MapFull, NodeHash};
use pfnlab_model::{NodeId, Pfn, PfnRange};

fn frames(start: u64, end: u64) -> PfnRange {
    PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap()
}

/// Adds ranges of node 0 and returns what is kept, in order.
fn kept(added: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut map = EarlyNodeMap::new(256);
    for &(start, end) in added {
        map.add(NodeId(0), frames(start, end)).unwrap();
    }
    let kept = map.ranges().iter();
    kept.map(|range| (range.frames.start().get(), range.frames.end().get()))
        .collect()
}

/// 1.10: the first entry that fits takes a range in, and nothing is joined afterwards.
#[test]
fn the_first_entry_that_fits_takes_a_range_in() {
    assert_eq!(kept(&[(10, 20), (12, 18)]), [(10, 20)]);
    assert_eq!(kept(&[(10, 20), (20, 30)]), [(10, 30)]);
    assert_eq!(kept(&[(10, 20), (5, 10)]), [(5, 20)]);
    assert_eq!(kept(&[(10, 20), (21, 30)]), [(10, 20), (21, 30)]);
    assert_eq!(kept(&[(0, 10), (20, 30), (10, 20)]), [(0, 20), (20, 30)]);
    assert_eq!(kept(&[(0, 10), (20, 30), (10, 25)]), [(0, 25), (20, 30)]);
    assert_eq!(kept(&[(20, 30), (0, 10)]), [(20, 30), (0, 10)]);
}

#[test]
fn ranges_of_other_nodes_are_left_alone() {
    let mut map = EarlyNodeMap::new(256);
    map.add(NodeId(1), frames(20, 30)).unwrap();
    map.add(NodeId(0), frames(10, 20)).unwrap();
    assert_eq!(map.ranges().len(), 2);
    map.sort();
    assert_eq!(map.ranges()[0].node, NodeId(0));
    assert_eq!(map.node_of(Pfn::new(25)), NodeId(1));
    assert_eq!(map.node_of(Pfn::new(40)), NodeId(0), "a hole is on node 0");
}

#[test]
fn a_full_list_forgets() {
    assert_eq!(EarlyNodeMap::capacity_for(16), 256);
    assert_eq!(EarlyNodeMap::capacity_for(32), 1600);
    let mut map = EarlyNodeMap::new(1);
    map.add(NodeId(0), frames(0, 10)).unwrap();
    assert_eq!(map.add(NodeId(0), frames(20, 30)), Err(MapFull(1)));
    assert_eq!(map.add(NodeId(0), frames(10, 15)), Ok(()), "it still grows");
    assert_eq!(map.ranges().len(), 1);
}

/// 2.1: the shift is the lowest bit set in any start; holes within a node are the node's.
#[test]
fn the_table_is_as_fine_as_the_starts_of_nodes() {
    const GIB: u64 = 1 << 30;
    let hash = NodeHash::new(&[(NodeId(0), 0..GIB), (NodeId(1), GIB..2 * GIB)]).unwrap();
    assert_eq!((hash.shift(), hash.places()), (30, 3));
    assert_eq!(hash.node_of(GIB - 1), Some(NodeId(0)));
    assert_eq!(hash.node_of(GIB), Some(NodeId(1)));
    assert_eq!(hash.node_of(2 * GIB), None);
    let one = NodeHash::new(&[(NodeId(0), 0..4 * GIB)]).unwrap();
    assert_eq!((one.shift(), one.places()), (63, 1));
    let overlap = [(NodeId(0), 0..GIB + 1), (NodeId(1), GIB..2 * GIB)];
    assert_eq!(NodeHash::new(&overlap), None);
    let absurd = [(NodeId(0), 0..u64::MAX), (NodeId(1), 1..2)];
    assert_eq!(NodeHash::new(&absurd), None);
}
