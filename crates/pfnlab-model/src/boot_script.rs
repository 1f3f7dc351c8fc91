//! Boot scripts: what a booting kernel did with its boot allocator, as data.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{ByteRange, CpuId, NodeId};

/// What one boot started from, and every operation on its boot allocator (`memblock`), in order.
///
/// Read from a boot log or written by hand; nothing in it is checked. A log without
/// `memblock=debug` has no steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootScript {
    /// What follows `Linux version`; empty when the log does not say.
    pub banner: String,
    /// The kernel's command line.
    pub command_line: String,
    /// The map the firmware gave (`BIOS-e820`).
    pub firmware: Vec<FirmwareRange>,
    /// The map after `mem=` and `memmap=` changed it (`user`); empty when they did not.
    pub user_map: Vec<FirmwareRange>,
    /// What was taken out of the map afterwards (`e820: update`, `e820: remove`).
    pub unusable: Vec<ByteRange>,
    /// Which memory the firmware says is on which node (`ACPI: SRAT`).
    pub affinity: Vec<Affinity>,
    /// The nodes of `numa=fake=`, which replace those of the firmware.
    pub fake_nodes: Vec<Affinity>,
    /// Which CPU is on which node, as far as the log says, ascending.
    pub cpus: Vec<(CpuId, NodeId)>,
    /// What was done, in order.
    pub steps: Vec<BootStep>,
    /// What was given back after the boot allocator was gone (`Freeing … memory`).
    pub freed_late: Vec<LateFree>,
}

impl BootScript {
    /// The release, such as `6.12.117+deb12-amd64`; empty when the log does not say.
    pub fn release(&self) -> &str {
        self.banner.split_whitespace().next().unwrap_or("")
    }

    /// The value of an option on the command line, `""` for one without a value; the last one
    /// wins. What follows ` -- ` belongs to `init`.
    ///
    /// ```
    /// use pfnlab_model::BootScript;
    /// let script = BootScript { command_line: "mem=300M quiet".into(), ..BootScript::default() };
    /// assert_eq!(script.option("mem"), Some("300M"));
    /// assert_eq!(script.option("quiet"), Some(""));
    /// assert_eq!(script.option("numa"), None);
    /// ```
    pub fn option(&self, name: &str) -> Option<&str> {
        let words = self.command_line.split_whitespace();
        words
            .take_while(|word| *word != "--")
            .filter_map(|word| {
                let (key, value) = word.split_once('=').unwrap_or((word, ""));
                (key == name).then_some(value)
            })
            .last()
    }

    /// The map memory is taken from: the firmware's, or what the command line made of it.
    pub fn memory_map(&self) -> &[FirmwareRange] {
        if self.user_map.is_empty() {
            &self.firmware
        } else {
            &self.user_map
        }
    }

    /// The memory that the last printed list marks as mirrored (`MEMBLOCK_MIRROR`), ascending.
    pub fn mirrored(&self) -> impl Iterator<Item = ByteRange> {
        const MIRROR: u32 = 2;
        let mut dumps = self.steps.iter().filter_map(|step| match &step.op {
            BootOp::Dump(dump) => Some(dump),
            _ => None,
        });
        let last = dumps.next_back();
        let memory = last.into_iter().flat_map(|dump| &dump.memory);
        memory
            .filter(|region| region.flags & MIRROR != 0)
            .map(|region| region.range)
    }
}

/// A range of the firmware's map (`struct e820_entry`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareRange {
    /// Where it is.
    pub range: ByteRange,
    /// What it is, as the kernel prints it: `usable`, `reserved`, `ACPI data`, …
    pub kind: String,
}

impl FirmwareRange {
    /// Whether it is memory the kernel may use.
    pub fn is_usable(&self) -> bool {
        self.kind == "usable"
    }
}

/// Memory that is said to be on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affinity {
    /// The line of the log, from 1.
    pub line: u32,
    /// The node.
    pub node: NodeId,
    /// Where it is. There need not be memory everywhere in it.
    pub range: ByteRange,
    /// It can be unplugged (`hotplug`).
    pub hotplug: bool,
}

/// Memory that was given back late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateFree {
    /// The line of the log, from 1.
    pub line: u32,
    /// What it had been used for, such as `initrd`.
    pub what: String,
    /// How much it was, in bytes.
    pub bytes: u64,
}

/// One operation on the boot allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootStep {
    /// The line of the log, from 1.
    pub line: u32,
    /// The function that asked for it, with an offset, as the kernel prints it.
    pub by: String,
    /// What was done.
    pub op: BootOp,
}

/// What is done to the boot allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootOp {
    /// Memory was found (`memblock_add`).
    Add(ByteRange),
    /// Memory was taken out (`memblock_remove`).
    Remove(ByteRange),
    /// A range was taken where it is (`memblock_reserve`).
    Reserve(ByteRange),
    /// A range was given back (`memblock_phys_free`).
    Free(ByteRange),
    /// Something was asked for.
    Allocate {
        /// What.
        request: MemblockRequest,
        /// What the kernel gave; `None`: the log shows nothing.
        granted: Option<ByteRange>,
    },
    /// The descriptor of a node was placed (`NODE_DATA`). Its request is not in the log, but
    /// follows from what was given: that many bytes, cache aligned, best on the node itself.
    NodeData {
        /// The node.
        node: NodeId,
        /// Where its descriptor went.
        granted: ByteRange,
    },
    /// A list was full and became twice as long (`memblock_double_array`).
    Doubled {
        /// Which.
        list: MemblockList,
        /// How many entries it can hold now.
        entries: u64,
        /// Where it went.
        at: ByteRange,
    },
    /// The kernel printed its lists (`memblock_dump_all`).
    Dump(MemblockDump),
}

/// One of the two lists of the boot allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemblockList {
    /// What exists (`memblock.memory`).
    Memory,
    /// What is taken (`memblock.reserved`).
    Reserved,
}

impl MemblockList {
    /// The name Linux prints.
    pub const fn name(self) -> &'static str {
        match self {
            MemblockList::Memory => "memory",
            MemblockList::Reserved => "reserved",
        }
    }
}

impl fmt::Display for MemblockList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is asked of the boot allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemblockRequest {
    /// How many bytes.
    pub size: u64,
    /// The address is to be a multiple of this; 0: of a cache line.
    pub align: u64,
    /// The lowest address.
    pub from: u64,
    /// The lowest address that may no longer be used; 0: as far as memory can be reached
    /// (`MEMBLOCK_ALLOC_ACCESSIBLE`).
    pub to: u64,
    /// The node it should be on; `None`: any.
    pub node: Option<NodeId>,
    /// How strict the above is.
    pub call: MemblockCall,
}

/// The functions that allocate, by what they do when a request cannot be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemblockCall {
    /// Both limits hold and the node is ignored (`memblock_phys_alloc_range`).
    PhysRange,
    /// The limits hold and the node is a wish (`memblock_phys_alloc_try_nid`).
    PhysTryNid,
    /// First the node is given up, then the lowest address (`memblock_alloc_try_nid`).
    TryNid,
    /// The node holds; only the lowest address is given up (`memblock_alloc_exact_nid_raw`).
    ExactNid,
}

/// Both lists of the boot allocator, as it prints them. [`fmt::Display`] gives the kernel's text
/// (`memblock_dump`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemblockDump {
    /// How many bytes it thinks exist.
    pub memory_size: u64,
    /// How many bytes it thinks are taken.
    pub reserved_size: u64,
    /// What exists.
    pub memory: Vec<DumpRegion>,
    /// What is taken.
    pub reserved: Vec<DumpRegion>,
}

/// An entry of a dumped list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DumpRegion {
    /// Where it is.
    pub range: ByteRange,
    /// Its node, if it has one.
    pub node: Option<NodeId>,
    /// Its flags (`enum memblock_flags`).
    pub flags: u32,
}

impl fmt::Display for MemblockDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "MEMBLOCK configuration:")?;
        let (memory, reserved) = (self.memory_size, self.reserved_size);
        writeln!(
            f,
            " memory size = {memory:#018x} reserved size = {reserved:#018x}"
        )?;
        let lists = [
            (MemblockList::Memory, &self.memory),
            (MemblockList::Reserved, &self.reserved),
        ];
        for (list, regions) in lists {
            writeln!(f, " {list}.cnt  = {:#x}", regions.len())?;
            for (position, region) in regions.iter().enumerate() {
                writeln!(f, " {list}[{position:#x}]\t{region}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for DumpRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ByteRange { start, end } = self.range;
        let (last, bytes) = (end.wrapping_sub(1), end.wrapping_sub(start));
        write!(f, "[{start:#018x}-{last:#018x}], {bytes:#018x} bytes")?;
        if let Some(node) = self.node {
            write!(f, " on node {node}")?;
        }
        write!(f, " flags: {:#x}", self.flags)
    }
}
