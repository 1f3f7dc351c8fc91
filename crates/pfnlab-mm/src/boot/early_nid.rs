//! Which node a frame is on, before there are page descriptors to ask.

use pfnlab_model::{NodeId, Pfn};

use super::memblock::Memblock;

/// Bytes in a page frame.
const PAGE: u64 = 4096;

/// A search of memory with a cache of one entry (`__early_pfn_to_nid`, `struct
/// mminit_pfnnid_cache`), as 4.14 and later kernels have it.
///
/// The cache does not notice when memory changes: what was found stays found until
/// [`reset`](EarlyNid::reset), which a kernel does only by booting. Its ends are rounded down to
/// frames, so that after a hit it also answers for a partial first frame, which a search misses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EarlyNid {
    /// The frames of the last entry found; none at first.
    start: u64,
    end: u64,
    node: Option<NodeId>,
    hits: u64,
    misses: u64,
}

impl EarlyNid {
    /// An empty cache.
    pub fn new() -> EarlyNid {
        EarlyNid::default()
    }

    /// Forgets everything, the counts included.
    pub fn reset(&mut self) {
        *self = EarlyNid::default();
    }

    /// How many lookups the cache answered.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// How many lookups went through to memory, holes included.
    pub fn misses(&self) -> u64 {
        self.misses
    }

    /// The node of a frame; `None`: the frame is in a hole, or its node is not known. A hole
    /// leaves the cache as it is.
    pub fn lookup(&mut self, memblock: &Memblock, pfn: Pfn) -> Option<NodeId> {
        if self.start <= pfn.get() && pfn.get() < self.end {
            self.hits += 1;
            return self.node;
        }
        self.misses += 1;
        let address = pfn.get().checked_mul(PAGE)?;
        let region = memblock.memory().search(address)?;
        self.start = region.range.start / PAGE;
        self.end = region.range.end / PAGE;
        self.node = region.node;
        self.node
    }

    /// The node of a frame, or the first node online (`early_pfn_to_nid`).
    pub fn node_of(&mut self, memblock: &Memblock, pfn: Pfn, first_online: NodeId) -> NodeId {
        self.lookup(memblock, pfn).unwrap_or(first_online)
    }

    /// Whether a frame may be on a node (`early_pfn_in_nid`). A hole belongs to whoever asks.
    pub fn may_be_on(&mut self, memblock: &Memblock, pfn: Pfn, node: NodeId) -> bool {
        self.lookup(memblock, pfn).is_none_or(|found| found == node)
    }
}

/// The largest power of two, in frames, that still keeps nodes apart
/// (`node_map_pfn_alignment`); 0: there is nothing to keep apart.
pub fn node_alignment(memblock: &Memblock) -> u64 {
    let mut kept = 0;
    let mut last: Option<(NodeId, u64)> = None;
    for (frames, node) in memblock.pfn_ranges(None) {
        let (start, end) = (frames.start().get(), frames.end().get());
        if let Some((last_node, last_end)) = last
            && start != 0
            && node != Some(last_node)
        {
            // As many ones as pin down the start; then as few as still part the two. Ends, as
            // there is a frame before the start.
            let mut mask = u64::MAX << start.trailing_zeros();
            while last_end <= start & (mask << 1) {
                mask <<= 1;
            }
            kept |= mask;
        }
        last = node.map(|node| (node, end));
    }
    (!kept).wrapping_add(1)
}
