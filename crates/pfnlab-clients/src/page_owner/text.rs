//! The records as text, as the kernel's debug file has them.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

use pfnlab_model::{Gfp, MigrateType, Pfn, PfnRange};

use super::facts::PageFacts;
use super::owner::{Entries, PageOwner};
use super::policy::{Coverage, OwnerText};
use super::record::Record;
use super::stacks::StackId;

/// A record whose text does not fit in the reader's buffer (`-ENOMEM`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Of which page.
    pub pfn: Pfn,
    /// How long it is, in bytes.
    pub bytes: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record of {} has {} bytes", self.pfn, self.bytes)
    }
}

impl core::error::Error for TooLong {}

impl<E: Entries> PageOwner<E> {
    /// The first record at or behind a frame, as the debug file gives it to one read, and where the
    /// next read goes on; `None`: there are no more.
    ///
    /// # Errors
    /// When it has more than `buffer` bytes.
    pub fn read(
        &self,
        from: Pfn,
        facts: &impl PageFacts,
        buffer: usize,
    ) -> Result<Option<(String, Pfn)>, TooLong> {
        let records = self.records().skip_while(|&(pfn, _)| pfn < from);
        let mut shown = records.filter(|&(pfn, record)| self.shows(pfn, record, facts));
        let Some((pfn, record)) = shown.next() else {
            return Ok(None);
        };
        let text = self.text(pfn, record, facts);
        match text.len() {
            bytes if bytes > buffer => Err(TooLong { pfn, bytes }),
            _ => Ok(Some((text, pfn.offset(1)))),
        }
    }

    /// Every record, as one text.
    pub fn dump(&self, facts: &impl PageFacts) -> String {
        let records = self.records();
        let shown = records.filter(|&(pfn, record)| self.shows(pfn, record, facts));
        shown
            .map(|(pfn, record)| self.text(pfn, record, facts))
            .collect()
    }

    fn shows(&self, pfn: Pfn, record: &Record, facts: &impl PageFacts) -> bool {
        let tail = match self.policy().coverage {
            Coverage::Head => false,
            Coverage::Every => !pfn.is_aligned(record.order),
        };
        record.allocated && !tail && facts.free_block(pfn).is_none()
    }

    fn text(&self, pfn: Pfn, record: &Record, facts: &impl PageFacts) -> String {
        let mut text = String::new();
        self.write(&mut text, pfn, record, facts)
            .expect("a string takes everything");
        text
    }

    fn write(
        &self,
        out: &mut String,
        pfn: Pfn,
        record: &Record,
        facts: &impl PageFacts,
    ) -> fmt::Result {
        let policy = self.policy();
        let (raw, _) = policy.bits.raw(record.gfp);
        let words = policy.bits.words(raw);
        let Record { order, by, .. } = record;
        write!(
            out,
            "Page allocated via order {order}, mask {raw:#x}({words})"
        )?;
        let process = format!("pid {}, tgid {} ({})", by.pid, by.tgid, comm(&by.comm));
        let freed = record.freed_by.as_ref().map_or(0, |freed| freed.time);
        match policy.text {
            OwnerText::Mask => {}
            OwnerText::Times => write!(out, ", {process}, ts {} ns, free_ts {freed} ns", by.time)?,
            OwnerText::HexPfn => write!(out, ", {process}, ts {} ns", by.time)?,
        }
        let number = match policy.text {
            OwnerText::Mask | OwnerText::Times => format!("{}", pfn.get()),
            OwnerText::HexPfn => format!("{:#x}", pfn.get()),
        };
        let block = pfn.get() >> facts.pageblock_order().get();
        writeln!(
            out,
            "\nPFN {number} type {} Block {block} type {} Flags {}",
            page_type(record.gfp, facts).name(),
            facts.block_type(pfn).name(),
            facts.flags(pfn)
        )?;
        for call in self.stacks().calls(by.stack) {
            writeln!(out, " {call}")?;
        }
        if let Some(reason) = record.reason {
            let name = reason.name();
            writeln!(out, "Page has been migrated, last migrate reason: {name}")?;
        }
        writeln!(out)
    }

    /// How many frames are allocated from each call stack, those with at least `least`
    /// (`page_owner_stacks` of 6.12).
    pub fn pages_by_stack(&self, least: u64) -> impl Iterator<Item = (StackId, u64)> {
        let mut pages: BTreeMap<StackId, u64> = BTreeMap::new();
        for (_, record) in self.records().filter(|(_, record)| record.allocated) {
            let frames = match self.policy().coverage {
                Coverage::Head => record.order.frames(),
                Coverage::Every => 1,
            };
            *pages.entry(record.by.stack).or_default() += frames;
        }
        pages.into_iter().filter(move |&(_, pages)| pages >= least)
    }
}

/// What is kept of a process's name.
fn comm(name: &str) -> &str {
    let end = name.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = end.take_while(|&end| end <= 15).last().unwrap_or(0);
    &name[..end]
}

/// The type a mask implies (`gfp_migratetype`).
fn page_type(gfp: Gfp, facts: &impl PageFacts) -> MigrateType {
    if !facts.grouped() {
        MigrateType::Unmovable
    } else if gfp.contains(Gfp::MOVABLE) {
        MigrateType::Movable
    } else if gfp.contains(Gfp::RECLAIMABLE) {
        MigrateType::Reclaimable
    } else {
        MigrateType::Unmovable
    }
}

/// How many pageblocks that begin in a range hold an allocated page of another type than their own,
/// by their type (`Number of mixed blocks` in `pagetypeinfo`). A block of contiguous memory counts
/// as movable.
pub fn mixed_blocks<E: Entries>(
    owner: &PageOwner<E>,
    range: PfnRange,
    facts: &impl PageFacts,
) -> BTreeMap<MigrateType, u64> {
    let order = facts.pageblock_order();
    let mut mixed: BTreeMap<MigrateType, u64> = BTreeMap::new();
    let mut latest = None;
    for (pfn, record) in owner.records() {
        let block = pfn.align_down(order);
        if !range.contains(pfn) || !record.allocated || latest == Some(block) {
            continue;
        }
        let own = match facts.block_type(pfn) {
            MigrateType::Cma => MigrateType::Movable,
            own => own,
        };
        if page_type(record.gfp, facts) != own {
            *mixed.entry(own).or_default() += 1;
            latest = Some(block);
        }
    }
    mixed
}
