//! `cargo bench -p pfnlab-bench --bench boot`: booting machines of 1 GiB to 8 TiB on
//! SPARSEMEM_VMEMMAP. The times are criterion's, of the thread and not of the clock; a table of what such a boot takes of memory at
//! most follows, each measured in a process of its own.

use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use criterion::{BatchSize, Criterion};
use pfnlab_bench::CpuTime;
use pfnlab_mm::boot::Circumstances;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{ByteRange, Machine, MachineSpec, NodeSpec};

/// The argument that makes this program boot once and say what that took.
const ONCE: &str = "--once";
/// No node has more.
const NODE_GIB: u64 = 1024;
const SIZES: [u64; 4] = [1, 64, 1024, 8192];
/// The best of so many boots, each in a process of its own.
const ROUNDS: u32 = 5;

fn main() {
    let mut arguments = env::args().skip_while(|argument| argument != ONCE).skip(1);
    if let Some(gib) = arguments.next().and_then(|gib| gib.parse().ok()) {
        return once(gib);
    }
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    for gib in SIZES {
        let machine = machine(gib);
        criterion.bench_function(&format!("boot, {gib} GiB"), |bencher| {
            bencher.iter_batched(|| (), |()| boot(&machine), BatchSize::PerIteration);
        });
    }
    criterion.final_summary();
    // A test run only looks whether everything works.
    if env::args().any(|argument| argument == "--bench") {
        table();
    }
}

fn table() {
    println!(
        "\n{:>10}{:>12}{:>16}{:>16}",
        "GiB", "boot, ms", "peak RSS, MiB", "of the boot"
    );
    for gib in SIZES {
        let rounds = (0..ROUNDS).filter_map(|_| measured(gib));
        let best = rounds.min_by_key(|(micros, ..)| *micros);
        let Some((micros, before, after)) = best else {
            println!("{gib:>10}  not measured: this system says nothing about memory");
            continue;
        };
        println!(
            "{gib:>10}{:>12}{:>16}{:>16}",
            format!("{}.{:02}", micros / 1000, micros % 1000 / 10),
            after / 1024,
            (after - before) / 1024,
        );
    }
}

/// Microseconds of one boot, and the peak of resident KiB before and after it.
fn measured(gib: u64) -> Option<(u64, u64, u64)> {
    let program = env::current_exe().ok()?;
    let output = Command::new(program)
        .args([ONCE, &gib.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some((next()?, next()?, next()?))
}

fn once(gib: u64) {
    let machine = machine(gib);
    let before = peak_kib();
    let mut booted = None;
    let took = CpuTime::of(|| booted = Some(boot(&machine)));
    let micros = took.as_micros();
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        println!("{micros} {before} {after}");
    }
    drop(booted);
}

/// The most memory this process ever had resident (`VmHWM`); `None`: the system does not say.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn boot(machine: &Machine) -> Mm {
    let circumstances = Circumstances {
        charge_memmap: true,
        ..Circumstances::default()
    };
    Mm::boot_under(machine, Profile::NEWEST, &Config::X86_64, &circumstances)
        .expect("there is room for such a machine")
}

/// Nodes of a TiB at most, one behind the other, with the low memory of a PC.
fn machine(gib: u64) -> Machine {
    let range = |start: u64, end: u64| ByteRange { start, end };
    let node = |number: u64| {
        let (start, end) = (
            number * NODE_GIB << 30,
            ((number + 1) * NODE_GIB).min(gib) << 30,
        );
        let ram = match number {
            0 => vec![range(0x1000, 0x9_f000), range(1 << 20, end)],
            _ => vec![range(start, end)],
        };
        NodeSpec {
            cpus: vec![number as u16],
            ram,
            ..NodeSpec::default()
        }
    };
    let spec = MachineSpec {
        reserved: vec![range(0, 1 << 20), range(16 << 20, 48 << 20)],
        nodes: (0..gib.div_ceil(NODE_GIB)).map(node).collect(),
        ..MachineSpec::default()
    };
    spec.build().expect("such a machine can be")
}
