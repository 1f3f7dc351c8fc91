//! VM events: what each CPU did, counted (`vm_event_states`).
//!
//! The counters are kept from events alone, so whoever does not want them does not pay for them.
//! Each CPU has its own, and what `/proc/vmstat` shows is their sum over the CPUs that run: that of
//! a CPU that went is folded into the one that took over.

use alloc::vec::Vec;

use pfnlab_model::{CpuId, Event, Observer, ZoneKind};

const KINDS: usize = ZoneKind::ALL.len();

/// What one CPU did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Frames handed out, by kind of zone (`PGALLOC_DMA` and so on).
    pgalloc: [u64; KINDS],
    /// Frames that came back (`PGFREE`). They are counted when they come, not when a list is
    /// drained.
    pgfree: u64,
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
            _ => {}
        }
    }
}
