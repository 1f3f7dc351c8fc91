//! `basic_api.c`: adding and removing. What holds of memory holds of reservations.

use pfnlab_mm::boot::memblock::{Memblock, MemblockError, MemblockPolicy, Region, RegionFlags};
use pfnlab_model::{ByteRange, MemblockDump, MemblockList, NodeId};

use super::common::{LISTS, check, empty, list, plain, show, sized};

/// `+START:SIZE` adds or reserves, `-START:SIZE` removes or frees; all hexadecimal.
#[track_caller]
fn after(ops: &str, expected: &str) {
    for which in LISTS {
        let mut memblock = empty();
        for op in ops.split_whitespace() {
            let (sign, range) = op.split_at(1);
            let range = sized(range);
            match (sign, which) {
                ("+", MemblockList::Memory) => memblock.add(range),
                ("+", MemblockList::Reserved) => memblock.reserve(range),
                (_, MemblockList::Memory) => memblock.remove(range),
                (_, MemblockList::Reserved) => memblock.free(range),
            }
            .unwrap();
        }
        assert_eq!(show(list(&memblock, which)), expected, "{which}");
    }
}

#[test]
fn initialization_check() {
    let memblock = Memblock::new(MemblockPolicy::LINUX_6_12);
    for which in LISTS {
        assert_eq!(memblock.count(which), 0);
        assert_eq!(list(&memblock, which).capacity(), 128);
    }
    assert!(!memblock.bottom_up);
    assert_eq!(memblock.current_limit(), u64::MAX);
    assert_eq!(MemblockList::Memory.name(), "memory");
    assert_eq!(MemblockList::Reserved.name(), "reserved");
}

#[test]
fn an_empty_list_of_6_1_has_a_dummy_entry() {
    let memblock = Memblock::new(MemblockPolicy::LINUX_6_1);
    assert_eq!(memblock.count(MemblockList::Memory), 1);
    let line = memblock.dump().memory[0].to_string();
    assert_eq!(
        line,
        "[0x0000000000000000-0xffffffffffffffff], 0x0000000000000000 bytes flags: 0x0"
    );
}

#[test]
fn add_simple() {
    after("+40000000:400000", "40000000..40400000 = 400000");
}

#[test]
fn add_node_simple() {
    let mut memblock = empty();
    let region = Region {
        range: sized("100000:1000000"),
        node: Some(NodeId(1)),
        flags: RegionFlags::HOTPLUG,
    };
    memblock.add_node(region).unwrap();
    assert_eq!(memblock.memory().regions(), [region]);
    assert_eq!(memblock.memory().total_size(), 0x100_0000);
}

#[test]
fn add_disjoint() {
    after(
        "+40000000:2000 +40010000:4000",
        "40000000..40002000 40010000..40014000 = 6000",
    );
    after(
        "+40010000:4000 +40000000:2000",
        "40000000..40002000 40010000..40014000 = 6000",
    );
}

#[test]
fn add_overlap_top() {
    after(
        "+20000000:40000000 +8000000:20000000",
        "8000000..60000000 = 58000000",
    );
}

#[test]
fn add_overlap_bottom() {
    after(
        "+8000000:20000000 +20000000:40000000",
        "8000000..60000000 = 58000000",
    );
}

#[test]
fn add_within() {
    after(
        "+8000000:2000000 +8800000:100000",
        "8000000..a000000 = 2000000",
    );
}

#[test]
fn add_twice() {
    after("+4000:2000 +4000:2000", "4000..6000 = 2000");
}

#[test]
fn add_between() {
    after(
        "+40000000:2000 +40006000:2000 +40002000:4000",
        "40000000..40008000 = 8000",
    );
}

#[test]
fn add_near_max() {
    after(
        "+ffffffffffffe000:4000",
        "ffffffffffffe000..ffffffffffffffff = 1fff",
    );
    after("+ffffffffffffffff:1", " = 0");
}

#[test]
fn adding_over_several_keeps_what_was_there() {
    let mut memblock = empty();
    let old = Region {
        range: sized("2000:1000"),
        node: Some(NodeId(3)),
        flags: RegionFlags::NONE,
    };
    memblock.add_node(old).unwrap();
    memblock.add(sized("1000:3000")).unwrap();
    let nodes: Vec<_> = memblock.memory().regions().iter().map(|r| r.node).collect();
    assert_eq!(nodes, [None, Some(NodeId(3)), None]);
    assert_eq!(
        show(memblock.memory()),
        "1000..2000 2000..3000 3000..4000 = 3000"
    );
}

#[test]
fn remove_simple() {
    after("+8000:4000 +20000:8000 -8000:4000", "20000..28000 = 8000");
}

#[test]
fn remove_absent() {
    after("+8000:4000 -20000:4000", "8000..c000 = 4000");
    after("-20000:4000", " = 0");
}

#[test]
fn remove_overlap_top() {
    after("+20000:8000 -1c000:8000", "24000..28000 = 4000");
}

#[test]
fn remove_overlap_bottom() {
    after("+20000:8000 -24000:8000", "20000..24000 = 4000");
}

#[test]
fn remove_within() {
    after(
        "+20000:8000 -22000:1000",
        "20000..22000 23000..28000 = 7000",
    );
}

#[test]
fn remove_only_region() {
    after("+2000:8000 -2000:8000", " = 0");
}

#[test]
fn remove_near_max() {
    after(
        "+ffffffffffffe000:4000 -fffffffffffff000:4000",
        "ffffffffffffe000..fffffffffffff000 = 1000",
    );
}

#[test]
fn remove_overlap_two() {
    after(
        "+10000:8000 +20000:8000 -14000:10000",
        "10000..14000 24000..28000 = 8000",
    );
}

#[test]
fn a_range_that_runs_backward_changes_nothing() {
    let mut memblock = plain();
    let before = memblock.clone();
    let backward = ByteRange {
        start: u64::MAX,
        end: 5,
    };
    memblock.add(backward).unwrap();
    memblock.remove(backward).unwrap();
    memblock.reserve(backward).unwrap();
    memblock.free(backward).unwrap();
    memblock
        .set_node(MemblockList::Memory, backward, Some(NodeId(1)))
        .unwrap();
    memblock.mark(backward, RegionFlags::NOMAP).unwrap();
    memblock.cap(backward).unwrap();
    assert_eq!(memblock, before);
}

#[test]
fn set_bottom_up() {
    check(&plain(), "", "size=40", "7fc0..8000", "0..40");
}

#[test]
fn overlaps_region_check() {
    let mut memblock = empty();
    memblock.add(sized("40000:10000")).unwrap();
    let overlaps = |range| memblock.memory().overlaps(sized(range));
    for far in [
        "10000:1000",
        "80000:1000",
        "30000:10000",
        "50000:1000",
        "48000:0",
    ] {
        assert!(!overlaps(far), "{far}");
    }
    for near in [
        "38000:9000",
        "40000:10000",
        "48000:20000",
        "44000:1000",
        "30000:40000",
    ] {
        assert!(overlaps(near), "{near}");
    }
}

#[test]
fn set_node_splits_and_merges() {
    let mut memblock = plain();
    let (low, high) = (sized("100000:1000"), sized("101000:7000"));
    let memory = MemblockList::Memory;
    memblock.set_node(memory, low, Some(NodeId(0))).unwrap();
    memblock.set_node(memory, high, Some(NodeId(1))).unwrap();
    assert_eq!(
        show(memblock.memory()),
        "100000..101000 101000..108000 = 8000"
    );
    memblock.set_node(memory, high, Some(NodeId(0))).unwrap();
    assert_eq!(show(memblock.memory()), "100000..108000 = 8000");
}

#[test]
fn flags_are_set_and_cleared_where_asked() {
    let mut memblock = plain();
    let middle = sized("102000:1000");
    memblock.mark(middle, RegionFlags::HOTPLUG).unwrap();
    memblock.mark(middle, RegionFlags::NOMAP).unwrap();
    let flags = |memblock: &Memblock| -> Vec<u32> {
        let regions = memblock.memory().regions().iter();
        regions.map(|region| region.flags.bits()).collect()
    };
    assert_eq!(flags(&memblock), [0, 5, 0]);
    memblock.clear(middle, RegionFlags::HOTPLUG).unwrap();
    assert_eq!(flags(&memblock), [0, 4, 0]);
    memblock.clear(middle, RegionFlags::NOMAP).unwrap();
    assert_eq!(flags(&memblock), [0]);
}

#[test]
fn memory_is_mirrored_only_where_the_kernel_wants_it() {
    let mut memblock = plain();
    let high = sized("104000:4000");
    memblock.mark(high, RegionFlags::MIRROR).unwrap();
    assert_eq!(memblock, plain());
    memblock.mirrored_kernelcore = true;
    memblock.mark(high, RegionFlags::MIRROR).unwrap();
    assert_eq!(memblock.memory().regions()[1].flags, RegionFlags::MIRROR);
}

#[test]
fn reservations_are_marked_as_not_to_be_initialised() {
    let mut memblock = plain();
    memblock.reserve(sized("100000:4000")).unwrap();
    memblock.mark_noinit(sized("101000:1000")).unwrap();
    let flags = memblock
        .reserved()
        .regions()
        .iter()
        .map(|region| region.flags.bits());
    assert_eq!(flags.collect::<Vec<_>>(), [0, 16, 0]);
}

#[test]
fn an_alignment_is_a_power_of_two() {
    let mut memblock = plain();
    assert_eq!(memblock.trim(3), Err(MemblockError::Alignment(3)));
    assert_eq!(memblock.trim(0), Err(MemblockError::Alignment(0)));
}

/// The text is that of a 6.12 kernel with two nodes.
#[test]
fn dump() {
    let mut memblock = Memblock::new(MemblockPolicy::LINUX_6_12);
    memblock.add(sized("1000:9ec00")).unwrap();
    memblock.add(sized("100000:7fee0000")).unwrap();
    memblock.trim(0x1000).unwrap();
    let nodes = [("1000:3ffff000", 0), ("40000000:40000000", 1)];
    for (range, node) in nodes {
        let node = Some(NodeId(node));
        memblock
            .set_node(MemblockList::Memory, sized(range), node)
            .unwrap();
    }
    memblock.reserve(sized("0:100000")).unwrap();
    memblock
        .set_node(
            MemblockList::Reserved,
            sized("1000:3ffff000"),
            Some(NodeId(0)),
        )
        .unwrap();
    let dump: MemblockDump = memblock.dump();
    assert_eq!(
        dump.to_string(),
        "\
MEMBLOCK configuration:
 memory size = 0x000000007ff7ec00 reserved size = 0x0000000000100000
 memory.cnt  = 0x3
 memory[0x0]\t[0x0000000000001000-0x000000000009efff], 0x000000000009e000 bytes on node 0 flags: 0x0
 memory[0x1]\t[0x0000000000100000-0x000000003fffffff], 0x000000003ff00000 bytes on node 0 flags: 0x0
 memory[0x2]\t[0x0000000040000000-0x000000007ffdffff], 0x000000003ffe0000 bytes on node 1 flags: 0x0
 reserved.cnt  = 0x2
 reserved[0x0]\t[0x0000000000000000-0x0000000000000fff], 0x0000000000001000 bytes flags: 0x0
 reserved[0x1]\t[0x0000000000001000-0x00000000000fffff], 0x00000000000ff000 bytes on node 0 flags: 0x0
"
    );
}
