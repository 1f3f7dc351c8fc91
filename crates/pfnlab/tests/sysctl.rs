//! What follows from a tunable of `/proc/sys/vm`, as running kernels computed it.
//!
//! The snapshots were taken one after the other, with ordinary activity of the kernel between
//! them, so only what follows from the tunable is compared.

use std::path::Path;

use pfnlab::linux::read_snapshot;
use pfnlab::mm::Mm;
use pfnlab::model::{Inspect, PageAllocator, Snapshot, Sysctl};

fn recorded(kernel: &str, name: &str) -> Snapshot {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    read_snapshot(here.join(format!("tests/sysctl/{kernel}/{name}.json.gz"))).unwrap()
}

/// The state once `sysctl` is written, and that it can be rebuilt from what was told.
fn written(start: &Snapshot, sysctl: Sysctl, value: u64) -> Snapshot {
    let mut mm = Mm::resume(start).unwrap();
    let mut told = mm.snapshot();
    let mut events = Vec::new();
    mm.sysctl(sysctl, value, &mut events).unwrap();
    events.into_iter().for_each(|event| told.apply(event));
    assert_eq!(told, mm.snapshot());
    told
}

#[test]
fn watermarks_and_kept_pageblocks_follow_from_min_free_kbytes() {
    for kernel in ["2.6.37", "3.8"] {
        let before = recorded(kernel, "e2-pcp-fraction-0");
        let after = recorded(kernel, "e3-min-free-40000");
        let got = written(&before, Sysctl::MinFreeKbytes, 40_000);
        assert_eq!(
            got.global.totalreserve_pages,
            after.global.totalreserve_pages
        );
        for (expected, got) in after.zones.iter().zip(&got.zones) {
            let id = expected.id;
            assert_eq!(expected.watermarks, got.watermarks, "{kernel} {id}");
            assert_eq!(expected.lowmem_reserve, got.lowmem_reserve, "{kernel} {id}");
            assert_eq!(
                expected.dirty_balance_reserve, got.dirty_balance_reserve,
                "{kernel} {id}"
            );
            assert_eq!(
                expected.percpu_drift_mark, got.percpu_drift_mark,
                "{kernel} {id}"
            );
            let types = |zone: &pfnlab::model::ZoneState| {
                zone.pageblocks.as_ref().map(|blocks| blocks.types.clone())
            };
            assert_eq!(types(expected), types(got), "{kernel} {id}");
        }
    }
}

#[test]
fn per_cpu_lists_follow_from_percpu_pagelist_fraction() {
    for kernel in ["2.6.37", "3.8"] {
        let before = recorded(kernel, "early3");
        let after = recorded(kernel, "e1-pcp-fraction-8");
        let got = written(&before, Sysctl::PercpuPagelistFraction, 8);
        for (expected, got) in after.zones.iter().zip(&got.zones) {
            for (expected, got) in expected.pcp.iter().zip(&got.pcp) {
                assert_eq!((expected.high, expected.batch), (got.high, got.batch));
            }
        }
    }
}

/// The kernel said EINVAL; there was no way back to lists sized by the batch.
#[test]
fn a_percpu_pagelist_fraction_cannot_be_taken_back() {
    for kernel in ["2.6.37", "3.8"] {
        let mut mm = Mm::resume(&recorded(kernel, "e1-pcp-fraction-8")).unwrap();
        let before = mm.snapshot();
        let refused = (Sysctl::PercpuPagelistFraction, 0);
        assert_eq!(
            mm.sysctl(Sysctl::PercpuPagelistFraction, 0, &mut ()),
            Err(refused)
        );
        assert_eq!(mm.snapshot(), before);
    }
}

/// `watermark_scale_factor` and `watermark_boost_factor` were no files there.
#[test]
fn later_tunables_are_refused() {
    for kernel in ["2.6.37", "3.8"] {
        let mut mm = Mm::resume(&recorded(kernel, "e1-pcp-fraction-8")).unwrap();
        for (sysctl, value) in [
            (Sysctl::WatermarkScaleFactor, 300),
            (Sysctl::WatermarkBoostFactor, 0),
            (Sysctl::PercpuPagelistHighFraction, 8),
        ] {
            assert_eq!(mm.sysctl(sysctl, value, &mut ()), Err((sysctl, value)));
        }
    }
}
