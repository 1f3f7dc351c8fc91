//! What clients counted, for `/proc`.

use pfnlab_clients::numa_events::NumaEvents;
use pfnlab_clients::vm_events::{VmEvent, VmEvents};
use pfnlab_linux::proc::Counters;
use pfnlab_model::Snapshot;

/// What listeners counted up to a state, by the names of `/proc/vmstat`: `pgalloc_` and `allocstall_`
/// by kind of zone, `pgfree`, and what compaction and reclaim did, over the online CPUs, and the `numa_` counters of every zone. They do not tell
/// `numa_interleave`.
pub fn counters(snapshot: &Snapshot, vm: &VmEvents, numa: &NumaEvents) -> Counters {
    let mut counters = Counters::default();
    let cpus = snapshot.cpus.iter().filter(|cpu| cpu.online);
    let online = || cpus.clone().map(|cpu| cpu.cpu);
    for &kind in &snapshot.global.zone_kinds {
        let name = format!("pgalloc_{}", kind.name().to_lowercase());
        counters.machine(&name, vm.pgalloc(kind, online()));
    }
    counters.machine("pgfree", vm.pgfree(online()));
    for &kind in &snapshot.global.zone_kinds {
        let name = format!("allocstall_{}", kind.name().to_lowercase());
        counters.machine(&name, vm.allocstall(kind, online()));
    }
    for event in VmEvent::ALL {
        counters.machine(event.name(), vm.of(event, online()));
    }
    for zone in &snapshot.zones {
        let counts = numa.of(zone.id);
        for (name, count) in [
            ("numa_hit", counts.hit),
            ("numa_miss", counts.miss),
            ("numa_foreign", counts.foreign),
            ("numa_local", counts.local),
            ("numa_other", counts.other),
        ] {
            counters.zone(zone.id, name, count);
        }
    }
    counters
}
