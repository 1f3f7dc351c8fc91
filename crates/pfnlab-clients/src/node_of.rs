//! Which node a block lies on.

use pfnlab_model::{Block, NodeId, PageAllocator};

/// The node of a block's zone; the first for an allocator that does not let one look inside.
pub(crate) fn node_of(memory: &impl PageAllocator, block: Block) -> NodeId {
    let inspect = memory.inspect();
    let zone = inspect.and_then(|inspect| inspect.zone_of(block.start()));
    zone.map_or(NodeId(0), |zone| zone.node)
}
