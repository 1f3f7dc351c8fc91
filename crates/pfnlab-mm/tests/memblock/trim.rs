//! `basic_api.c`: cutting memory down.

use pfnlab_mm::boot::memblock::RegionFlags;

use super::common::{empty, plain, show, sized};

#[track_caller]
fn trimmed(memory: &str, align: u64, expected: &str) {
    let mut memblock = empty();
    for range in memory.split_whitespace() {
        memblock.add(sized(range)).unwrap();
    }
    memblock.trim(align).unwrap();
    assert_eq!(show(memblock.memory()), expected);
}

#[test]
fn trim_memory_aligned() {
    trimmed("10000:4000", 0x1000, "10000..14000 = 4000");
}

#[test]
fn trim_memory_too_small() {
    trimmed("10000:4000 20100:200", 0x1000, "10000..14000 = 4000");
}

/// What is cut off is still counted, as real dumps show.
#[test]
fn trim_memory_unaligned_base() {
    trimmed(
        "10000:4000 20100:1f00",
        0x1000,
        "10000..14000 21000..22000 = 5f00",
    );
}

#[test]
fn trim_memory_unaligned_end() {
    trimmed(
        "10000:4000 20000:1f00",
        0x1000,
        "10000..14000 20000..21000 = 5f00",
    );
}

#[test]
fn trimming_at_the_top_of_the_address_space() {
    trimmed("ffffffffffff0001:10000", 1 << 63, " = 0");
}

#[test]
fn enforce_memory_limit() {
    let mut memblock = empty();
    memblock.add(sized("100000:100000")).unwrap();
    memblock.add(sized("400000:100000")).unwrap();
    memblock.reserve(sized("440000:80000")).unwrap();
    let whole = memblock.clone();
    for none in [0, 0x20_0001] {
        memblock.enforce_limit(none).unwrap();
        assert_eq!(memblock, whole);
    }
    memblock.enforce_limit(0x18_0000).unwrap();
    assert_eq!(
        show(memblock.memory()),
        "100000..200000 400000..480000 = 180000"
    );
    assert_eq!(show(memblock.reserved()), "440000..480000 = 40000");
    memblock.enforce_limit(0x10_0000).unwrap();
    assert_eq!(show(memblock.memory()), "100000..200000 = 100000");
    assert_eq!(show(memblock.reserved()), " = 0");
}

#[test]
fn cap_memory_range() {
    let mut memblock = plain();
    memblock.add(sized("200000:8000")).unwrap();
    memblock
        .mark(sized("200000:8000"), RegionFlags::NOMAP)
        .unwrap();
    memblock.reserve(sized("101000:6000")).unwrap();
    memblock.cap(sized("102000:2000")).unwrap();
    assert_eq!(
        show(memblock.memory()),
        "102000..104000 200000..208000 = a000"
    );
    assert_eq!(show(memblock.reserved()), "102000..104000 = 2000");
}
