//! The tables of a machine.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use pfnlab_model::{
    AllocError, CpuId, Event, MemoryNotice, MemoryStep, NodeId, Observer, PageAllocator,
    PageExtEvent, Pfn, PfnRange,
};

use super::entry::{Entry, Needs};
use super::policy::{ClientKind, Flag, PageExtPolicy, PresenceCheck, Rollback};
use super::sections::Sections;
use super::table::{Table, TableSource, VMALLOC_START};
use crate::MemoryNotifier;

/// The tables of every section, and who keeps something in them.
///
/// ```
/// use pfnlab_clients::Generation;
/// use pfnlab_clients::page_ext::{ClientKind, Needs, PageExt, SectionMap};
/// use pfnlab_mm::{Config, Mm, Profile};
/// use pfnlab_model::{CpuId, MachineSpec, NodeSpec, Pfn};
///
/// let node = NodeSpec { cpus: vec![0], ram: vec!["0..256M".parse()?], ..NodeSpec::default() };
/// let machine = MachineSpec { nodes: vec![node], ..MachineSpec::default() }.build()?;
/// let mut memory = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64)?;
///
/// let needs = Needs::of(&[ClientKind::PageOwner]);
/// let sections = SectionMap::from(&machine);
/// let (page_ext, report) =
///     PageExt::boot(Generation::NEWEST, &needs, sections, CpuId(0), &mut memory, &mut ())?.unwrap();
/// assert_eq!(report.line(), "allocated 4718592 bytes of page_ext");
/// assert!(page_ext.address(Pfn::new(0x8000)).is_some());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PageExt<S> {
    policy: &'static PageExtPolicy,
    entry: Entry,
    sections: S,
    tables: BTreeMap<u64, Table>,
    /// The shared words that are not 0.
    words: BTreeMap<Pfn, u64>,
    /// Bytes of every table that was ever made (`total_usage`): giving one back lowers nothing.
    total: u64,
    vmalloc_end: u64,
}

/// What the walk over memory did at boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootReport {
    /// Every frame it stopped at, in order.
    pub visits: Vec<Visit>,
    /// The size of all tables, in bytes.
    pub bytes: u64,
    /// The clients that were told that the tables are there: all that can be, whether they keep
    /// something or not.
    pub told: Vec<ClientKind>,
}

impl BootReport {
    /// The line in the boot log.
    pub fn line(&self) -> String {
        format!("allocated {} bytes of page_ext", self.bytes)
    }
}

/// A frame the walk stopped at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// For which node.
    pub node: NodeId,
    /// The frame.
    pub pfn: Pfn,
    /// What was done.
    pub outcome: VisitOutcome,
}

/// What was done at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitOutcome {
    /// The section got its table.
    Made,
    /// It had one: another node, or an earlier frame of it, was first.
    There,
    /// The frame has no descriptor.
    Invalid,
    /// The frame belongs to another node.
    Foreign(NodeId),
}

/// Tables that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageExtError {
    /// There was no memory for a section's table (the kernel panics: "Out of memory"). Everything
    /// was given back.
    OutOfMemory {
        /// Which section.
        section: u64,
        /// For which node.
        node: NodeId,
        /// What the allocator said.
        error: AllocError,
    },
}

impl fmt::Display for PageExtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PageExtError::OutOfMemory {
            section,
            node,
            error,
        } = self;
        write!(
            f,
            "no page_ext for section {section} on node {node}: {error}"
        )
    }
}

impl core::error::Error for PageExtError {}

impl<S: Sections> PageExt<S> {
    /// Makes a table for every section, in the order of the kernel's walk (`page_ext_init`);
    /// `None`: nobody keeps anything, or the generation has no such tables.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn boot(
        generation: &'static crate::Generation,
        needs: &Needs,
        sections: S,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Option<(PageExt<S>, BootReport)>, PageExtError> {
        let Some(policy) = generation.page_ext() else {
            return Ok(None);
        };
        let Some(entry) = Entry::new(policy, needs) else {
            return Ok(None);
        };
        let mut page_ext = PageExt {
            policy,
            entry,
            sections,
            tables: BTreeMap::new(),
            words: BTreeMap::new(),
            total: 0,
            vmalloc_end: VMALLOC_START,
        };
        match page_ext.walk(cpu, memory, observer) {
            Ok(visits) => {
                let able = policy.clients.iter().filter(|client| client.init);
                let report = BootReport {
                    visits,
                    bytes: page_ext.total,
                    told: able.map(|client| client.kind).collect(),
                };
                Ok(Some((page_ext, report)))
            }
            Err(error) => {
                let made: Vec<_> = page_ext.tables.keys().copied().collect();
                page_ext.give_back(&made, cpu, memory, observer);
                Err(error)
            }
        }
    }

    fn walk(
        &mut self,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<Vec<Visit>, PageExtError> {
        let mut visits = Vec::new();
        let frames = self.sections.section_frames();
        for node in self.sections.nodes() {
            let span = self.sections.span(node);
            let mut pfn = span.start();
            while pfn < span.end() {
                let owner = self.sections.node_of(pfn);
                let outcome = if !self.sections.is_valid(pfn) {
                    VisitOutcome::Invalid
                } else if owner != node {
                    VisitOutcome::Foreign(owner)
                } else if self.make(pfn, node, cpu, memory, observer)? {
                    VisitOutcome::Made
                } else {
                    VisitOutcome::There
                };
                visits.push(Visit { node, pfn, outcome });
                // Only the first step may begin inside a section.
                pfn = Pfn::new((pfn.get() + 1).next_multiple_of(frames));
            }
        }
        Ok(visits)
    }

    /// Makes the table of the section that holds a frame, unless it has one
    /// (`init_section_page_ext`).
    fn make(
        &mut self,
        pfn: Pfn,
        node: NodeId,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<bool, PageExtError> {
        let section = pfn.get() / self.sections.section_frames();
        if self.tables.contains_key(&section) {
            return Ok(false);
        }
        let bytes = self.table_bytes();
        let made = Table::make(bytes, node, cpu, &mut self.vmalloc_end, memory, observer);
        let table = made.map_err(|error| PageExtError::OutOfMemory {
            section,
            node,
            error,
        })?;
        let scattered = matches!(table.source, TableSource::Scattered(_));
        self.tables.insert(section, table);
        self.total += bytes;
        // Both fit: a section's number has fewer bits than a frame's, a table is below 4 GiB.
        observer.event(Event::PageExt(PageExtEvent::TableMade {
            section: section as u32,
            node,
            bytes: bytes as u32,
            scattered,
        }));
        Ok(true)
    }

    /// The size of a section's table, in bytes.
    pub fn table_bytes(&self) -> u64 {
        u64::from(self.entry.size()) * self.sections.section_frames()
    }

    /// What an entry is made of.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The bytes of every table that was ever made. Tables given back lower nothing.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Where a section's table comes from; `None`: it has none.
    pub fn source(&self, section: u64) -> Option<&TableSource> {
        self.tables.get(&section).map(|table| &table.source)
    }

    /// What a section notes down as its table: the address, less what entries of all frames before
    /// the section would take, so that a frame's entry is this plus number times size. Wraps.
    pub fn biased_base(&self, section: u64) -> Option<u64> {
        let first = section * self.sections.section_frames();
        let before = u64::from(self.entry.size()).wrapping_mul(first);
        let table = self.tables.get(&section)?;
        Some(table.base.wrapping_sub(before))
    }

    /// The address of a frame's entry (`lookup_page_ext`, `page_ext_get`); `None`: its section has
    /// no table, or one about to be given back. Whoever keeps something does nothing then.
    pub fn address(&self, pfn: Pfn) -> Option<u64> {
        let section = pfn.get() / self.sections.section_frames();
        let valid = self
            .tables
            .get(&section)
            .is_some_and(|table| !table.invalid);
        let base = self.biased_base(section).filter(|_| valid)?;
        let offset = u64::from(self.entry.size()).wrapping_mul(pfn.get());
        Some(base.wrapping_add(offset))
    }

    /// A bit of a frame's shared word; `None`: there is no entry, no word in it, or no such bit.
    pub fn flag(&self, pfn: Pfn, flag: Flag) -> Option<bool> {
        let bit = self.bit(pfn, flag)?;
        Some(self.words.get(&pfn).copied().unwrap_or(0) >> bit & 1 == 1)
    }

    /// Sets a bit of a frame's shared word; `None`: as for [`PageExt::flag`], and nothing happens.
    pub fn set_flag(&mut self, pfn: Pfn, flag: Flag, value: bool) -> Option<()> {
        let bit = self.bit(pfn, flag)?;
        let word = self.words.get(&pfn).copied().unwrap_or(0) & !(1 << bit);
        match word | u64::from(value) << bit {
            0 => self.words.remove(&pfn),
            word => self.words.insert(pfn, word),
        };
        Some(())
    }

    fn bit(&self, pfn: Pfn, flag: Flag) -> Option<u32> {
        self.address(pfn).filter(|_| self.entry.has_flags())?;
        self.policy.bit(flag)
    }

    fn give_back(
        &mut self,
        sections: &[u64],
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) {
        for &section in sections {
            if let Some(table) = self.tables.get_mut(&section) {
                table.invalid = true;
            }
        }
        let frames = self.sections.section_frames();
        for &section in sections {
            let Some(table) = self.tables.remove(&section) else {
                continue;
            };
            let range = PfnRange::sized(Pfn::new(section * frames), frames);
            let inside = self.words.range(range.start()..range.end());
            let inside: Vec<_> = inside.map(|(&pfn, _)| pfn).collect();
            for pfn in inside {
                self.words.remove(&pfn);
            }
            let given = table.give_back(cpu, memory, observer);
            assert!(
                given.is_ok(),
                "the allocator does not know what it handed out"
            );
            let section = section as u32;
            observer.event(Event::PageExt(PageExtEvent::TableGone { section }));
        }
    }

    /// Tables for memory that will be there; all or, but for what the generation forgets, none.
    fn come(
        &mut self,
        event: &MemoryNotice,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), AllocError> {
        let frames = self.sections.section_frames();
        let first = event.range.start();
        let node = event.status_change.unwrap_or(self.sections.node_of(first));
        let sections: Vec<_> = self.touched(event.range).collect();
        for (position, &section) in sections.iter().enumerate() {
            let pfn = Pfn::new(section * frames);
            let absent = !self.sections.is_valid(pfn);
            if absent && self.policy.presence == PresenceCheck::SkipAbsent {
                continue;
            }
            if let Err(PageExtError::OutOfMemory { error, .. }) =
                self.make(pfn, node, cpu, memory, observer)
            {
                let done = match self.policy.rollback {
                    Rollback::WholeRange => &sections[..],
                    Rollback::UpToFailed => &sections[..position],
                };
                self.give_back(done, cpu, memory, observer);
                return Err(error);
            }
        }
        Ok(())
    }

    fn touched(&self, range: PfnRange) -> impl Iterator<Item = u64> + use<S> {
        let frames = self.sections.section_frames();
        range.start().get() / frames..range.end().get().div_ceil(frames)
    }

    /// What the walk asks about memory.
    pub fn sections(&self) -> &S {
        &self.sections
    }

    /// The same, to be changed when memory comes or goes.
    pub fn sections_mut(&mut self) -> &mut S {
        &mut self.sections
    }
}

impl<S: Sections> MemoryNotifier for PageExt<S> {
    fn memory_event(
        &mut self,
        event: MemoryNotice,
        cpu: CpuId,
        memory: &mut impl PageAllocator,
        observer: &mut impl Observer,
    ) -> Result<(), AllocError> {
        match event.step {
            MemoryStep::GoingOnline => self.come(&event, cpu, memory, observer),
            MemoryStep::Offline | MemoryStep::CancelOnline => {
                let sections: Vec<_> = self.touched(event.range).collect();
                self.give_back(&sections, cpu, memory, observer);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
