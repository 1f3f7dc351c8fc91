//! `alloc_api.c`: where a request without limits is met. 32 KiB of memory, addresses from its
//! start; reservations are `START:SIZE`.

use super::common::{check, check_generic, empty, plain};

#[test]
fn simple() {
    check(&plain(), "", "size=40", "7fc0..8000", "0..40");
}

#[test]
fn disjoint() {
    check(
        &plain(),
        "7fd0:30 0:30",
        "size=40",
        "0..30 7f80..7fc0 7fd0..8000",
        "0..30 40..80 7fd0..8000",
    );
}

#[test]
fn before() {
    check(
        &plain(),
        "7fc0:40 0:40",
        "size=40",
        "0..40 7f80..8000",
        "0..80 7fc0..8000",
    );
}

#[test]
fn after() {
    check(
        &plain(),
        "7f80:40",
        "size=80",
        "7f00..7fc0",
        "0..80 7f80..7fc0",
    );
    check(&plain(), "40:40", "size=80", "40..80 7f80..8000", "40..100");
}

#[test]
fn second_fit() {
    check(
        &plain(),
        "7f40:40 7fc0:40",
        "size=80",
        "7ec0..7f80 7fc0..8000",
        "0..80 7f40..7f80 7fc0..8000",
    );
    check(
        &plain(),
        "0:40 80:40",
        "size=80",
        "0..40 80..c0 7f80..8000",
        "0..40 80..140",
    );
}

#[test]
fn in_between_generic() {
    check_generic(&plain(), "0:1000 1040:6fc0", "size=40", "0..8000");
}

#[test]
fn small_gaps_generic() {
    check_generic(&plain(), "0:1000 1020:1000 2040:5f80", "size=80", "none");
}

#[test]
fn all_reserved_generic() {
    check_generic(&plain(), "0:8000", "size=40", "none");
}

#[test]
fn no_space_generic() {
    check_generic(&plain(), "0:7fe0", "size=40", "none");
}

#[test]
fn limited_space_generic() {
    check_generic(&plain(), "0:7fc0", "size=40", "0..8000");
}

#[test]
fn too_large_generic() {
    check_generic(&plain(), "", "size=8001", "none");
    check_generic(&plain(), "", "size=ffffffffffffffff", "none");
}

#[test]
fn no_memory_generic() {
    check_generic(&empty(), "", "size=40", "none");
}

#[test]
fn no_alignment_is_a_cache_line() {
    check(&plain(), "", "size=1 align=0", "7fc0..7fc1", "0..1");
    check_generic(&plain(), "", "size=1 align=30", "none");
}

#[test]
fn an_alignment_larger_than_memory() {
    check_generic(&plain(), "", "size=1 align=8000000000000000", "none");
}

#[test]
fn memory_above_the_limit_is_out_of_reach() {
    let mut memblock = plain();
    memblock.set_current_limit(0x10_2000);
    check(&memblock, "", "size=40", "1fc0..2000", "0..40");
    check(&memblock, "", "size=40 to=3000", "1fc0..2000", "0..40");
    memblock.set_current_limit(0x10_0000);
    check_generic(&memblock, "", "size=40", "none");
}
