//! Which node a frame is on, and what each node has.

use pfnlab_mm::boot::early_nid::{EarlyNid, node_alignment};
use pfnlab_mm::boot::memblock::{Memblock, MemblockPolicy, Region, RegionFlags};
use pfnlab_mm::boot::node_states::{NodeStates, deal_cpus};
use pfnlab_model::{ByteRange, NodeId, NodeMask, Pfn, ZoneId, ZoneKind};

const GIB: u64 = 1 << 30;
const GIB_FRAMES: u64 = 1 << 18;

/// Memory by start, end and node.
fn memory(ranges: &[(u64, u64, u16)]) -> Memblock {
    let mut memblock = Memblock::new(MemblockPolicy::LINUX_6_12);
    for &(start, end, node) in ranges {
        memblock
            .add_node(Region {
                range: ByteRange { start, end },
                node: Some(NodeId(node)),
                flags: RegionFlags::NONE,
            })
            .unwrap();
    }
    memblock
}

/// N0|N1|N2|N0|N1|N2, 1 GiB each, from 4 GiB on.
fn interleaved() -> Memblock {
    let ranges = (0..6).map(|part| ((4 + part) * GIB, (5 + part) * GIB, (part % 3) as u16));
    memory(&ranges.collect::<Vec<_>>())
}

fn lookup(early: &mut EarlyNid, memblock: &Memblock, pfn: u64) -> Option<u16> {
    early.lookup(memblock, Pfn::new(pfn)).map(|node| node.0)
}

#[test]
fn a_hole_is_on_no_node_and_falls_to_the_first_online() {
    let memblock = memory(&[(0x1000, 0x9f000, 1), (0x10_0000, GIB, 2)]);
    let mut early = EarlyNid::new();
    assert_eq!(lookup(&mut early, &memblock, 0xa0), None);
    assert_eq!(lookup(&mut early, &memblock, 0), None);
    assert_eq!(lookup(&mut early, &memblock, u64::MAX), None);
    let online: NodeMask = [NodeId(2), NodeId(1)].into_iter().collect();
    let states = NodeStates::new(online, online, &[], &[]);
    assert_eq!(states.first_online(), NodeId(1));
    let hole = Pfn::new(0xa0);
    assert_eq!(
        early.node_of(&memblock, hole, states.first_online()),
        NodeId(1)
    );
    // A hole belongs to whoever asks; memory does not.
    assert!(early.may_be_on(&memblock, hole, NodeId(7)));
    assert!(early.may_be_on(&memblock, Pfn::new(0x100), NodeId(2)));
    assert!(!early.may_be_on(&memblock, Pfn::new(0x100), NodeId(1)));
}

#[test]
fn a_walk_over_memory_searches_once_for_every_range() {
    let memblock = interleaved();
    let mut early = EarlyNid::new();
    let frames = (4 * GIB_FRAMES..10 * GIB_FRAMES).step_by(1024);
    let asked = frames.clone().count() as u64;
    for pfn in frames {
        let node = (pfn / GIB_FRAMES - 4) % 3;
        assert_eq!(lookup(&mut early, &memblock, pfn), Some(node as u16));
    }
    assert_eq!((early.misses(), early.hits()), (6, asked - 6));
}

#[test]
fn going_back_and_forth_searches_every_time() {
    let memblock = interleaved();
    let mut early = EarlyNid::new();
    for _ in 0..10 {
        lookup(&mut early, &memblock, 4 * GIB_FRAMES);
        lookup(&mut early, &memblock, 5 * GIB_FRAMES);
    }
    assert_eq!((early.misses(), early.hits()), (20, 0));
}

#[test]
fn a_hole_leaves_the_cache_alone() {
    let memblock = memory(&[(0x1000, 0x9f000, 0)]);
    let mut early = EarlyNid::new();
    lookup(&mut early, &memblock, 1);
    lookup(&mut early, &memblock, 0x1000);
    lookup(&mut early, &memblock, 2);
    assert_eq!((early.misses(), early.hits()), (2, 1));
}

/// The worked example: frame 1400000 lies in the spans of nodes 0 and 1.
#[test]
fn in_overlapping_spans_a_frame_has_one_owner() {
    let memblock = interleaved();
    let mut early = EarlyNid::new();
    assert_eq!(lookup(&mut early, &memblock, 1_400_000), Some(1));
    for node in 0..3 {
        let ranges: Vec<_> = memblock
            .pfn_ranges(Some(NodeId(node)))
            .map(|(r, _)| r)
            .collect();
        let present: u64 = ranges.iter().map(|range| range.frames()).sum();
        let spanned = ranges[1].end().since(ranges[0].start());
        assert_eq!((spanned, present), (1_048_576, 524_288));
    }
}

#[test]
fn a_partial_first_frame_is_only_found_by_the_cache() {
    let memblock = memory(&[(0x1800, 0x4000, 3)]);
    let mut early = EarlyNid::new();
    assert_eq!(lookup(&mut early, &memblock, 1), None);
    assert_eq!(lookup(&mut early, &memblock, 2), Some(3));
    assert_eq!(lookup(&mut early, &memblock, 1), Some(3));
    early.reset();
    assert_eq!(lookup(&mut early, &memblock, 1), None);
}

#[test]
fn the_cache_does_not_notice_that_memory_changed() {
    let mut memblock = memory(&[(0x1000, 0x4000, 3)]);
    let mut early = EarlyNid::new();
    lookup(&mut early, &memblock, 1);
    memblock.remove(ByteRange::sized(0, GIB)).unwrap();
    assert_eq!(lookup(&mut early, &memblock, 2), Some(3));
    assert_eq!(lookup(&mut early, &memblock, 9), None);
}

/// The examples of the specification, and no constraint without a second node.
#[test]
fn the_alignment_that_keeps_nodes_apart() {
    let check = |ranges: &[(u64, u64, u16)], frames| {
        assert_eq!(node_alignment(&memory(ranges)), frames);
    };
    check(&[(0, GIB, 0), (GIB, 2 * GIB, 1)], 262_144);
    check(&[(0, 5 * GIB / 4, 0), (5 * GIB / 4, 2 * GIB, 1)], 65_536);
    // A hole between the nodes leaves the border free to move.
    check(&[(0, GIB, 0), (9 * GIB / 4, 3 * GIB, 1)], 524_288);
    check(&[(0, GIB, 0), (5 * GIB / 4, 2 * GIB, 1)], 262_144);
    check(&[(0, GIB, 0)], 0);
    check(&[], 0);
}

fn mask(nodes: &[u16]) -> NodeMask {
    nodes.iter().copied().map(NodeId).collect()
}

#[test]
fn what_each_node_has() {
    let zone = |node, kind, present| {
        let node = NodeId(node);
        (ZoneId { node, kind }, present)
    };
    let zones = [
        zone(0, ZoneKind::Dma, 3999),
        zone(0, ZoneKind::Normal, 0),
        // Only memory that can be moved away.
        zone(1, ZoneKind::Normal, 0),
        zone(1, ZoneKind::Movable, 1024),
        // Memory only above what the kernel maps.
        zone(2, ZoneKind::HighMem, 512),
        // None at all.
        zone(3, ZoneKind::Normal, 0),
        zone(4, ZoneKind::Normal, 7),
        zone(4, ZoneKind::Movable, 7),
    ];
    let possible = mask(&[0, 1, 2, 3, 4, 5]);
    let states = NodeStates::new(
        possible,
        mask(&[0, 1, 2, 3, 4]),
        &zones,
        &[NodeId(3), NodeId(0)],
    );
    assert_eq!(states.memory, mask(&[0, 1, 2, 4]));
    assert_eq!(states.normal_memory, mask(&[0, 4]));
    assert_eq!(states.high_memory, mask(&[0, 2, 4]));
    assert_eq!(states.cpu, mask(&[0, 3]));
    assert_eq!(states.possible, possible);
}

#[test]
fn cpus_without_a_node_are_dealt_round() {
    let node = |id| Some(NodeId(id));
    let cpus = [None, node(2), node(9), None, None];
    let dealt = deal_cpus(&cpus, mask(&[1, 2]));
    assert_eq!(dealt, [1, 2, 2, 1, 2].map(NodeId));
    assert_eq!(deal_cpus(&[None], mask(&[])), [NodeId(0)]);
}
