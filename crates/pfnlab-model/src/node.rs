//! Nodes, CPUs and zones: the names of what a frame belongs to.

use core::fmt;

/// A NUMA node. At most [`NodeId::LIMIT`] of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct NodeId(pub u16);

impl NodeId {
    /// Node ids are below this (`MAX_NUMNODES` of a kernel with `NODES_SHIFT` 6).
    pub const LIMIT: u16 = 64;

    /// The number, to index a table with.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node:{}", self.0)
    }
}

/// A CPU. At most [`CpuId::LIMIT`] of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct CpuId(pub u16);

impl CpuId {
    /// CPU numbers are below this.
    pub const LIMIT: u16 = 1024;

    /// The number, to index a table with.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CpuId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cpu:{}", self.0)
    }
}

/// A set of nodes (`nodemask_t`), one bit a node.
///
/// ```
/// use pfnlab_model::{NodeId, NodeMask};
/// let mask: NodeMask = [NodeId(0), NodeId(3)].into_iter().collect();
/// assert!(mask.contains(NodeId(3)) && !mask.contains(NodeId(1)));
/// assert_eq!(mask.to_string(), "0,3");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct NodeMask(u64);

impl NodeMask {
    /// The set with these bits, bit n for node n.
    pub const fn from_bits(bits: u64) -> NodeMask {
        NodeMask(bits)
    }

    /// The bits, bit n for node n.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether `node` is in the set.
    pub const fn contains(self, node: NodeId) -> bool {
        node.0 < NodeId::LIMIT && self.0 >> node.0 & 1 == 1
    }

    /// Its nodes, ascending.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        (0..NodeId::LIMIT)
            .map(NodeId)
            .filter(move |node| self.contains(*node))
    }
}

impl FromIterator<NodeId> for NodeMask {
    /// # Panics
    /// When a node is not below [`NodeId::LIMIT`].
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> NodeMask {
        NodeMask(nodes.into_iter().fold(0, |bits, node| {
            assert!(node.0 < NodeId::LIMIT, "{node:?} is above the limit");
            bits | 1 << node.0
        }))
    }
}

impl fmt::Display for NodeMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, node) in self.iter().enumerate() {
            write!(f, "{}{node}", if position == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Debug for NodeMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nodes:{self}")
    }
}

/// The kinds of zone, in the order of their indices. A kernel numbers only those it was built
/// with: on x86-64 DMA is 0, DMA32 1, Normal 2, Movable 3, Device 4 (`enum zone_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum ZoneKind {
    /// `ZONE_DMA`: reachable with 24 address bits on x86.
    Dma,
    /// `ZONE_DMA32`: reachable with 32 address bits.
    Dma32,
    /// `ZONE_NORMAL`.
    Normal,
    /// `ZONE_HIGHMEM`: memory a 32-bit kernel has no permanent mapping for.
    HighMem,
    /// `ZONE_MOVABLE`: only pages that can be moved away.
    Movable,
    /// `ZONE_DEVICE`: memory of devices; never allocated from.
    Device,
}

impl ZoneKind {
    /// Every kind, in the order of indices.
    pub const ALL: [ZoneKind; 6] = [
        ZoneKind::Dma,
        ZoneKind::Dma32,
        ZoneKind::Normal,
        ZoneKind::HighMem,
        ZoneKind::Movable,
        ZoneKind::Device,
    ];

    /// The name Linux prints.
    pub const fn name(self) -> &'static str {
        match self {
            ZoneKind::Dma => "DMA",
            ZoneKind::Dma32 => "DMA32",
            ZoneKind::Normal => "Normal",
            ZoneKind::HighMem => "HighMem",
            ZoneKind::Movable => "Movable",
            ZoneKind::Device => "Device",
        }
    }

    /// The kind with this name, as Linux prints it; case does not matter.
    pub fn from_name(name: &str) -> Option<ZoneKind> {
        ZoneKind::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for ZoneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One zone: a kind on a node. Ordered by node, then by kind, as Linux lists them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ZoneId {
    /// The node it is on.
    pub node: NodeId,
    /// Which of the node's zones it is.
    pub kind: ZoneKind,
}

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node {}, zone {}", self.node, self.kind)
    }
}

impl fmt::Debug for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zone:{}.{}", self.node, self.kind)
    }
}
