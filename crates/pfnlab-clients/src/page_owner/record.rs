//! What is kept about one page.

use alloc::string::String;

use pfnlab_model::{Gfp, Order};

use super::stacks::StackId;

/// Who is at work, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The call stack.
    pub stack: StackId,
    /// The thread.
    pub pid: u32,
    /// Its process.
    pub tgid: u32,
    /// Its name; 15 bytes of it are kept.
    pub comm: String,
    /// Nanoseconds since boot.
    pub time: u64,
}

impl Default for Context {
    /// Nobody, at boot.
    fn default() -> Context {
        Context {
            stack: StackId::DUMMY,
            pid: 0,
            tgid: 0,
            comm: String::from("swapper"),
            time: 0,
        }
    }
}

/// Why a page was moved (`enum migrate_reason`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MigrateReason {
    /// To make a large block.
    Compaction,
    /// Its memory is broken.
    MemoryFailure,
    /// Its memory goes.
    MemoryHotplug,
    /// Somebody asked for it.
    Syscall,
    /// A policy for the process's memory says so.
    MempolicyMbind,
    /// To the node that uses it.
    NumaMisplaced,
    /// A range is needed as a whole.
    ContigRange,
}

impl MigrateReason {
    /// What the text calls it.
    pub const fn name(self) -> &'static str {
        match self {
            MigrateReason::Compaction => "compaction",
            MigrateReason::MemoryFailure => "memory_failure",
            MigrateReason::MemoryHotplug => "memory_hotplug",
            MigrateReason::Syscall => "syscall_or_cpuset",
            MigrateReason::MempolicyMbind => "mempolicy_mbind",
            MigrateReason::NumaMisplaced => "numa_misplaced",
            MigrateReason::ContigRange => "contig_range",
        }
    }
}

/// What is kept about one page (`struct page_owner`, and the two bits beside it). Generations that
/// keep less leave the rest as it is here for a page nobody freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The order it was allocated with.
    pub order: Order,
    /// The mask it was allocated with.
    pub gfp: Gfp,
    /// Why it was moved last; `None`: it was not.
    pub reason: Option<MigrateReason>,
    /// Who allocated it.
    pub by: Context,
    /// Who freed it last, if anybody.
    pub freed_by: Option<Context>,
    /// It is allocated (`PAGE_EXT_OWNER_ALLOCATED`, or up to 5.0 the record itself).
    pub allocated: bool,
}
