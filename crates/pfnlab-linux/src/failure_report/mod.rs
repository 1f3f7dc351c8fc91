//! What a kernel prints when it has no memory to give: "page allocation failure" and the report of
//! the OOM killer.
//!
//! - [`read`]: every report in a log, a [`FailureLog`]. Start here.
//! - [`FailureReport`]: who asked for what. [`ReportedZone`]: what a zone had.
//!
//! ```
//! let log = "\
//! [ 2.0] tar: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)
//! [ 2.0] Node 0 Normal free:40kB min:8kB low:12kB high:16kB present:64kB managed:64kB
//! [ 2.0] lowmem_reserve[]: 0 0
//! [ 2.0] Node 0 Normal: 2*4kB (UM) 4*8kB (U) = 40kB
//! ";
//! let reports = pfnlab_linux::failure_report::read(log).reports;
//! assert_eq!(reports[0].order, Some(4));
//! assert_eq!(reports[0].zones[0].areas.as_ref().unwrap()[1].blocks, 4);
//! ```

mod prefix;
mod reader;
mod zone_lines;

pub use reader::read;

use crate::text::LineError;
use pfnlab_model::{MigrateType, ZoneId};

/// What a log says of failed requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureLog {
    /// The reports that can be read, in order.
    pub reports: Vec<FailureReport>,
    /// Of each that cannot: the first line that begins as one of a report does and is none, or says
    /// what was said before.
    pub unreadable: Vec<LineError>,
    /// The first line about a zone that stands before any report: the report's own first line is
    /// missing.
    pub headless: Option<u32>,
}

/// A request that could not be served, and what the kernel said about its memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReport {
    /// Its first line, from 1.
    pub line: u32,
    /// Which of the two reports it is.
    pub kind: ReportKind,
    /// The task that asked.
    pub comm: String,
    /// The order asked for; `None`: nothing was asked for, somebody asked for a victim.
    pub order: Option<u8>,
    /// The flags, in the bits of that kernel.
    pub mode: u32,
    /// The flags in words, which kernels print since 4.6.
    pub words: Option<String>,
    /// The kernel's release, such as `5.9.10-arch1-1`, where it is said.
    pub release: Option<String>,
    /// The log ends within a line of it, which is left out.
    pub cut: bool,
    /// The zones, in the order they are first named.
    pub zones: Vec<ReportedZone>,
    /// Swap space that is free, in KiB.
    pub swap_free: Option<u64>,
    /// All swap space, in KiB.
    pub swap_total: Option<u64>,
}

/// Which report it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// `page allocation failure`: the request was refused (`warn_alloc`).
    Refused,
    /// `invoked oom-killer`: a process is to die for it (`dump_header`).
    OomKiller,
}

/// What a report says about a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedZone {
    /// Which; on node 0 where the kernel knows no nodes.
    pub id: ZoneId,
    /// The line `free:… min:…`; not every report that is passed on has it still.
    pub counts: Option<ReportedCounts>,
    /// Frames withheld from those who could go as high as this zone index (`lowmem_reserve`).
    pub lowmem_reserve: Vec<u64>,
    /// Free blocks, by order.
    pub areas: Option<Vec<FreeArea>>,
}

/// The counts of a zone, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportedCounts {
    /// Free.
    pub free: u64,
    /// The min watermark, boost included.
    pub min: u64,
    /// The low one.
    pub low: u64,
    /// The high one.
    pub high: u64,
    /// What is in them for a boost (since 5.0; printed since 5.18).
    pub boost: u64,
    /// In pageblocks kept for high-order atomic requests.
    pub reserved_highatomic: u64,
    /// Of these, what is free (seen in reports of 6.17 and later).
    pub free_highatomic: Option<u64>,
    /// Free in contiguous memory areas.
    pub free_cma: u64,
    /// On the lists of file pages: what can be reclaimed most easily.
    pub file: u64,
    /// On the lists of anonymous pages.
    pub anon: u64,
    /// On the per-CPU lists.
    pub free_pcp: u64,
    /// What exists; before 3.9 less what the kernel took for its descriptors.
    pub present: Option<u64>,
    /// Given to the allocator (since 3.9).
    pub managed: Option<u64>,
}

/// The free blocks of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeArea {
    /// How many.
    pub blocks: u64,
    /// The size of one, in KiB.
    pub size: u64,
    /// The migratetypes there are any of; `None`: not said, as up to 3.7.
    pub types: Option<Vec<MigrateType>>,
}
