//! Finding room, and taking it.

use pfnlab_model::{ByteRange, MemblockCall, MemblockRequest, NodeId};

use super::free_ranges::Filter;
use super::{Memblock, MemblockError, RegionFlags};

/// Bytes in a page frame. The first frame is never given away: address 0 means failure.
const PAGE: u64 = 4096;
/// What a request without an alignment gets (`SMP_CACHE_BYTES`).
const CACHE_LINE: u64 = 64;
/// Stands for [`Memblock::current_limit`] (`MEMBLOCK_ALLOC_ACCESSIBLE`).
const ACCESSIBLE: u64 = 0;

/// Room of a size, between limits.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Memblock {
    /// Finds room and reserves exactly as much as was asked for.
    ///
    /// # Errors
    /// When there is no room, or the list of reservations is full and cannot grow.
    pub fn allocate(&mut self, request: &MemblockRequest) -> Result<u64, MemblockError> {
        let start = self.locate(request)?;
        let align = alignment(request)?;
        let size = self.policy.sizes.taken(request.size, align);
        self.reserve(ByteRange::sized(start, size))?;
        Ok(start)
    }

    /// Where [`allocate`](Memblock::allocate) would find room now.
    ///
    /// # Errors
    /// When there is none.
    pub fn locate(&self, request: &MemblockRequest) -> Result<u64, MemblockError> {
        let align = alignment(request)?;
        let MemblockRequest { from, .. } = *request;
        let size = self.policy.sizes.taken(request.size, align);
        let limited = request.to.min(self.current_limit());
        let want = |from, to| Want {
            size,
            align,
            from,
            to,
        };
        let found = match request.call {
            MemblockCall::PhysRange => self.wish(None, want(from, request.to)),
            MemblockCall::PhysTryNid => self.wish(request.node, want(from, request.to)),
            MemblockCall::TryNid if self.policy.give_up.address_first() => {
                let mirrored = |flags| {
                    self.on_or_off(request.node, want(from, limited), flags)
                        .or_else(|| self.on_or_off(request.node, want(0, limited), flags))
                };
                self.mirrored(mirrored)
            }
            MemblockCall::TryNid => self
                .wish(request.node, want(from, limited))
                .or_else(|| (from > 0).then(|| self.wish(request.node, want(0, limited)))?),
            MemblockCall::ExactNid => self
                .exactly(request.node, want(from, limited))
                .or_else(|| (from > 0).then(|| self.exactly(request.node, want(0, limited)))?),
        };
        found.ok_or(MemblockError::NoRoom(*request))
    }

    /// On a node if there is room, else on any; in mirrored memory if there is any
    /// (`memblock_alloc_range_nid`).
    fn wish(&self, node: Option<NodeId>, want: Want) -> Option<u64> {
        self.mirrored(|flags| self.on_or_off(node, want, flags))
    }

    /// On a node if there is room, else on any.
    fn on_or_off(&self, node: Option<NodeId>, want: Want, flags: RegionFlags) -> Option<u64> {
        let anywhere = Filter { node: None, flags };
        self.find(want, Filter { node, flags })
            .or_else(|| node.and_then(|_| self.find(want, anywhere)))
    }

    /// On a node or nowhere.
    pub(super) fn exactly(&self, node: Option<NodeId>, want: Want) -> Option<u64> {
        self.mirrored(|flags| self.find(want, Filter { node, flags }))
    }

    /// Mirrored memory first, if there is any (`choose_memblock_flags`).
    fn mirrored(&self, find: impl Fn(RegionFlags) -> Option<u64>) -> Option<u64> {
        let first = if self.has_mirror {
            find(RegionFlags::MIRROR)
        } else {
            None
        };
        first.or_else(|| find(RegionFlags::NONE))
    }

    /// The highest room, or the lowest (`memblock_find_in_range_node`).
    fn find(&self, want: Want, filter: Filter) -> Option<u64> {
        let from = want.from.max(PAGE);
        let to = match want.to {
            ACCESSIBLE => self.current_limit(),
            to => to,
        };
        let to = to.max(from);
        let clamp = |range: ByteRange| ByteRange {
            start: range.start.clamp(from, to),
            end: range.end.clamp(from, to),
        };
        let policy = self.policy.bottom_up;
        if let Some(lowest_start) = policy.start(from, to, self.kernel_end)
            && self.bottom_up
        {
            let above = |range: ByteRange| ByteRange {
                start: range.start.max(lowest_start).min(range.end),
                ..range
            };
            let mut free = self.free_ranges(filter);
            let found = free.find_map(|free| lowest(above(clamp(free.range)), want));
            if found.is_some() || !policy.falls_back() {
                return found;
            }
        }
        self.free_ranges_reverse(filter)
            .find_map(|free| highest(clamp(free.range), want))
    }
}

/// The alignment a request gets.
fn alignment(request: &MemblockRequest) -> Result<u64, MemblockError> {
    match request.align {
        0 => Ok(CACHE_LINE),
        align if align.is_power_of_two() => Ok(align),
        align => Err(MemblockError::Alignment(align)),
    }
}

/// The highest place in a free piece (`__memblock_find_range_top_down`).
fn highest(piece: ByteRange, want: Want) -> Option<u64> {
    let start = piece.end.checked_sub(want.size)? & !(want.align - 1);
    (piece.start <= start).then_some(start)
}

/// The lowest place in a free piece (`__memblock_find_range_bottom_up`).
fn lowest(piece: ByteRange, want: Want) -> Option<u64> {
    let start = piece.start.checked_next_multiple_of(want.align)?;
    (start < piece.end && want.size <= piece.end - start).then_some(start)
}
