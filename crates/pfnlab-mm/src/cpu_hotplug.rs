//! CPUs come and go: what they held does not.
//!
//! Everything here is done by a CPU that stays, after the other one ran for the last time. What
//! its clients kept for the CPU (LRU batches before, slabs behind) is theirs to hand over.
//!
//! ```text
//!   CPU 3 goes, CPU 0 takes over          lists of 3   differences of 3   of 0    folded
//!     drain: 10 frames to the free lists     10 → 0           +7        +5 → +15
//!     fold: what is left goes to all                        7 → 0                   +7
//! ```

use pfnlab_model::{CpuError, CpuId, Event, Observer};

use crate::profile::{Policy, Told, told};
use crate::{Mm, Profile};

/// How the allocator learns that CPUs come and go, and what it does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CpuHotplug {
    /// By a notifier, which minds deaths only. The statistics of the dead CPU are refreshed like
    /// those of one that runs (up to 3.8).
    Notifier,
    /// By a state in the order of all states, left at death; statistics are folded (4.14, 5.0).
    Teardown,
    /// By a state entered and left: the lengths of per-CPU lists follow from how many CPUs there
    /// are (since 6.1).
    Resized,
}

impl Policy for CpuHotplug {
    const DECIDES: &'static str = "what is done when a CPU comes or goes";

    fn told(self) -> Told {
        match self {
            CpuHotplug::Notifier => told(
                "its lists are drained, and its statistics refreshed once more",
                "page_alloc_cpu_notify, refresh_cpu_vm_stats",
            ),
            CpuHotplug::Teardown => told(
                "its lists are drained, and its statistics folded",
                "page_alloc_cpu_dead, cpu_vm_stats_fold (4.10)",
            ),
            CpuHotplug::Resized => told(
                "the same; per-CPU lists are sized anew, when one comes as if every node got it",
                "page_alloc_init_cpuhp, page_alloc_cpu_dead",
            ),
        }
    }
}

impl Profile {
    /// Whether a node is none with CPUs any more when its last one goes (`N_CPU`,
    /// `vmstat_cpu_dead`).
    pub fn forgets_nodes_without_cpus(&self) -> bool {
        self.cpu_hotplug != CpuHotplug::Notifier
    }
}

impl Mm {
    /// The CPU that would take over what `cpu` has: the first other one that runs.
    ///
    /// # Errors
    /// Why `cpu` cannot go.
    pub(crate) fn first_other_cpu(&self, cpu: CpuId) -> Result<CpuId, CpuError> {
        match self.cpus.get(cpu.index()) {
            None => return Err(CpuError::Unknown(cpu)),
            Some(state) if !state.online => return Err(CpuError::Offline(cpu)),
            Some(_) => {}
        }
        let mut others = (0..).map(CpuId).zip(&self.cpus);
        let other = others.find(|&(other, state)| state.online && other != cpu);
        other.map(|(other, _)| other).ok_or(CpuError::Last(cpu))
    }

    /// Takes `cpu` away by the hands of `on`.
    ///
    /// # Errors
    /// Why it cannot go, or not by these hands; nothing changes then.
    pub(crate) fn take_cpu_away(
        &mut self,
        cpu: CpuId,
        on: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), CpuError> {
        self.first_other_cpu(cpu)?;
        if cpu == on || !self.runs(on) {
            return Err(CpuError::Offline(on));
        }
        self.set_online(cpu, false, observer);
        for zone in self.zones.iter_mut().filter(|zone| zone.is_populated()) {
            zone.drain(cpu, on, &mut self.blocks, observer);
        }
        let node = self.cpus[cpu.index()].node;
        for zone in self.zones.iter_mut().filter(|zone| zone.is_populated()) {
            match self.profile.cpu_hotplug {
                CpuHotplug::Notifier => {
                    zone.tick(cpu, zone.id.node == node, &mut self.blocks, observer);
                }
                CpuHotplug::Teardown | CpuHotplug::Resized => {
                    zone.fold(cpu, observer);
                    zone.fold_numa(cpu, observer);
                }
            }
        }
        if self.profile.cpu_hotplug == CpuHotplug::Resized {
            self.set_populated_pagesets(0, observer);
        }
        self.set_thresholds(observer);
        Ok(())
    }

    /// Brings `cpu` back.
    ///
    /// # Errors
    /// Why it cannot come; nothing changes then.
    pub(crate) fn bring_cpu_back(
        &mut self,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> Result<(), CpuError> {
        match self.cpus.get(cpu.index()) {
            None => return Err(CpuError::Unknown(cpu)),
            Some(state) if state.online => return Err(CpuError::Online(cpu)),
            Some(_) => {}
        }
        if self.profile.cpu_hotplug == CpuHotplug::Resized {
            // The CPU counts for no node yet; one more is added for it on every one, and what is
            // computed so stays until something else calls for it.
            self.set_populated_pagesets(1, observer);
        }
        self.set_online(cpu, true, observer);
        self.set_thresholds(observer);
        Ok(())
    }

    /// Whether there is such a CPU, and it runs.
    #[inline]
    pub(crate) fn runs(&self, cpu: CpuId) -> bool {
        self.cpus.get(cpu.index()).is_some_and(|cpu| cpu.online)
    }

    fn set_online(&mut self, cpu: CpuId, online: bool, observer: &mut impl Observer) {
        self.cpus[cpu.index()].online = online;
        observer.event(Event::CpuSet { cpu, online });
    }
}
