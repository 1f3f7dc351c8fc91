//! Lists that are full become twice as long, in memory of their own.

use pfnlab_model::{ByteRange, MemblockList};

use super::find::Want;
use super::{Memblock, MemblockError};

/// Bytes in a page frame; arrays take whole ones.
const PAGE: u64 = 4096;
/// Bytes in an entry (`sizeof(struct memblock_region)`) with NUMA, 64-bit: base, size, flags, node.
const ENTRY: u64 = 24;

/// A list that became longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Which.
    pub list: MemblockList,
    /// How many entries it can hold now.
    pub entries: u64,
    /// Where it went.
    pub at: ByteRange,
}

impl Memblock {
    /// Every time a list became longer, in order.
    pub fn growths(&self) -> &[Growth] {
        &self.growths
    }

    /// Makes room for `more` entries. `coming` is what they are for.
    pub(super) fn make_room(
        &mut self,
        list: MemblockList,
        more: usize,
        coming: ByteRange,
    ) -> Result<(), MemblockError> {
        while self.list(list).capacity() < (self.list(list).regions().len() + more) as u64 {
            self.double(list, coming)?;
        }
        Ok(())
    }

    /// Doubles a list (`memblock_double_array`). The longer array must not be put where something
    /// is just being reserved.
    fn double(&mut self, list: MemblockList, coming: ByteRange) -> Result<(), MemblockError> {
        let full = MemblockError::Full(list);
        if !self.may_grow {
            return Err(full);
        }
        let entries = self.list(list).capacity() * 2;
        let at = self.room_for_array(list, entries * ENTRY, coming);
        let at = at.ok_or(full)?;
        self.growths.push(Growth { list, entries, at });
        if let Some(old) = self.list_mut(list).moved_to(at) {
            self.free(old)?;
        }
        self.reserve(at)
    }

    fn room_for_array(
        &self,
        list: MemblockList,
        bytes: u64,
        coming: ByteRange,
    ) -> Option<ByteRange> {
        let avoid = match list {
            MemblockList::Memory => ByteRange { start: 0, end: 0 },
            MemblockList::Reserved => coming,
        };
        let size = bytes.next_multiple_of(PAGE);
        let find = |from, to| {
            let want = Want {
                size,
                align: PAGE,
                from,
                to,
            };
            self.exactly(None, want)
        };
        let limit = self.current_limit();
        find(avoid.end, limit)
            .or_else(|| {
                let below = avoid.start.min(limit);
                (below > 0).then(|| find(0, below))?
            })
            .map(|start| ByteRange::sized(start, size))
    }
}
