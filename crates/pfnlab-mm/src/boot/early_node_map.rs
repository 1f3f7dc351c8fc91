//! Which frames are on which node, as 2.6.37 keeps it: a list beside the boot allocator.

use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{NodeId, Pfn, PfnRange};

/// Frames of one node (`struct node_active_region`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveRange {
    /// The frames.
    pub frames: PfnRange,
    /// The node.
    pub node: NodeId,
}

/// The list (`early_node_map`), in the order in which ranges were told.
///
/// A range extends the first entry of its node that it touches or overlaps; entries that touch
/// each other only afterwards stay two.
///
/// ```
/// use pfnlab_mm::boot::early_node_map::EarlyNodeMap;
/// use pfnlab_model::{NodeId, Pfn, PfnRange};
/// let mut map = EarlyNodeMap::new(256);
/// for (start, end) in [(0, 10), (20, 30), (10, 20)] {
///     let frames = PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap();
///     map.add(NodeId(0), frames).unwrap();
/// }
/// assert_eq!(map.ranges().len(), 2); // 0..20 and 20..30
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyNodeMap {
    ranges: Vec<ActiveRange>,
    capacity: usize,
}

/// The list is full (`add_active_range` prints that, and forgets the range).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapFull(
    /// How many entries it holds.
    pub usize,
);

impl fmt::Display for MapFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the map of nodes holds {} ranges and is full", self.0)
    }
}

impl core::error::Error for MapFull {}

impl EarlyNodeMap {
    /// How many entries a kernel for so many nodes holds (`MAX_ACTIVE_REGIONS`).
    pub const fn capacity_for(max_nodes: u64) -> usize {
        if max_nodes >= 32 {
            max_nodes as usize * 50
        } else {
            256
        }
    }

    /// An empty list for so many entries.
    pub const fn new(capacity: usize) -> EarlyNodeMap {
        EarlyNodeMap {
            ranges: Vec::new(),
            capacity,
        }
    }

    /// How many entries it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The entries.
    pub fn ranges(&self) -> &[ActiveRange] {
        &self.ranges
    }

    /// Tells of frames of a node (`add_active_range`).
    ///
    /// # Errors
    /// When the list is full; the frames are forgotten.
    pub fn add(&mut self, node: NodeId, frames: PfnRange) -> Result<(), MapFull> {
        for known in self.ranges.iter_mut().filter(|known| known.node == node) {
            let (start, end) = (known.frames.start(), known.frames.end());
            if start <= frames.start() && frames.end() <= end {
                return Ok(());
            }
            let below = frames.start() < start && start <= frames.end();
            let above = frames.start() <= end && end < frames.end();
            if above {
                known.frames = hull(start, frames.end());
                return Ok(());
            }
            if below {
                known.frames = hull(frames.start(), end);
                return Ok(());
            }
        }
        if self.ranges.len() >= self.capacity {
            return Err(MapFull(self.capacity));
        }
        self.ranges.push(ActiveRange { frames, node });
        Ok(())
    }

    /// Sorts the entries by their first frame, as is done once when zones are set up
    /// (`sort_node_map`).
    pub fn sort(&mut self) {
        self.ranges.sort_by_key(|range| range.frames.start());
    }

    /// The node of a frame; a frame in a hole is taken to be on node 0 (`early_pfn_to_nid`).
    pub fn node_of(&self, pfn: Pfn) -> NodeId {
        let found = self.ranges.iter().find(|range| range.frames.contains(pfn));
        found.map_or(NodeId(0), |range| range.node)
    }
}

fn hull(start: Pfn, end: Pfn) -> PfnRange {
    PfnRange::new(start, end).expect("an extended range runs forward")
}

/// How 2.6.37 finds the node of an address on x86-64: one byte of a table for every so many bytes
/// (`compute_hash_shift`, `populate_memnodemap`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHash {
    shift: u32,
    nodes: Vec<Option<NodeId>>,
}

impl NodeHash {
    /// The longest table that is embedded in the kernel (`memnode.embedded_map`).
    pub const EMBEDDED: usize = 56;

    /// The table for nodes from their first byte to behind their last one, holes included;
    /// `None`: two of them are in the same place of it, or it would be absurdly long.
    pub fn new(nodes: &[(NodeId, core::ops::Range<u64>)]) -> Option<NodeHash> {
        const LONGEST: u64 = 1 << 24;
        let starts = || {
            let some = nodes.iter().filter(|(_, bytes)| !bytes.is_empty());
            some.map(|(_, bytes)| bytes.start)
        };
        let bits = starts().fold(0, |bits, start| bits | start);
        let shift = match starts().count() {
            0 | 1 => 63,
            _ => bits.trailing_zeros(),
        };
        let top = nodes.iter().map(|(_, bytes)| bytes.end).max()?;
        let length = (top >> shift).checked_add(1)?;
        if length > LONGEST {
            return None;
        }
        let mut table = alloc::vec![None; length as usize];
        for (node, bytes) in nodes.iter().filter(|(_, bytes)| !bytes.is_empty()) {
            for place in bytes.start >> shift..=(bytes.end - 1) >> shift {
                let place = &mut table[place as usize];
                if place.is_some() {
                    return None;
                }
                *place = Some(*node);
            }
        }
        Some(NodeHash {
            shift,
            nodes: table,
        })
    }

    /// How far an address is shifted.
    pub fn shift(&self) -> u32 {
        self.shift
    }

    /// How many places the table has.
    pub fn places(&self) -> usize {
        self.nodes.len()
    }

    /// The node of an address, holes within a node included (`phys_to_nid`).
    pub fn node_of(&self, address: u64) -> Option<NodeId> {
        let place = usize::try_from(address >> self.shift).ok()?;
        self.nodes.get(place).copied().flatten()
    }
}
