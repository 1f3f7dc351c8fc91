//! The boot allocator: what memory exists and what of it is taken, as two lists of byte ranges.
//!
//! ```text
//!   memory    ├──────── node 0 ────────┤        ├──────── node 1 ────────┤
//!   reserved     ├─────┤        ├───────────────────┤              ├──┤
//!   free      ├──┤     ├────────┤                   ├──────────────┤  ├──┤
//! ```
//!
//! Requests are answered from the top of memory down, unless told otherwise. Ranges that run past
//! the top of the address space are cut off, ranges that run backward are empty, and no input
//! makes it panic.
//!
//! - [`RegionList`], [`Region`]: one of the lists: insert, split, merge.
//! - `find`: finding room. `free_ranges`: the walk it is found by.
//! - `grow`: a full list becomes twice as long. `trim`: cutting memory down.
//! - [`MemblockPolicy`]: what differs between kernels.

mod policy;
mod region;

mod list;

mod free_ranges;

mod find;
mod grow;
mod trim;

mod error;

use alloc::vec::Vec;

use pfnlab_model::{ByteRange, DumpRegion, MemblockDump, MemblockList, NodeId};

pub use error::MemblockError;
pub use free_ranges::{Filter, FreeRange};
pub use grow::Growth;
pub use list::RegionList;
pub use policy::MemblockPolicy;
pub use region::{Region, RegionFlags};

/// The boot allocator (`struct memblock`).
///
/// ```
/// use pfnlab_mm::boot::memblock::{Memblock, MemblockPolicy};
/// use pfnlab_model::{MemblockCall, MemblockRequest};
///
/// let mut memblock = Memblock::new(MemblockPolicy::LINUX_6_12);
/// memblock.add("1M..1G".parse().unwrap()).unwrap();
/// memblock.reserve("1G..2G".parse().unwrap()).unwrap();
/// let request = MemblockRequest {
///     size: 100,
///     align: 64,
///     from: 0,
///     to: 0,
///     node: None,
///     call: MemblockCall::TryNid,
/// };
/// assert_eq!(memblock.allocate(&request), Ok((1 << 30) - 128));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memblock {
    policy: MemblockPolicy,
    memory: RegionList,
    reserved: RegionList,
    /// Requests are answered from the lowest address up (`memblock_set_bottom_up`).
    pub bottom_up: bool,
    /// Memory that can be unplugged is left alone (`movable_node`).
    pub movable_node: bool,
    /// Where the kernel's image ends: 4.14 and 5.0 answer requests bottom up only above it.
    pub kernel_end: u64,
    /// The kernel is to live in mirrored memory (`kernelcore=mirror`).
    pub mirrored_kernelcore: bool,
    /// A full list may become longer (`memblock_allow_resize`).
    pub may_grow: bool,
    /// Some memory was marked as mirrored.
    has_mirror: bool,
    current_limit: u64,
    growths: Vec<Growth>,
}

impl Memblock {
    /// An allocator without memory, that answers top down, from anywhere.
    pub const fn new(policy: MemblockPolicy) -> Memblock {
        Memblock {
            policy,
            memory: RegionList::new(),
            reserved: RegionList::new(),
            bottom_up: false,
            movable_node: false,
            kernel_end: 0,
            mirrored_kernelcore: false,
            may_grow: false,
            has_mirror: false,
            current_limit: u64::MAX,
            growths: Vec::new(),
        }
    }

    /// What exists.
    pub fn memory(&self) -> &RegionList {
        &self.memory
    }

    /// What is taken; may cover what does not exist.
    pub fn reserved(&self) -> &RegionList {
        &self.reserved
    }

    /// The first address that cannot be reached yet; all ones: everything can.
    pub fn current_limit(&self) -> u64 {
        self.current_limit
    }

    /// Sets the first address that cannot be reached yet.
    pub fn set_current_limit(&mut self, limit: u64) {
        self.current_limit = limit;
    }

    /// How many entries a list says it has (`cnt`): some kernels count an empty list as one.
    pub fn count(&self, list: MemblockList) -> u64 {
        self.dump_list(self.list(list)).len() as u64
    }

    /// Where memory begins (`memblock_start_of_DRAM`); 0 without any.
    pub fn start_of_memory(&self) -> u64 {
        let first = self.memory.regions().first();
        first.map_or(0, |region| region.range.start)
    }

    /// Where memory ends (`memblock_end_of_DRAM`); 0 without any.
    pub fn end_of_memory(&self) -> u64 {
        let last = self.memory.regions().last();
        last.map_or(0, |region| region.range.end)
    }

    /// Adds memory whose node is not known (`memblock_add`). What is known already stays as it is.
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn add(&mut self, range: ByteRange) -> Result<(), MemblockError> {
        self.add_node(Region {
            range,
            node: None,
            flags: RegionFlags::NONE,
        })
    }

    /// Adds memory of a node (`memblock_add_node`). What is known already stays as it is.
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn add_node(&mut self, region: Region) -> Result<(), MemblockError> {
        self.insert(MemblockList::Memory, region)
    }

    /// Takes memory out (`memblock_remove`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn remove(&mut self, range: ByteRange) -> Result<(), MemblockError> {
        self.take_out(MemblockList::Memory, range)
    }

    /// Reserves a range, in memory or not (`memblock_reserve`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn reserve(&mut self, range: ByteRange) -> Result<(), MemblockError> {
        self.reserve_region(Region {
            range,
            node: None,
            flags: RegionFlags::NONE,
        })
    }

    /// Reserves a range on a node, with flags.
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn reserve_region(&mut self, region: Region) -> Result<(), MemblockError> {
        self.insert(MemblockList::Reserved, region)
    }

    /// Gives a reserved range back (`memblock_phys_free`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn free(&mut self, range: ByteRange) -> Result<(), MemblockError> {
        self.take_out(MemblockList::Reserved, range)
    }

    /// Says which node the entries of a list in a range are on (`memblock_set_node`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn set_node(
        &mut self,
        list: MemblockList,
        range: ByteRange,
        node: Option<NodeId>,
    ) -> Result<(), MemblockError> {
        self.change(list, range, |region| region.node = node)
    }

    /// Sets flags of memory (`memblock_mark_hotplug`, `_nomap`). From 6.1 on memory is only marked as
    /// mirrored when the kernel is to live there (`memblock_mark_mirror`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn mark(&mut self, range: ByteRange, flags: RegionFlags) -> Result<(), MemblockError> {
        let mut flags = flags;
        if !self.policy.mirror_marks.holds(self.mirrored_kernelcore) {
            flags = flags.without(RegionFlags::MIRROR);
        }
        if flags == RegionFlags::NONE {
            return Ok(());
        }
        self.has_mirror |= flags.contains(RegionFlags::MIRROR);
        let mark = |region: &mut Region| region.flags = region.flags | flags;
        self.change(MemblockList::Memory, range, mark)
    }

    /// Clears flags of memory (`memblock_clear_hotplug`, `_nomap`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn clear(&mut self, range: ByteRange, flags: RegionFlags) -> Result<(), MemblockError> {
        let clear = |region: &mut Region| region.flags = region.flags.without(flags);
        self.change(MemblockList::Memory, range, clear)
    }

    /// Says that the descriptors of reserved frames are not to be initialised
    /// (`memblock_reserved_mark_noinit`).
    ///
    /// # Errors
    /// When the list is full and cannot grow.
    pub fn mark_noinit(&mut self, range: ByteRange) -> Result<(), MemblockError> {
        let mark = |region: &mut Region| region.flags = region.flags | RegionFlags::RESERVED_NOINIT;
        self.change(MemblockList::Reserved, range, mark)
    }

    /// Both lists, as the kernel prints them (`memblock_dump_all`); its text is what
    /// [`MemblockDump`] displays.
    pub fn dump(&self) -> MemblockDump {
        MemblockDump {
            memory_size: self.memory.total_size(),
            reserved_size: self.reserved.total_size(),
            memory: self.dump_list(&self.memory),
            reserved: self.dump_list(&self.reserved),
        }
    }

    fn dump_list(&self, list: &RegionList) -> Vec<DumpRegion> {
        let mut entries: Vec<DumpRegion> = list.regions().iter().map(|&r| r.into()).collect();
        if entries.is_empty() && self.policy.empty.has_dummy() {
            entries.push(DumpRegion {
                range: ByteRange { start: 0, end: 0 },
                node: None,
                flags: 0,
            });
        }
        entries
    }

    fn list(&self, list: MemblockList) -> &RegionList {
        match list {
            MemblockList::Memory => &self.memory,
            MemblockList::Reserved => &self.reserved,
        }
    }

    fn list_mut(&mut self, list: MemblockList) -> &mut RegionList {
        match list {
            MemblockList::Memory => &mut self.memory,
            MemblockList::Reserved => &mut self.reserved,
        }
    }

    /// Adds what a list does not have yet (`memblock_add_range`).
    fn insert(&mut self, list: MemblockList, region: Region) -> Result<(), MemblockError> {
        let more = self.list(list).missing(region.range).len();
        self.make_room(list, more, region.range)?;
        self.list_mut(list).insert(region);
        Ok(())
    }

    fn take_out(&mut self, list: MemblockList, range: ByteRange) -> Result<(), MemblockError> {
        if !range.is_empty() {
            // Room for the two splits, needed or not.
            self.make_room(list, 2, range)?;
            self.list_mut(list).remove(range);
        }
        Ok(())
    }

    fn change(
        &mut self,
        list: MemblockList,
        range: ByteRange,
        change: impl Fn(&mut Region),
    ) -> Result<(), MemblockError> {
        if !range.is_empty() {
            self.make_room(list, 2, range)?;
            self.list_mut(list).change(range, change);
        }
        Ok(())
    }
}
