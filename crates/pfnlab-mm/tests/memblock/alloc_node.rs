//! `alloc_nid_api.c`, `alloc_exact_nid_api.c`: limits on both sides, and nodes.
//!
//! ```text
//!   node     0      1      2      3      4      5      6      7
//!   from     0   1000   1800   2000   3800   3c00   5c00   7400   (8000)
//! ```

use pfnlab_mm::boot::memblock::RegionFlags;
use pfnlab_model::{ByteRange, NodeId};

use super::common::{BASE, NODE_ENDS, check, check_generic, numa, plain, sized};

#[test]
fn simple() {
    check(
        &plain(),
        "",
        "size=40 from=1000 to=3000",
        "2fc0..3000",
        "1000..1040",
    );
}

#[test]
fn end_misaligned_and_start_misaligned() {
    check(
        &plain(),
        "",
        "size=40 from=1002 to=2fe2",
        "2f80..2fc0",
        "1040..1080",
    );
}

#[test]
fn exact_address_generic() {
    check_generic(&plain(), "", "size=40 from=1000 to=1040", "1000..1040");
}

#[test]
fn narrow_range() {
    check(
        &plain(),
        "",
        "size=40 from=1020 to=1040",
        "1000..1040",
        "0..40",
    );
}

#[test]
fn low_max_generic() {
    check_generic(&plain(), "", "size=40 to=20", "none");
}

#[test]
fn min_reserved_generic() {
    check_generic(&plain(), "fc0:40", "size=40 from=1000 to=1040", "fc0..1040");
}

#[test]
fn max_reserved_generic() {
    check_generic(
        &plain(),
        "2000:40",
        "size=40 from=1fc0 to=2000",
        "1fc0..2040",
    );
}

#[test]
fn reserved_full_merge_generic() {
    check_generic(
        &plain(),
        "fc0:40 1040:40",
        "size=40 from=1000 to=1040",
        "fc0..1080",
    );
}

#[test]
fn reserved_with_space() {
    let (down, up) = ("1000..1040 1fc0..2040", "1000..1080 2000..2040");
    check(
        &plain(),
        "1000:40 2000:40",
        "size=40 from=1040 to=2000",
        down,
        up,
    );
}

#[test]
fn reserved_no_space() {
    let (down, up) = ("fc0..1040 1060..10a0", "0..40 1000..1040 1060..10a0");
    check(
        &plain(),
        "1000:40 1060:40",
        "size=40 from=1040 to=1060",
        down,
        up,
    );
}

#[test]
fn reserved_all_generic() {
    check_generic(
        &plain(),
        "0:1000 1020:6fe0",
        "size=40 from=1000 to=1020",
        "none",
    );
}

#[test]
fn cap_max() {
    check(
        &plain(),
        "",
        "size=40 from=7000 to=9000",
        "7fc0..8000",
        "7000..7040",
    );
}

#[test]
fn cap_min() {
    check(
        &plain(),
        "",
        "size=40 from=-1000 to=1000",
        "fc0..1000",
        "0..40",
    );
}

/// A request that prefers node `node`, and one that insists on it.
#[track_caller]
fn on_node(reserved: &str, asked: &str, preferred: [&str; 2], insisted: [&str; 2]) {
    check(&numa(), reserved, asked, preferred[0], preferred[1]);
    let exact = format!("{asked} exact");
    check(&numa(), reserved, &exact, insisted[0], insisted[1]);
}

const NONE: [&str; 2] = ["none", "none"];

#[test]
fn numa_simple() {
    let there = ["5bc0..5c00", "3c00..3c40"];
    on_node("", "size=40 node=5", there, there);
}

#[test]
fn numa_small_node() {
    on_node("", "size=800 node=4", ["7800..8000", "0..800"], NONE);
}

#[test]
fn numa_node_reserved() {
    let elsewhere = ["3800..3c00 7fc0..8000", "0..40 3800..3c00"];
    on_node("3800:400", "size=40 node=4", elsewhere, NONE);
}

#[test]
fn numa_part_reserved() {
    let above = ["4fc0..5c00", "3c00..3c40 5000..5c00"];
    on_node("5000:c00", "size=40 node=5", above, above);
    let below = ["3c00..4000 5bc0..5c00", "3c00..4040"];
    on_node("3c00:400", "size=40 node=5", below, below);
}

#[test]
fn numa_part_reserved_fallback() {
    let elsewhere = ["2400..3400 7800..8000", "0..800 2400..3400"];
    on_node("2400:1000", "size=800 node=3", elsewhere, NONE);
}

#[test]
fn numa_split_range_low() {
    let there = ["37c0..3800", "2000..2040"];
    on_node("", "size=40 from=37e0 to=3820 node=3", there, there);
}

#[test]
fn numa_split_range_high() {
    let elsewhere = ["37c0..3800", "0..40"];
    on_node("", "size=40 from=37e0 to=3820 node=4", elsewhere, NONE);
}

#[test]
fn numa_no_overlap_split() {
    let there = ["17c0..1800", "1000..1040"];
    on_node("", "size=40 from=37e0 to=3820 node=1", there, there);
}

#[test]
fn numa_no_overlap_low() {
    let (elsewhere, there) = (["37c0..3800", "2000..2040"], ["17c0..1800", "1000..1040"]);
    on_node("", "size=40 from=2000 to=3800 node=1", elsewhere, there);
}

#[test]
fn numa_no_overlap_high() {
    let elsewhere = ["37c0..3800", "2000..2040"];
    on_node("", "size=40 from=2000 to=3800 node=7", elsewhere, NONE);
}

#[test]
fn numa_large_region() {
    on_node("", "size=2001 node=5", NONE, NONE);
}

#[test]
fn numa_reserved_full_merge() {
    let whole = ["3c00..5c00", "3c00..5c00"];
    on_node("3c00:1000 4c40:fc0", "size=40 node=5", whole, whole);
}

#[test]
fn numa_split_all_reserved() {
    on_node("0:37e0 3820:47e0", "size=40 node=3", NONE, NONE);
}

#[test]
fn alloc_node_on_correct_nid() {
    let mut start = 0;
    for (node, end) in NODE_ENDS.into_iter().enumerate() {
        let asked = format!("size=40 node={node}");
        let down = format!("{:x}..{end:x}", end - 0x40);
        let up = format!("{start:x}..{:x}", start + 0x40);
        check(&numa(), "", &asked, &down, &up);
        start = end;
    }
}

#[test]
fn mirrored_memory_comes_first_even_on_another_node() {
    let mut memblock = numa();
    memblock.mirrored_kernelcore = true;
    memblock
        .mark(ByteRange::sized(BASE, 0x1000), RegionFlags::MIRROR)
        .unwrap();
    check(&memblock, "", "size=40 node=5", "fc0..1000", "0..40");
    // Full of it, any memory will do.
    check(
        &memblock,
        "0:1000",
        "size=40 node=5",
        "0..1000 5bc0..5c00",
        "0..1000 3c00..3c40",
    );
}

#[test]
fn memory_that_can_be_unplugged_is_left_alone_if_the_kernel_is_to_move() {
    let mut memblock = numa();
    memblock
        .mark(
            ByteRange::sized(BASE + 0x7000, 0x1000),
            RegionFlags::HOTPLUG,
        )
        .unwrap();
    check(&memblock, "", "size=40", "7fc0..8000", "0..40");
    memblock.movable_node = true;
    check(&memblock, "", "size=40", "6fc0..7000", "0..40");
}

#[test]
fn memory_that_is_not_mapped_is_never_given() {
    let mut memblock = numa();
    memblock
        .mark(sized("100000:8000"), RegionFlags::NOMAP)
        .unwrap();
    check_generic(&memblock, "", "size=40", "none");
    let found = memblock
        .memory()
        .search(BASE + 0x3801)
        .and_then(|region| region.node);
    assert_eq!(found, Some(NodeId(4)));
}
