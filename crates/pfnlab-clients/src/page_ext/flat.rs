//! The form for kernels without sections: one table for each node, made before anything is released.

use pfnlab_model::{NodeId, Order, PAGE_BYTES, Pfn};

use super::entry::Entry;

/// Memory that is taken from the firmware's map (`memblock_alloc_try_nid`).
pub trait EarlyMemory {
    /// The physical address of so many bytes, aligned, above `min` if there is room, for a node.
    /// `None`: there are none.
    fn take(&mut self, bytes: u64, align: u64, min: u64, node: NodeId) -> Option<u64>;
}

/// The table of one node (`alloc_node_page_ext`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlatTable {
    /// Where the table is.
    pub base: u64,
    /// Its size, in bytes.
    pub bytes: u64,
    /// The frame of its first entry: the node's first, down to a multiple of the largest block.
    first: Pfn,
    entry: u32,
}

/// Tables are taken from here on, so that what old devices can reach stays free.
const ABOVE: u64 = 16 << 20;

impl FlatTable {
    /// The size in bytes for a node from `start`, so many frames: as many more as the largest block
    /// has, if it does not begin and end with one, for those look over its borders.
    pub fn size(entry: &Entry, start: Pfn, spanned: u64) -> u64 {
        let end = start.offset(spanned);
        let aligned = start.is_aligned(Order::MAX) && end.is_aligned(Order::MAX);
        let more = if aligned { 0 } else { Order::MAX.frames() };
        u64::from(entry.size()) * (spanned + more)
    }

    /// The table of a node; `None`: there is no memory for it (the kernel panics), or the node is
    /// empty.
    pub fn make(
        entry: &Entry,
        node: NodeId,
        start: Pfn,
        spanned: u64,
        memory: &mut impl EarlyMemory,
    ) -> Option<FlatTable> {
        let bytes = FlatTable::size(entry, start, spanned);
        let base = memory.take(bytes, PAGE_BYTES, ABOVE, node)?;
        (spanned > 0).then_some(FlatTable {
            base,
            bytes,
            first: start.align_down(Order::MAX),
            entry: entry.size(),
        })
    }

    /// The address of a frame's entry.
    ///
    /// # Panics
    /// When the frame lies before the table.
    pub fn address(&self, pfn: Pfn) -> u64 {
        self.base + u64::from(self.entry) * pfn.since(self.first)
    }
}
