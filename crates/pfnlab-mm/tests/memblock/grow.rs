//! `basic_api.c`: full lists become twice as long.

use pfnlab_mm::boot::memblock::{Growth, Memblock, MemblockError};
use pfnlab_model::{ByteRange, MemblockList};

use super::common::{empty, show, sized};

/// 256 entries of 24 bytes, in whole frames.
const ARRAY: u64 = 0x2000;

fn entry(number: u64) -> ByteRange {
    ByteRange::sized(0x10_0000 + number * 0x1_0000, 0x4000)
}

#[test]
fn add_many() {
    let mut memblock = empty();
    // The one left out comes last, and lies between others.
    for number in (0..129).filter(|number| *number != 50) {
        memblock.add(entry(number)).unwrap();
    }
    assert_eq!(memblock.memory().capacity(), 128);
    assert_eq!(memblock.growths(), []);
    memblock.add(entry(50)).unwrap();
    assert_eq!(memblock.memory().capacity(), 256);
    assert_eq!(memblock.count(MemblockList::Memory), 129);
    assert_eq!(memblock.memory().total_size(), 129 * 0x4000);
    let starts = memblock
        .memory()
        .regions()
        .iter()
        .map(|region| region.range);
    assert!(starts.eq((0..129).map(entry)));
    // The array is at the top of memory, and all that is reserved.
    let at = ByteRange::sized(entry(128).end - ARRAY, ARRAY);
    assert_eq!(memblock.memory().array(), Some(at));
    assert_eq!(memblock.reserved().regions().len(), 1);
    assert_eq!(memblock.reserved().regions()[0].range, at);
    let list = MemblockList::Memory;
    let entries = 256;
    assert_eq!(memblock.growths(), [Growth { list, entries, at }]);
}

/// Reservations too close together for an array between them, and room above.
fn with_room_above(reserved: impl Iterator<Item = u64>) -> Memblock {
    let mut memblock = empty();
    memblock.add(sized("100000:1000000")).unwrap();
    for number in reserved {
        memblock.reserve(small(number)).unwrap();
    }
    memblock
}

fn small(number: u64) -> ByteRange {
    ByteRange::sized(0x10_0000 + number * 0x2000, 0x1000)
}

#[test]
fn reserve_many() {
    let mut memblock = with_room_above(0..128);
    assert_eq!(memblock.reserved().capacity(), 128);
    memblock.reserve(small(128)).unwrap();
    assert_eq!(memblock.reserved().capacity(), 256);
    assert_eq!(memblock.count(MemblockList::Reserved), 130);
    assert_eq!(memblock.reserved().total_size(), 129 * 0x1000 + ARRAY);
}

#[test]
fn reserve_all_locations() {
    for last in 0..129 {
        let mut memblock = with_room_above((0..129).filter(|number| *number != last));
        memblock.reserve(small(last)).unwrap();
        assert_eq!(memblock.count(MemblockList::Reserved), 130, "{last}");
        assert_eq!(memblock.reserved().total_size(), 129 * 0x1000 + ARRAY);
        assert_eq!(memblock.reserved().capacity(), 256);
        let array = ByteRange::sized(0x110_0000 - ARRAY, ARRAY);
        assert_eq!(memblock.reserved().array(), Some(array));
    }
}

#[test]
fn reserve_many_may_conflict() {
    // There is room for the array in two places, and the better one is just being reserved.
    let mut memblock = empty();
    memblock.add(sized("10000:2000")).unwrap();
    memblock.add(sized("20000:2000")).unwrap();
    for number in 0..128 {
        memblock.reserve(small(number)).unwrap();
    }
    memblock.reserve(sized("20000:2000")).unwrap();
    assert_eq!(memblock.reserved().array(), Some(sized("10000:2000")));
}

#[test]
fn an_array_that_is_left_is_given_back() {
    let mut memblock = with_room_above(0..129);
    let first = memblock.reserved().array().unwrap();
    for number in 129..256 {
        memblock.reserve(small(number)).unwrap();
    }
    assert_eq!(memblock.reserved().capacity(), 512);
    // 512 entries take three frames; the old array lies above the new one, and is free.
    let second = memblock.reserved().array().unwrap();
    assert_eq!(second.size(), 0x3000);
    assert_eq!(second.end, first.start);
    assert!(!memblock.reserved().overlaps(first));
}

#[test]
fn a_list_that_may_not_grow_refuses_and_stays() {
    let mut memblock = with_room_above(0..128);
    memblock.may_grow = false;
    let before = memblock.clone();
    let full = Err(MemblockError::Full(MemblockList::Reserved));
    assert_eq!(memblock.reserve(small(128)), full);
    assert_eq!(memblock, before);
    // Pieces are counted before they merge, so that an entry cannot become longer either.
    assert_eq!(memblock.reserve(sized("100000:1800")), full);
    memblock.reserve(sized("100000:800")).unwrap();
    assert_eq!(memblock, before);
}

#[test]
fn a_list_without_room_for_a_longer_one_refuses() {
    let mut memblock = empty();
    for number in 0..128 {
        memblock.reserve(small(number)).unwrap();
    }
    let full = Err(MemblockError::Full(MemblockList::Reserved));
    assert_eq!(memblock.reserve(small(128)), full);
    assert_eq!(show(memblock.memory()), " = 0");
}
