//! The firmware's word on which memory is on which node, cleaned up (`numa_cleanup_meminfo`).

use alloc::vec::Vec;

use pfnlab_model::{Affinity, BootScript, ByteRange, NodeId};

use super::memblock::{Memblock, MemblockPolicy};

/// A firmware that leaves more memory than this without a node is not believed.
const MOST_WITHOUT_NODE: u64 = 1 << 20;

/// What is on a node; there need not be memory everywhere in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRange {
    /// Where it is.
    pub range: ByteRange,
    /// The node.
    pub node: NodeId,
}

/// Which memory is on which node: as `numa=fake=` says, else as the firmware says, else all on
/// node 0. Ascending and disjoint.
pub fn node_ranges(
    script: &BootScript,
    memblock: &Memblock,
    policy: MemblockPolicy,
) -> Vec<NodeRange> {
    let everything = bounds(memblock, policy);
    [&script.fake_nodes, &script.affinity]
        .into_iter()
        .find_map(|said| clean_up(said, memblock, everything))
        .unwrap_or_else(|| {
            let node = NodeId(0);
            let range = everything;
            Vec::from([NodeRange { range, node }])
        })
}

/// Nothing outside of this is on a node.
fn bounds(memblock: &Memblock, policy: MemblockPolicy) -> ByteRange {
    let start = policy.node_floor.start(memblock.start_of_memory());
    let end = memblock.end_of_memory();
    ByteRange { start, end }
}

/// Clamped to where memory is, and joined where no other node lies between. `None`: nothing is
/// said, or what is said is not believed.
fn clean_up(said: &[Affinity], memblock: &Memblock, bounds: ByteRange) -> Option<Vec<NodeRange>> {
    let clamped = said.iter().map(|said| NodeRange {
        node: said.node,
        range: ByteRange {
            start: said.range.start.max(bounds.start),
            end: said.range.end.min(bounds.end),
        },
    });
    let mut ranges: Vec<NodeRange> = clamped
        .filter(|node| memblock.memory().overlaps(node.range))
        .collect();
    let of_others = |ranges: &[NodeRange], one: NodeRange| {
        let mut others = ranges.iter().filter(|other| other.node != one.node);
        others.any(|other| overlap(other.range, one.range))
    };
    if ranges.is_empty() || ranges.iter().any(|&one| of_others(&ranges, one)) {
        return None;
    }
    let mut at = 0;
    while at < ranges.len() {
        let mut next = at + 1;
        while next < ranges.len() {
            let (first, second) = (ranges[at], ranges[next]);
            let joined = NodeRange {
                node: first.node,
                range: hull(first.range, second.range),
            };
            if first.node == second.node && !of_others(&ranges, joined) {
                ranges[at] = joined;
                ranges.remove(next);
            } else {
                next += 1;
            }
        }
        at += 1;
    }
    ranges.sort_by_key(|node| node.range);
    (without_node(&ranges, memblock) <= MOST_WITHOUT_NODE).then_some(ranges)
}

/// How many bytes of memory are on no node. Ranges of one node may still overlap.
fn without_node(ranges: &[NodeRange], memblock: &Memblock) -> u64 {
    let mut missing = 0;
    for memory in memblock.memory().regions() {
        let mut start = memory.range.start;
        for node in ranges.iter().filter(|n| overlap(n.range, memory.range)) {
            missing += node.range.start.saturating_sub(start);
            start = start.max(node.range.end);
        }
        missing += memory.range.end.saturating_sub(start);
    }
    missing
}

fn overlap(one: ByteRange, other: ByteRange) -> bool {
    one.start < other.end && other.start < one.end
}

fn hull(one: ByteRange, other: ByteRange) -> ByteRange {
    ByteRange {
        start: one.start.min(other.start),
        end: one.end.max(other.end),
    }
}
