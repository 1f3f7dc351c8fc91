//! VM events: what each CPU did, counted (`vm_event_states`).
//!
//! The counters are kept from events alone, so whoever does not want them does not pay for them.
//! Each CPU has its own, and what `/proc/vmstat` shows is their sum over the CPUs that run: that of
//! a CPU that went is folded into the one that took over.

use alloc::vec::Vec;

use pfnlab_model::{CompactionEvent, CpuId, Event, MemoryEvent, Observer, Reclaimer, ZoneKind};

const KINDS: usize = ZoneKind::ALL.len();

/// What one CPU did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Frames handed out, by kind of zone (`PGALLOC_DMA` and so on).
    pgalloc: [u64; KINDS],
    /// Frames that came back (`PGFREE`). They are counted when they come, not when a list is
    /// drained.
    pgfree: u64,
    /// What else it did, by position in [`VmEvent::ALL`].
    others: [u64; VmEvent::ALL.len()],
    /// Requests that waited for reclaim, by the highest kind of zone they may come from.
    allocstall: [u64; KINDS],
}

/// What is counted of compaction and reclaim. How often somebody looked is a model: see
/// [`CompactionEvent::Ended`] and [`MemoryEvent::Reclaimed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VmEvent {
    /// Memory was compacted for a request that waits.
    CompactStall,
    /// Behind that the request was served.
    CompactSuccess,
    /// It was not.
    CompactFail,
    /// Looks for what can be moved.
    CompactMigrateScanned,
    /// Looks for free frames.
    CompactFreeScanned,
    /// Blocks that compaction moved (`pgmigrate_success`: frames, where it moves single ones).
    PgmigrateSuccess,
    /// Frames the background reclaimer had looked at.
    PgscanKswapd,
    /// Frames looked at while a request waits.
    PgscanDirect,
    /// Frames given up to the background reclaimer.
    PgstealKswapd,
    /// Frames given up while a request waits.
    PgstealDirect,
    /// Somebody lost all it had.
    OomKill,
}

impl VmEvent {
    /// All of them.
    pub const ALL: [VmEvent; 11] = [
        VmEvent::CompactStall,
        VmEvent::CompactSuccess,
        VmEvent::CompactFail,
        VmEvent::CompactMigrateScanned,
        VmEvent::CompactFreeScanned,
        VmEvent::PgmigrateSuccess,
        VmEvent::PgscanKswapd,
        VmEvent::PgscanDirect,
        VmEvent::PgstealKswapd,
        VmEvent::PgstealDirect,
        VmEvent::OomKill,
    ];

    /// Its name in `/proc/vmstat`.
    pub const fn name(self) -> &'static str {
        match self {
            VmEvent::CompactStall => "compact_stall",
            VmEvent::CompactSuccess => "compact_success",
            VmEvent::CompactFail => "compact_fail",
            VmEvent::CompactMigrateScanned => "compact_migrate_scanned",
            VmEvent::CompactFreeScanned => "compact_free_scanned",
            VmEvent::PgmigrateSuccess => "pgmigrate_success",
            VmEvent::PgscanKswapd => "pgscan_kswapd",
            VmEvent::PgscanDirect => "pgscan_direct",
            VmEvent::PgstealKswapd => "pgsteal_kswapd",
            VmEvent::PgstealDirect => "pgsteal_direct",
            VmEvent::OomKill => "oom_kill",
        }
    }
}

/// What every CPU did. It listens to an allocator; a free does not say which CPU it runs on, so
/// [`VmEvents::on`] does.
///
/// ```
/// use pfnlab_clients::vm_events::VmEvents;
/// use pfnlab_model::{Block, CpuId, Event, NodeId, Observer, Pfn, ZoneId, ZoneKind};
///
/// let mut events = VmEvents::new(2);
/// let zone = ZoneId { node: NodeId(0), kind: ZoneKind::Dma32 };
/// events.on(CpuId(1));
/// events.event(Event::Lent { zone, block: Block::page(Pfn::new(7)) });
/// assert_eq!(events.pgalloc(ZoneKind::Dma32, [CpuId(1)]), 1);
/// events.fold(CpuId(1), CpuId(0));
/// assert_eq!(events.pgalloc(ZoneKind::Dma32, [CpuId(0)]), 1);
/// assert_eq!(events.pgalloc(ZoneKind::Dma32, [CpuId(1)]), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VmEvents {
    cpus: Vec<Counts>,
    on: CpuId,
}

impl VmEvents {
    /// Nothing was done yet on so many CPUs.
    pub fn new(cpus: u16) -> VmEvents {
        VmEvents {
            cpus: (0..cpus).map(|_| Counts::default()).collect(),
            on: CpuId(0),
        }
    }

    /// What follows runs on this CPU. A request says so itself.
    pub fn on(&mut self, cpu: CpuId) {
        self.on = cpu;
    }

    /// Frames handed out from zones of a kind, on these CPUs (`pgalloc_normal` and its like).
    pub fn pgalloc(&self, kind: ZoneKind, cpus: impl IntoIterator<Item = CpuId>) -> u64 {
        self.sum(cpus, |counts| counts.pgalloc[kind as usize])
    }

    /// Frames that came back on these CPUs (`pgfree`).
    pub fn pgfree(&self, cpus: impl IntoIterator<Item = CpuId>) -> u64 {
        self.sum(cpus, |counts| counts.pgfree)
    }

    /// Something of compaction or reclaim, on these CPUs.
    pub fn of(&self, event: VmEvent, cpus: impl IntoIterator<Item = CpuId>) -> u64 {
        self.sum(cpus, |counts| counts.others[event as usize])
    }

    /// Requests that waited for reclaim and may come from zones up to a kind, on these CPUs
    /// (`allocstall_normal` and its like).
    pub fn allocstall(&self, kind: ZoneKind, cpus: impl IntoIterator<Item = CpuId>) -> u64 {
        self.sum(cpus, |counts| counts.allocstall[kind as usize])
    }

    /// What `dead` did counts as done by `on` (`vm_events_fold_cpu`). Again, or of a CPU that did
    /// nothing: nothing changes.
    pub fn fold(&mut self, dead: CpuId, on: CpuId) {
        let Some(counts) = self.cpus.get_mut(dead.index()).map(core::mem::take) else {
            return;
        };
        let into = self.counts(on);
        for (sum, count) in into.pgalloc.iter_mut().zip(counts.pgalloc) {
            *sum += count;
        }
        into.pgfree += counts.pgfree;
        for (sum, count) in into.others.iter_mut().zip(counts.others) {
            *sum += count;
        }
        for (sum, count) in into.allocstall.iter_mut().zip(counts.allocstall) {
            *sum += count;
        }
    }

    fn sum(&self, cpus: impl IntoIterator<Item = CpuId>, count: impl Fn(&Counts) -> u64) -> u64 {
        let counts = cpus
            .into_iter()
            .filter_map(|cpu| self.cpus.get(cpu.index()));
        counts.map(count).sum()
    }

    fn counts(&mut self, cpu: CpuId) -> &mut Counts {
        if self.cpus.len() <= cpu.index() {
            self.cpus.resize(cpu.index() + 1, Counts::default());
        }
        &mut self.cpus[cpu.index()]
    }
}

impl Observer for VmEvents {
    fn event(&mut self, event: Event) {
        let on = self.on;
        match event {
            Event::Asked(request) => self.on = request.cpu,
            Event::Lent { zone, block } => {
                self.counts(on).pgalloc[zone.kind as usize] += block.frames();
            }
            Event::Returned { block, .. } => self.counts(on).pgfree += block.frames(),
            Event::Memory(event) => self.memory(event),
            Event::Compaction(CompactionEvent::Ended { moved, looked, .. }) => {
                let [sources, targets] = looked;
                self.add(VmEvent::CompactMigrateScanned, sources);
                self.add(VmEvent::CompactFreeScanned, targets);
                self.add(VmEvent::PgmigrateSuccess, u64::from(moved));
            }
            _ => {}
        }
    }
}

impl VmEvents {
    fn memory(&mut self, event: MemoryEvent) {
        match event {
            MemoryEvent::CompactedFor { served, .. } => {
                self.add(VmEvent::CompactStall, 1);
                self.add(
                    match served {
                        true => VmEvent::CompactSuccess,
                        false => VmEvent::CompactFail,
                    },
                    1,
                );
            }
            MemoryEvent::WaitedForReclaim { highest } => {
                let on = self.on;
                self.counts(on).allocstall[highest as usize] += 1;
            }
            MemoryEvent::Reclaimed {
                by,
                looked_at,
                frames,
                ..
            } => {
                let (scan, steal) = match by {
                    Reclaimer::Kswapd => (VmEvent::PgscanKswapd, VmEvent::PgstealKswapd),
                    Reclaimer::Direct => (VmEvent::PgscanDirect, VmEvent::PgstealDirect),
                };
                self.add(scan, looked_at);
                self.add(steal, frames);
            }
            MemoryEvent::OomKilled { .. } => self.add(VmEvent::OomKill, 1),
            _ => {}
        }
    }

    fn add(&mut self, event: VmEvent, count: u64) {
        let on = self.on;
        self.counts(on).others[event as usize] += count;
    }
}
