//! A sorted list of ranges that do not overlap.

use alloc::vec::Vec;
use core::ops::Range;

use pfnlab_model::ByteRange;

use super::region::Region;

/// A sorted list of ranges that do not overlap (`struct memblock_type`).
///
/// Entries that touch and are alike are one. It says how many entries it has room for, but does
/// not enforce it: room is made by who owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionList {
    /// Ascending, disjoint, none empty; touching ones differ in node or flags.
    regions: Vec<Region>,
    /// How many entries there is room for.
    capacity: u64,
    /// Where the entries are kept once the static array was too small.
    array: Option<ByteRange>,
    /// How many bytes the list thinks it covers.
    total: u64,
}

impl RegionList {
    /// How many entries there is room for at first (`INIT_MEMBLOCK_REGIONS`).
    const INITIAL_CAPACITY: u64 = 128;

    pub(super) const fn new() -> RegionList {
        RegionList {
            regions: Vec::new(),
            capacity: RegionList::INITIAL_CAPACITY,
            array: None,
            total: 0,
        }
    }

    /// The entries, ascending.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// How many entries there is room for (`max`).
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Where the entries are kept; `None`: still in the array the kernel was built with.
    pub fn array(&self) -> Option<ByteRange> {
        self.array
    }

    /// How many bytes the list thinks it covers (`total_size`). What [`trim`](super::Memblock::trim)
    /// cuts off an entry is still counted, so it may be more, and wraps as it does in the kernel.
    pub fn total_size(&self) -> u64 {
        self.total
    }

    /// The entry that holds an address (`memblock_search`).
    pub fn search(&self, address: u64) -> Option<&Region> {
        let behind = self.regions.partition_point(|r| r.range.end <= address);
        self.regions
            .get(behind)
            .filter(|region| region.range.start <= address)
    }

    /// Whether any entry shares a byte with a range (`memblock_overlaps_region`).
    pub fn overlaps(&self, range: ByteRange) -> bool {
        let behind = self.regions.partition_point(|r| r.range.end <= range.start);
        let next = self.regions.get(behind);
        !range.is_empty() && next.is_some_and(|region| region.range.start < range.end)
    }

    /// What of a range is in no entry yet, ascending.
    pub(super) fn missing(&self, range: ByteRange) -> Vec<ByteRange> {
        let mut missing = Vec::new();
        let mut start = range.start;
        let behind = self.regions.partition_point(|r| r.range.end <= range.start);
        for old in &self.regions[behind..] {
            if range.end <= old.range.start {
                break;
            }
            let end = old.range.start;
            missing.push(ByteRange { start, end });
            start = old.range.end.min(range.end);
        }
        missing.push(ByteRange {
            start,
            end: range.end,
        });
        missing.retain(|piece| !piece.is_empty());
        missing
    }

    /// Adds what is in no entry yet. Old entries win: what they cover keeps its node and flags.
    pub(super) fn insert(&mut self, region: Region) {
        for range in self.missing(region.range) {
            let behind = self.regions.partition_point(|r| r.range.end <= range.start);
            self.total = self.total.wrapping_add(range.size());
            self.regions.insert(behind, Region { range, ..region });
        }
        self.merge();
    }

    /// Takes a range out.
    pub(super) fn remove(&mut self, range: ByteRange) {
        for index in self.isolate(range).rev() {
            self.remove_at(index);
        }
    }

    /// Takes an entry out; the total forgets as much as the entry still has.
    pub(super) fn remove_at(&mut self, index: usize) {
        let bytes = self.regions.remove(index).range.size();
        self.total = self.total.wrapping_sub(bytes);
    }

    /// Changes every entry in a range, splitting those that stick out.
    pub(super) fn change(&mut self, range: ByteRange, change: impl Fn(&mut Region)) {
        let window = self.isolate(range);
        self.regions[window].iter_mut().for_each(change);
        self.merge();
    }

    /// Moves the ends of an entry inward; the total does not follow.
    pub(super) fn shrink(&mut self, index: usize, range: ByteRange) {
        let old = &mut self.regions[index].range;
        assert!(old.start <= range.start && range.end <= old.end);
        assert!(!range.is_empty());
        *old = range;
    }

    /// Splits entries so that none crosses the ends of a range (`memblock_isolate_range`).
    /// Those inside are returned by position; at most two entries are gained.
    pub(super) fn isolate(&mut self, range: ByteRange) -> Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        self.split(range.start);
        self.split(range.end);
        let start = self
            .regions
            .partition_point(|r| r.range.start < range.start);
        let end = self.regions.partition_point(|r| r.range.start < range.end);
        start..end
    }

    /// Splits the entry that has an address in the middle.
    fn split(&mut self, address: u64) {
        let at = self.regions.partition_point(|r| r.range.end <= address);
        let Some(region) = self.regions.get_mut(at) else {
            return;
        };
        if region.range.start < address {
            let mut lower = *region;
            lower.range.end = address;
            region.range.start = address;
            self.regions.insert(at, lower);
        }
    }

    /// Makes one of two entries that touch and are alike (`memblock_merge_regions`).
    fn merge(&mut self) {
        self.regions.dedup_by(|next, kept| {
            assert!(kept.range.end <= next.range.start, "entries do not overlap");
            let one = kept.range.end == next.range.start && kept.is_like(next);
            if one {
                kept.range.end = next.range.end;
            }
            one
        });
    }

    /// Moves to an array twice as long; returns the old one, if it was not the static one.
    pub(super) fn moved_to(&mut self, array: ByteRange) -> Option<ByteRange> {
        self.capacity *= 2;
        self.array.replace(array)
    }
}
