//! Walks over memory.

use pfnlab_mm::boot::memblock::{Filter, Memblock, RegionFlags};
use pfnlab_model::{ByteRange, MemblockList, NodeId};

use super::common::{empty, sized};

fn pieces(memblock: &Memblock, filter: Filter) -> String {
    let show = |range: ByteRange| format!("{:x}..{:x}", range.start, range.end);
    let up: Vec<_> = memblock
        .free_ranges(filter)
        .map(|free| show(free.range))
        .collect();
    let mut down: Vec<_> = memblock
        .free_ranges_reverse(filter)
        .map(|free| show(free.range))
        .collect();
    down.reverse();
    assert_eq!(up, down, "the reverse walk is the mirror image");
    up.join(" ")
}

fn of_node(node: u16) -> Filter {
    Filter {
        node: Some(NodeId(node)),
        ..Filter::default()
    }
}

fn two_nodes() -> Memblock {
    let mut memblock = empty();
    memblock.add(sized("1000:9000")).unwrap();
    for (range, node) in [("1000:4000", 0), ("5000:5000", 1)] {
        let node = Some(NodeId(node));
        memblock
            .set_node(MemblockList::Memory, sized(range), node)
            .unwrap();
    }
    memblock
}

#[test]
fn a_piece_never_spans_two_entries_of_memory() {
    let mut memblock = two_nodes();
    assert_eq!(
        pieces(&memblock, Filter::default()),
        "1000..5000 5000..a000"
    );
    memblock.reserve(sized("2000:1000")).unwrap();
    memblock.reserve(sized("4000:2000")).unwrap();
    assert_eq!(
        pieces(&memblock, Filter::default()),
        "1000..2000 3000..4000 6000..a000"
    );
    assert_eq!(pieces(&memblock, of_node(0)), "1000..2000 3000..4000");
    assert_eq!(pieces(&memblock, of_node(1)), "6000..a000");
    assert_eq!(pieces(&memblock, of_node(2)), "");
}

#[test]
fn reservations_that_touch_leave_nothing_between_them() {
    let mut memblock = two_nodes();
    memblock.reserve(sized("2000:1000")).unwrap();
    memblock.reserve(sized("3000:1000")).unwrap();
    let node = Some(NodeId(1));
    memblock
        .set_node(MemblockList::Reserved, sized("3000:1000"), node)
        .unwrap();
    assert_eq!(memblock.reserved().regions().len(), 2);
    assert_eq!(
        pieces(&memblock, Filter::default()),
        "1000..2000 4000..5000 5000..a000"
    );
}

#[test]
fn reservations_may_cover_what_does_not_exist() {
    let mut memblock = two_nodes();
    memblock.reserve(sized("0:2000")).unwrap();
    memblock.reserve(sized("9000:ffffffffffffffff")).unwrap();
    assert_eq!(
        pieces(&memblock, Filter::default()),
        "2000..5000 5000..9000"
    );
}

#[test]
fn flags_decide_what_a_walk_sees() {
    let mut memblock = two_nodes();
    let flags = |flags| Filter { flags, node: None };
    memblock
        .mark(sized("2000:1000"), RegionFlags::NOMAP)
        .unwrap();
    memblock
        .mark(sized("6000:1000"), RegionFlags::DRIVER_MANAGED)
        .unwrap();
    assert_eq!(
        pieces(&memblock, Filter::default()),
        "1000..2000 3000..5000 5000..6000 7000..a000"
    );
    assert_eq!(
        pieces(&memblock, flags(RegionFlags::NOMAP)),
        "1000..2000 2000..3000 3000..5000 5000..6000 7000..a000"
    );
    memblock.mirrored_kernelcore = true;
    memblock
        .mark(sized("8000:1000"), RegionFlags::MIRROR)
        .unwrap();
    assert_eq!(pieces(&memblock, flags(RegionFlags::MIRROR)), "8000..9000");
}

#[test]
fn frames_are_whole() {
    let mut memblock = empty();
    memblock.add(sized("1800:2000")).unwrap();
    memblock.add(sized("5001:ffe")).unwrap();
    memblock.add(sized("8000:4fff")).unwrap();
    let frames: Vec<_> = memblock
        .pfn_ranges(None)
        .map(|(frames, _)| frames.to_string())
        .collect();
    assert_eq!(frames, ["0x2..0x3", "0x8..0xc"]);
}

#[test]
fn frames_of_a_node() {
    let memblock = two_nodes();
    let of = |node| -> Vec<_> {
        let ranges = memblock.pfn_ranges(Some(NodeId(node)));
        ranges.map(|(frames, _)| frames.to_string()).collect()
    };
    assert_eq!(
        (of(0), of(1)),
        (vec!["0x1..0x5".into()], vec!["0x5..0xa".into()])
    );
    assert_eq!(
        (memblock.start_of_memory(), memblock.end_of_memory()),
        (0x1000, 0xa000)
    );
}
