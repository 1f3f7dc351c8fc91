//! Walks over memory: what is free, and which frames there are.

use pfnlab_model::{ByteRange, NodeId, Pfn, PfnRange};

use super::{Memblock, Region, RegionFlags};

/// Bytes in a page frame.
const PAGE: u64 = 4096;

/// Which memory a walk is to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only memory of this node; `None`: of any.
    pub node: Option<NodeId>,
    /// [`MIRROR`](RegionFlags::MIRROR): only such memory. The others: such memory, too.
    pub flags: RegionFlags,
}

/// A piece of memory that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeRange {
    /// Where it is; never empty.
    pub range: ByteRange,
    /// The node of the memory it is in.
    pub node: Option<NodeId>,
}

impl Memblock {
    /// What is in memory and not reserved, ascending (`for_each_free_mem_range`). A piece never
    /// spans two entries of memory, even where they touch.
    pub fn free_ranges(&self, filter: Filter) -> impl Iterator<Item = FreeRange> {
        let memory = self.memory().regions().iter();
        memory
            .filter(move |region| !self.skips(region, filter))
            .flat_map(|region| self.gaps_in(region))
    }

    /// The same, descending (`for_each_free_mem_range_reverse`).
    pub fn free_ranges_reverse(&self, filter: Filter) -> impl Iterator<Item = FreeRange> {
        let memory = self.memory().regions().iter().rev();
        memory
            .filter(move |region| !self.skips(region, filter))
            .flat_map(|region| self.gaps_in(region).rev())
    }

    /// The whole frames of memory, ascending (`for_each_mem_pfn_range`). An entry without a whole
    /// frame is left out.
    pub fn pfn_ranges(
        &self,
        node: Option<NodeId>,
    ) -> impl Iterator<Item = (PfnRange, Option<NodeId>)> {
        let memory = self.memory().regions().iter();
        memory
            .filter(move |region| node.is_none() || region.node == node)
            .filter_map(|region| {
                let start = Pfn::new(region.range.start.div_ceil(PAGE));
                let frames = PfnRange::new(start, Pfn::new(region.range.end / PAGE))?;
                (!frames.is_empty()).then_some((frames, region.node))
            })
    }

    /// Whether a walk leaves an entry of memory out (`should_skip_region`).
    fn skips(&self, region: &Region, filter: Filter) -> bool {
        let asked = |flag| filter.flags.contains(flag);
        let has = |flag| region.flags.contains(flag);
        filter.node.is_some() && filter.node != region.node
            || self.movable_node && has(RegionFlags::HOTPLUG) && !asked(RegionFlags::HOTPLUG)
            || asked(RegionFlags::MIRROR) && !has(RegionFlags::MIRROR)
            || has(RegionFlags::NOMAP) && !asked(RegionFlags::NOMAP)
            || has(RegionFlags::DRIVER_MANAGED) && !asked(RegionFlags::DRIVER_MANAGED)
    }

    /// What of an entry of memory is not reserved, ascending.
    fn gaps_in(&self, memory: &Region) -> impl DoubleEndedIterator<Item = FreeRange> {
        let Region { range, node, .. } = *memory;
        let reserved = self.reserved().regions();
        // Gap number i lies before reservation number i; the last lies behind all.
        let first = reserved.partition_point(|r| r.range.end <= range.start);
        let last = reserved.partition_point(|r| r.range.start < range.end);
        (first..=last).filter_map(move |gap| {
            let before = gap.checked_sub(1).map_or(0, |i| reserved[i].range.end);
            let behind = reserved.get(gap).map_or(u64::MAX, |r| r.range.start);
            let piece = ByteRange {
                start: before.max(range.start),
                end: behind.min(range.end),
            };
            (!piece.is_empty()).then_some(FreeRange { range: piece, node })
        })
    }
}
