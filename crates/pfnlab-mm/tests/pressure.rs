//! Thresholds while kswapd is awake: by the formulas of the specification (statistics, 8.3).

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CpuId, Event, Inspect, MachineSpec, NodeId, NodeSpec, PageAllocator, Snapshot, ZoneState,
};

fn boot(profile: &'static Profile) -> Mm {
    let node = NodeSpec {
        cpus: vec![0, 1, 2, 3],
        ram: vec!["4K..640K".parse().unwrap(), "1M..64M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64_NO_THP).unwrap()
}

fn thresholds(zone: &ZoneState) -> Vec<u8> {
    zone.pcp.iter().map(|pcp| pcp.stat_threshold).collect()
}

/// Zones whose count may deceive fold earlier while kswapd is awake, and as usual when it sleeps; a
/// CPU that does not run is left alone. 2.6.37 has no such thresholds.
#[test]
fn zones_that_may_deceive_fold_earlier() {
    for profile in Profile::ALL {
        let name = profile.name();
        let mut mm = boot(profile);
        mm.cpu_offline(CpuId(3), CpuId(0), &mut ()).unwrap();
        let before = mm.snapshot();
        let mut tape: Vec<Event> = Vec::new();
        assert!(mm.set_kswapd_awake(NodeId(0), true, &mut tape), "{name}");
        assert!(!mm.set_kswapd_awake(NodeId(0), true, &mut tape), "{name}");
        let awake = mm.snapshot();
        let mut deceiving = 0;
        for (zone, earlier) in awake.zones.iter().zip(&before.zones) {
            let usual = thresholds(earlier);
            if zone.percpu_drift_mark == 0 || name == "linux-2.6.37" {
                assert_eq!(thresholds(zone), usual, "{name}");
                continue;
            }
            deceiving += 1;
            // Three CPUs run.
            let apart = zone.watermarks.low - zone.watermarks.min;
            let narrow = (apart / 3).clamp(1, 125) as u8;
            let expected = [narrow, narrow, narrow, usual[3]];
            assert_eq!(thresholds(zone), expected, "{name}");
        }
        assert!(deceiving > 0 || name == "linux-2.6.37", "{name}");

        assert!(mm.set_kswapd_awake(NodeId(0), false, &mut tape), "{name}");
        assert_eq!(mm.snapshot(), before, "{name}");
        // Everything is told.
        let mut told: Snapshot = before.clone();
        tape.into_iter().for_each(|event| told.apply(event));
        assert_eq!(told, before, "{name}");
        assert!(
            !mm.set_kswapd_awake(NodeId(1), true, &mut ()),
            "{name}: no such node"
        );
    }
}
