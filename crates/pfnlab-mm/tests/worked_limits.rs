//! Marks, reserves and list lengths against the worked examples of the allocator specification
//! (4.2, 4.3, 7.1 to 7.3, 8.3): one machine of 16 GiB, on every generation.

use std::fmt::Write as _;

use ZoneKind::{Dma, Dma32, Normal};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Inspect, MachineSpec, NodeSpec, PageAllocator, Snapshot, Sysctl, ZoneKind, ZoneState,
};

/// The frames its zones hold.
const FRAMES: [(ZoneKind, u64); 3] = [(Dma, 3840), (Dma32, 760_000), (Normal, 3_300_000)];

/// Nothing is reserved, so all of it is released.
fn booted(profile: &Profile, cpus: u16) -> Snapshot {
    let up_to =
        |start: u64, frames: u64| format!("{:#x}..{:#x}", start << 12, (start + frames) << 12);
    let [(_, dma), (_, dma32), (_, normal)] = FRAMES;
    let ram = [up_to(256, dma + dma32), up_to(1 << 20, normal)];
    let spec = MachineSpec {
        nodes: vec![NodeSpec {
            cpus: (0..cpus).collect(),
            ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
            ..NodeSpec::default()
        }],
        ..MachineSpec::default()
    };
    let config = Config {
        transparent_hugepage: false,
        ..Config::X86_64_PLAIN
    };
    let profile = Profile::by_name(profile.name()).unwrap();
    let mm = Mm::boot(&spec.build().unwrap(), profile, &config);
    mm.unwrap().snapshot()
}

/// Up to 3.8 `present` leaves descriptors out, so the example's frames are put there, and the
/// tunables written once more.
fn of_the_example(profile: &Profile) -> Snapshot {
    let mut snapshot = booted(profile, 4);
    for (kind, frames) in FRAMES {
        let zone = snapshot.zones.iter_mut().find(|zone| zone.id.kind == kind);
        let zone = zone.unwrap();
        zone.present = frames;
    }
    let mut mm = Mm::resume(&snapshot).unwrap();
    for (sysctl, value) in [
        (Sysctl::MinFreeKbytes, 16_127),
        (Sysctl::LowmemReserveRatioDma, 256),
    ] {
        mm.sysctl(sysctl, value, &mut ()).unwrap();
    }
    mm.snapshot()
}

fn zones(snapshot: &Snapshot) -> [&ZoneState; 3] {
    FRAMES.map(|(kind, _)| {
        let zone = snapshot.zones.iter().find(|zone| zone.id.kind == kind);
        zone.unwrap()
    })
}

/// min/low/high of DMA, DMA32 and Normal.
fn marks(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for zone in zones(snapshot) {
        let marks = zone.watermarks;
        write!(text, " {}/{}/{}", marks.min, marks.low, marks.high).unwrap();
    }
    text.trim_start().to_owned()
}

const OLD: &[&str] = &["linux-2.6.37", "linux-3.8"];
const WITHOUT_PROMO: &[&str] = &["linux-4.14", "linux-5.0"];
const TUNED: &[&str] = &["linux-6.12.0", "linux-6.12.y"];

/// 7.1: 4 063 840 frames, so the root of 16 · 16 255 360 KiB. 7.2: each zone's part of that.
#[test]
fn marks_share_the_root_of_memory() {
    for profile in Profile::ALL {
        let name = profile.name();
        let old = OLD.contains(&name);
        let snapshot = if old {
            of_the_example(profile)
        } else {
            booted(profile, 4)
        };
        assert_eq!(snapshot.global.min_free_kbytes, 16_127, "{name}");
        let expected = if old {
            "3/3/4 753/941/1129 3273/4091/4909"
        } else {
            "3/6/9 753/1513/2273 3273/6573/9873"
        };
        assert_eq!(marks(&snapshot), expected, "{name}");
        if !old && !WITHOUT_PROMO.contains(&name) {
            let promo = zones(&snapshot).map(|zone| zone.watermarks.promo);
            assert_eq!(promo, [12, 3033, 13_173], "{name}");
        }
    }
}

/// 7.3: what a zone withholds from those who could go to DMA32, Normal and Movable. There is no
/// movable memory, which only 6.12.0 takes as a reason to withhold nothing from who asks for it.
#[test]
fn low_memory_is_withheld_by_the_ratio() {
    for profile in Profile::ALL {
        let name = profile.name();
        let [dma, dma32] = if name == "linux-6.12.0" {
            [[0, 2968, 15_859, 0], [0, 0, 12_890, 0]]
        } else {
            [[0, 2968, 15_859, 15_859], [0, 0, 12_890, 12_890]]
        };
        let check = |snapshot: &Snapshot, when: &str| {
            let got = zones(snapshot).map(|zone| zone.lowmem_reserve.clone());
            assert_eq!(got[0], dma, "{name} {when}");
            assert_eq!(got[1], dma32, "{name} {when}");
            assert_eq!(got[2], [0; 4], "{name} {when}");
        };
        if !OLD.contains(&name) {
            check(&booted(profile, 4), "booted");
        }
        check(&of_the_example(profile), "written");
    }
}

/// 4.2: a batch is 63 frames, 31 where half a mebibyte was the most; one where it would be none.
#[test]
fn batches_grow_with_the_zone_up_to_a_limit() {
    for profile in Profile::ALL {
        let name = profile.name();
        let large = match name {
            "linux-2.6.37" | "linux-3.8" | "linux-4.14" => 31,
            _ => 63,
        };
        let got = zones(&booted(profile, 4)).map(|zone| zone.pcp[0].batch);
        assert_eq!(got, [1, large, large], "{name}");
    }
}

/// 4.3: six batches up to 5.0, and none where a batch would be none. Then the CPUs share the low
/// mark; in 6.12 that is the least, and an eighth of the zone the most.
#[test]
fn lists_are_sized_by_batches_then_by_the_low_mark() {
    for profile in Profile::ALL {
        let name = profile.name();
        for (cpus, least, most) in [(4, 1643, 103_125), (8, 821, 51_562)] {
            let snapshot = booted(profile, cpus);
            let [dma, _, normal] = zones(&snapshot);
            if OLD.contains(&name) || WITHOUT_PROMO.contains(&name) {
                let batch = normal.pcp[0].batch;
                assert_eq!(
                    (dma.pcp[0].high, normal.pcp[0].high),
                    (0, 6 * batch),
                    "{name}"
                );
                continue;
            }
            assert_eq!(normal.pageset_high_min, least, "{name}, {cpus} CPUs");
            let most = if TUNED.contains(&name) { most } else { least };
            assert_eq!(normal.pageset_high_max, most, "{name}, {cpus} CPUs");
        }
    }
}

/// 8.3: twice the bits of the number of CPUs, times one more than the bits of its 128 MiB.
#[test]
fn counts_may_lag_behind_by_more_with_more_cpus() {
    for profile in Profile::ALL {
        // 760 000 frames are 23 · 128 MiB, 3 300 000 are 100.
        for (cpus, expected) in [(2, [4, 24, 32]), (4, [6, 36, 48]), (8, [8, 48, 64])] {
            let got = zones(&booted(profile, cpus)).map(|zone| zone.pcp[0].stat_threshold);
            assert_eq!(got, expected, "{}, {cpus} CPUs", profile.name());
        }
    }
}
