//! Where the parts of a memory map are put: asked for here, answered by the boot allocator.

use pfnlab_model::NodeId;

use super::PageAddr;

/// What a piece of memory is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapPart {
    /// The usage areas of a group of sections (`sparse_early_usemaps_alloc_pgdat_section`).
    Usage,
    /// One buffer for all descriptors of a group of sections (`sparse_buffer_init`). A refusal is
    /// no failure: every section then asks for itself.
    Buffer,
    /// The descriptors of one section, one node, or a whole machine without nodes.
    Map,
}

/// A piece of memory that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRequest {
    /// What for.
    pub part: MapPart,
    /// On which node.
    pub node: NodeId,
    /// Whether no other node will do.
    pub exact_node: bool,
    /// How many bytes.
    pub bytes: u64,
    /// At a multiple of how many bytes.
    pub align: u64,
}

/// Who finds places: given a request, the virtual address of the piece, or `None`.
pub type Place<'a> = dyn FnMut(&MapRequest) -> Option<PageAddr> + 'a;

/// Finds a place for everything, one piece after another from `start` up, whatever the node.
///
/// ```
/// use pfnlab_mm::memory_model::{MapPart, MapRequest, one_after_another};
/// use pfnlab_model::NodeId;
/// let mut place = one_after_another(0x1000);
/// let request = MapRequest {
///     part: MapPart::Map,
///     node: NodeId(0),
///     exact_node: false,
///     bytes: 64,
///     align: 4096,
/// };
/// assert_eq!(place(&request).unwrap().get(), 0x1000);
/// assert_eq!(place(&request).unwrap().get(), 0x2000);
/// ```
pub fn one_after_another(start: u64) -> impl FnMut(&MapRequest) -> Option<PageAddr> {
    let mut next = start;
    move |request| {
        let address = next.checked_next_multiple_of(request.align)?;
        next = address.checked_add(request.bytes)?;
        Some(PageAddr::new(address))
    }
}
