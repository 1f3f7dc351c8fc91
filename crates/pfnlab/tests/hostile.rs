//! Snapshots that somebody tampered with: they are refused, or the allocator works on from them.
//! Neither panics, and neither takes long.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use crate::common::leaves::{self, Leaf};
use pfnlab::sim::{Setting, Workload};
use pfnlab::{Driver, Inspect, Machine, Mm, Op, Snapshot, Trace, kernel, machine, snapshot};

const MACHINE: &str = "\
[[node]]
cpus = [0, 1]
ram = [\"0x1000..0x9f000\", \"1M..24M\"]
[[node]]
cpus = [2]
ram = [\"24M..40M\"]
";

/// What a number may be replaced by.
const NUMBERS: [&str; 8] = [
    "0",
    "1",
    "512",
    "65535",
    "4294967295",
    "1099511627776",
    "18446744073709551615",
    "-9223372036854775808",
];
/// What a word may be replaced by.
const WORDS: [&str; 5] = [
    "\"Cma\"",
    "\"Isolate\"",
    "\"HighAtomic\"",
    "\"Movable\"",
    "null",
];
/// How many places of a kind are tried.
const PLACES: usize = 1;
/// How many operations are tried on what was not refused.
const OPS: usize = 200;
/// How many rounds of the others.
const ROUNDS: usize = 8;

/// A state with something on most lists.
fn state(machine: &Machine, profile: &str) -> Snapshot {
    let (profile, config) = (kernel::profile(Some(profile)), kernel::config(None));
    let mm = Mm::boot(machine, profile.unwrap(), &config.unwrap()).unwrap();
    let mut driver = Driver::new(mm);
    drive(&mut driver, machine, 3, 2000);
    driver.allocator().snapshot()
}

/// Drives some operations of a workload, and gives them.
fn drive(driver: &mut Driver<Mm>, machine: &Machine, seed: u64, count: usize) -> Vec<Op> {
    let mut workload = Workload::new(seed, Setting::of(machine));
    let mut ops = Vec::new();
    for _ in 0..count {
        let op = workload.next_op();
        let outcome = driver.step(&op, &mut ()).unwrap();
        workload.observe(&outcome);
        ops.push(op);
    }
    ops
}

/// Mixed operations, then requests until nothing is left, while limits change.
fn ops(machine: &Machine, start: &Snapshot) -> Vec<Op> {
    let mut driver = Driver::new(Mm::resume(start).unwrap());
    let mut ops = drive(&mut driver, machine, 4, OPS);
    let lines = (0..).flat_map(|round: u64| {
        let ticket = 1_000_000 + 1000 * round;
        [
            format!(
                "zone-flags node=0 zone=DMA32 set={} clear={} boost=2048",
                round % 8,
                round % 5
            ),
            format!("bulk {ticket} n=500 gfp=__GFP_MOVABLE cpu={}", round % 3),
            format!("a {} order=9 gfp=__GFP_MOVABLE|__GFP_HIGH", ticket + 500),
            format!("a {} order=3 gfp=__GFP_HIGH", ticket + 501),
            format!(
                "a {} order=1 gfp=__GFP_RECLAIMABLE|__GFP_MEMALLOC cpu=1",
                ticket + 502
            ),
            format!("exact {} pages=5", ticket + 503),
            format!("f {} cpu=2", ticket + 501),
            format!("f {} cpu=1", ticket + 7),
            format!("split {} base={}", ticket + 500, ticket + 1_000_000),
            format!("vmstat cpu={}", round % 3),
            format!("drain cpu={}", round % 3),
            format!("sysctl min_free_kbytes {}", 64 << (round % 8)),
            format!("sysctl percpu_pagelist_high_fraction {}", 8 * (round % 3)),
            format!("sysctl watermark_scale_factor {}", 10 + 100 * (round % 3)),
            format!("sysctl lowmem_reserve_ratio.DMA32 {}", 256 >> (round % 3)),
        ]
    });
    let lines: Vec<_> = lines.take(15 * ROUNDS).collect();
    let text = format!("#pfnlab-trace 1\nmachine one-node\n{}\n", lines.join("\n"));
    let trace = Trace::parse(&text).unwrap().trace;
    ops.extend(trace.steps.iter().map(|step| step.op));
    ops
}

/// Works on from a snapshot; whether it was taken.
fn work_on(text: &str, ops: &[Op]) -> bool {
    let Ok(snapshot) = serde_json::from_str(text) else {
        return false;
    };
    let Ok(mm) = Mm::resume(&snapshot) else {
        return false;
    };
    let mut driver = Driver::new(mm);
    for op in ops {
        if driver.step(op, &mut ()).is_err() {
            break;
        }
    }
    true
}

#[test]
fn a_snapshot_with_any_field_tampered_with_does_no_harm() {
    let machine = machine::parse("hostile.toml", MACHINE).unwrap();
    for profile in ["linux-6.12.y", "linux-6.1.y"] {
        let start = state(&machine, profile);
        let ops = ops(&machine, &start);
        let text = snapshot::to_json(&start);
        assert!(work_on(&text, &ops), "untouched it is taken");
        let leaves = leaves::of(&text);
        let mut kinds: BTreeMap<String, Vec<&Leaf>> = BTreeMap::new();
        for leaf in &leaves {
            kinds.entry(leaf.kind()).or_default().push(leaf);
        }
        let (mut taken, mut refused) = (0, 0);
        for places in kinds.values() {
            let step = places.len().div_ceil(PLACES);
            for leaf in places.iter().step_by(step) {
                let is_word = text[leaf.span.clone()].starts_with('"');
                let values: &[&str] = if is_word { &WORDS } else { &NUMBERS };
                for value in values {
                    let altered = leaf.replaced(&text, value);
                    let work = AssertUnwindSafe(|| work_on(&altered, &ops));
                    match panic::catch_unwind(work) {
                        Ok(true) => taken += 1,
                        Ok(false) => refused += 1,
                        Err(_) => panic!("{profile}: {} = {value}", leaf.path),
                    }
                }
            }
        }
        assert!(
            taken > 100 && refused > 300,
            "{taken} taken, {refused} refused"
        );
    }
}
