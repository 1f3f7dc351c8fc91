//! NUMA events: how near a page was to who asked (`numa_stat_item`, `zone_statistics`).
//!
//! Since 4.14 they are kept beside a zone's counters, in 6.1 and 6.12 in plain counters of every CPU
//! that are added up when somebody reads them. Here they are kept from events alone.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use pfnlab_model::{CpuId, Event, NodeId, Observer, Snapshot, ZoneId};

/// What one CPU counted for one zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumaCounts {
    /// Handed out by the node that was wanted (`NUMA_HIT`).
    pub hit: u64,
    /// Handed out though another node was wanted (`NUMA_MISS`).
    pub miss: u64,
    /// Wanted from this zone, but handed out by another node (`NUMA_FOREIGN`).
    pub foreign: u64,
    /// Handed out to a CPU of the node (`NUMA_LOCAL`).
    pub local: u64,
    /// Handed out to a CPU of another node (`NUMA_OTHER`).
    pub other: u64,
}

impl NumaCounts {
    fn add(&mut self, more: NumaCounts) {
        self.hit += more.hit;
        self.miss += more.miss;
        self.foreign += more.foreign;
        self.local += more.local;
        self.other += more.other;
    }
}

/// What every CPU counted for every zone. It listens to an allocator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumaEvents {
    /// The node of each CPU.
    nodes: Vec<NodeId>,
    counts: BTreeMap<(CpuId, ZoneId), NumaCounts>,
    /// Who asks.
    cpu: CpuId,
    /// The first zone that was asked; `None`: none was, so what serves is where it was wanted.
    preferred: Option<ZoneId>,
}

impl NumaEvents {
    /// Nothing was asked yet on the CPUs of an allocator in this state.
    pub fn new(snapshot: &Snapshot) -> NumaEvents {
        NumaEvents {
            nodes: snapshot.cpus.iter().map(|cpu| cpu.node).collect(),
            counts: BTreeMap::new(),
            cpu: CpuId(0),
            preferred: None,
        }
    }

    /// What all CPUs together counted for a zone (`fold_vm_numa_events`).
    pub fn of(&self, zone: ZoneId) -> NumaCounts {
        let mut sum = NumaCounts::default();
        let counts = self.counts.iter().filter(|((_, of), _)| *of == zone);
        counts.for_each(|(_, counts)| sum.add(*counts));
        sum
    }

    /// What one CPU counted for a zone.
    pub fn on(&self, cpu: CpuId, zone: ZoneId) -> NumaCounts {
        self.counts.get(&(cpu, zone)).copied().unwrap_or_default()
    }

    /// What `dead` counted counts as counted by `on`.
    pub fn fold(&mut self, dead: CpuId, on: CpuId) {
        let of_dead = self.counts.keys().filter(|(cpu, _)| *cpu == dead);
        for key in of_dead.copied().collect::<Vec<_>>() {
            let counts = self.counts.remove(&key).unwrap_or_default();
            self.counts.entry((on, key.1)).or_default().add(counts);
        }
    }

    fn served(&mut self, zone: ZoneId) {
        let cpu = self.cpu;
        let preferred = self.preferred.unwrap_or(zone);
        let near = zone.node == preferred.node;
        let local = self.nodes.get(cpu.index()) == Some(&zone.node);
        let counts = self.counts.entry((cpu, zone)).or_default();
        counts.hit += u64::from(near);
        counts.miss += u64::from(!near);
        counts.local += u64::from(local);
        counts.other += u64::from(!local);
        if !near {
            self.counts.entry((cpu, preferred)).or_default().foreign += 1;
        }
    }
}

impl Observer for NumaEvents {
    fn event(&mut self, event: Event) {
        match event {
            Event::Asked(request) => (self.cpu, self.preferred) = (request.cpu, None),
            Event::WalkStarted { preferred, .. } => self.preferred = Some(preferred),
            Event::Lent { zone, .. } => self.served(zone),
            _ => {}
        }
    }
}
