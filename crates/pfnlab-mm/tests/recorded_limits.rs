//! What running kernels had computed for their machines, computed once more: watermarks, reserves, the
//! sizes of per-CPU lists and thresholds. A state that was recorded holds both, what they are computed
//! from and what a kernel came to.

use std::collections::BTreeMap;
use std::path::Path;

use pfnlab_linux::{Recording, read_snapshot};
use pfnlab_mm::Mm;
use pfnlab_model::{CpuId, Inspect, PageAllocator, Snapshot, Sysctl, Watermarks, ZoneState};

/// The states before the recorded operations, by case.
fn recorded() -> BTreeMap<String, Snapshot> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pfnlab/tests/recordings");
    let cases = Recording::find([folder]).unwrap();
    let states = cases.iter().map(|case| {
        let state = read_snapshot(case.join("before.json.gz")).unwrap();
        (case.display().to_string(), state)
    });
    states.collect()
}

/// With memory, and not boosted: who writes a tunable takes a boost away.
fn populated(state: &Snapshot) -> impl Iterator<Item = &ZoneState> {
    let zones = state.zones.iter();
    zones.filter(|zone| zone.present > 0 && zone.boost == 0)
}

/// The state without what is computed when a tunable is written.
fn forgotten(state: &Snapshot) -> Mm {
    let mut state = state.clone();
    state.global.totalreserve_pages = 0;
    for node in &mut state.nodes {
        node.totalreserve_pages = 0;
    }
    for zone in &mut state.zones {
        zone.watermarks = Watermarks::default();
        zone.dirty_balance_reserve = 0;
        zone.lowmem_reserve.fill(0);
    }
    Mm::resume(&state).unwrap()
}

fn write(mm: &mut Mm, sysctl: Sysctl, value: u64) {
    mm.sysctl(sysctl, value, &mut ()).unwrap();
}

/// Writes what is there already.
fn write_all(mm: &mut Mm, state: &Snapshot) {
    let global = &state.global;
    write(mm, Sysctl::MinFreeKbytes, global.min_free_kbytes);
    for sysctl in Sysctl::ALL {
        let Some(kind) = sysctl.reserve_ratio_of() else {
            continue;
        };
        let kinds = global.zone_kinds.iter();
        let ratios = kinds.zip(&global.lowmem_reserve_ratio);
        for (_, &ratio) in ratios.filter(|(known, _)| **known == kind) {
            write(mm, *sysctl, ratio);
        }
    }
}

/// Since 4.14 some frames were released after the kernel computed its marks: there the recorded ones
/// are those of a smaller machine.
#[test]
fn marks_and_reserves_are_what_the_kernels_had() {
    let mut marks = 0;
    for (name, state) in recorded() {
        let mut mm = forgotten(&state);
        write_all(&mut mm, &state);
        let got = mm.snapshot();
        for (zone, got) in populated(&state).zip(populated(&got)) {
            let reserves =
                |zone: &ZoneState| (zone.lowmem_reserve.clone(), zone.dirty_balance_reserve);
            assert_eq!(reserves(got), reserves(zone), "{name}, {}", zone.id);
        }
        if ["linux-2.6.37", "linux-3.8"].contains(&state.profile.as_str()) {
            for (zone, got) in populated(&state).zip(populated(&got)) {
                assert_eq!(got.watermarks, zone.watermarks, "{name}, {}", zone.id);
                marks += 1;
            }
            assert_eq!(
                got.global.totalreserve_pages, state.global.totalreserve_pages,
                "{name}"
            );
        }
    }
    assert!(marks > 10, "{marks}");
}

#[test]
fn thresholds_are_what_the_kernels_had() {
    let mut known = 0;
    for (name, state) in recorded() {
        let thresholds = |zone: &ZoneState| {
            zone.pcp
                .iter()
                .map(|pcp| pcp.stat_threshold)
                .collect::<Vec<_>>()
        };
        let mut mm = {
            let mut state = state.clone();
            for pcp in state.zones.iter_mut().flat_map(|zone| &mut zone.pcp) {
                pcp.stat_threshold = 1;
            }
            Mm::resume(&state).unwrap()
        };
        let last = CpuId(state.cpus.len() as u16 - 1);
        if mm.cpu_offline(last, CpuId(0), &mut ()).is_err() {
            continue;
        }
        mm.cpu_online(last, &mut ()).unwrap();
        for (zone, got) in populated(&state).zip(populated(&mm.snapshot())) {
            assert_eq!(thresholds(got), thresholds(zone), "{name}, {}", zone.id);
            known += 1;
        }
    }
    assert!(known > 50, "{known}");
}
