//! Cutting memory down: to whole frames, to a size, to a range.

use pfnlab_model::{ByteRange, MemblockList};

use super::{Memblock, MemblockError, RegionFlags};

impl Memblock {
    /// Rounds every entry of memory inward to a multiple of `align`; what becomes empty is removed
    /// (`memblock_trim_memory`).
    ///
    /// What is cut off an entry that stays is still counted by
    /// [`total_size`](super::RegionList::total_size), as the kernel's dumps show.
    ///
    /// # Errors
    /// When `align` is no power of two.
    pub fn trim(&mut self, align: u64) -> Result<(), MemblockError> {
        if !align.is_power_of_two() {
            return Err(MemblockError::Alignment(align));
        }
        for index in (0..self.memory.regions().len()).rev() {
            let old = self.memory.regions()[index].range;
            let start = old.start.checked_next_multiple_of(align);
            let range = ByteRange {
                start: start.unwrap_or(u64::MAX),
                end: old.end & !(align - 1),
            };
            if range.is_empty() {
                self.memory.remove_at(index);
            } else {
                self.memory.shrink(index, range);
            }
        }
        Ok(())
    }

    /// Keeps the lowest `limit` bytes of memory and forgets everything above them, reservations
    /// included (`memblock_enforce_memory_limit`). 0 is no limit.
    ///
    /// # Errors
    /// When a list is full and cannot grow.
    pub fn enforce_limit(&mut self, limit: u64) -> Result<(), MemblockError> {
        if limit == 0 {
            return Ok(());
        }
        let mut left = limit;
        for region in self.memory.regions() {
            if left <= region.range.size() {
                let above = ByteRange::sized(region.range.start + left, u64::MAX);
                self.remove(above)?;
                return self.free(above);
            }
            left -= region.range.size();
        }
        Ok(())
    }

    /// Forgets everything outside a range, but for memory that is not mapped
    /// (`memblock_cap_memory_range`). An empty range changes nothing.
    ///
    /// # Errors
    /// When a list is full and cannot grow.
    pub fn cap(&mut self, range: ByteRange) -> Result<(), MemblockError> {
        if range.is_empty() {
            return Ok(());
        }
        self.make_room(MemblockList::Memory, 2, range)?;
        let inside = self.memory.isolate(range);
        for index in (0..self.memory.regions().len()).rev() {
            let mapped = !self.memory.regions()[index]
                .flags
                .contains(RegionFlags::NOMAP);
            if mapped && !inside.contains(&index) {
                self.memory.remove_at(index);
            }
        }
        self.free(ByteRange::sized(0, range.start))?;
        self.free(ByteRange::sized(range.end, u64::MAX))
    }
}
