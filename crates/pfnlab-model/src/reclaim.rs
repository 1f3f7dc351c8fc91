//! Reclaim: those who have memory give some of it up.

use crate::{NodeId, Observer, PageAllocator, Request, Tenants, ZoneId, ZoneKind};

/// What those who have memory are asked to give up (`struct scan_control`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrink {
    /// Memory of this node.
    pub node: NodeId,
    /// And of zones up to this kind.
    pub highest: ZoneKind,
    /// So many frames are enough.
    pub target: u64,
    /// How urgent it is: 12 is not at all, 0 as much as can be. 1/2^this of every list is looked
    /// at.
    pub priority: u8,
    /// The CPU it is done on.
    pub cpu: crate::CpuId,
}

/// On whose behalf memory is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Reclaimer {
    /// That of the background reclaimer of a node.
    Kswapd,
    /// That of a request that waits.
    Direct,
}

/// What came of being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shrunk {
    /// How many frames were looked at.
    pub looked_at: u64,
    /// How many were given up.
    pub frames: u64,
}

/// Who has memory that can be given up: an allocator asks them when a request that may wait finds
/// none. `()` is nobody, and then such a request is treated like one that may not wait.
pub trait Reclaim: Tenants {
    /// Whether anybody is there.
    fn is_there(&self) -> bool {
        false
    }

    /// Some memory is given up; says how much (`shrink_node`).
    fn shrink(
        &mut self,
        _ask: Shrink,
        _memory: &mut impl PageAllocator,
        _observer: &mut impl Observer,
    ) -> Shrunk {
        Shrunk::default()
    }

    /// How many frames of a zone could be given up at most (`zone_reclaimable_pages`).
    fn reclaimable(&self, _zone: ZoneId) -> u64 {
        0
    }

    /// Nothing helped: somebody loses all it has (`out_of_memory`). `false`: there is nobody left.
    fn kill(
        &mut self,
        _for: &Request,
        _memory: &mut impl PageAllocator,
        _observer: &mut impl Observer,
    ) -> bool {
        false
    }
}

impl Reclaim for () {}
