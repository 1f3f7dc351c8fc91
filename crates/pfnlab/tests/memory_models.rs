//! One state, one trace, five memory models: the same frames.

use std::path::Path;

use pfnlab::boot::Booted;
use pfnlab::mm::memory_model::Model;
use pfnlab::sim::Setting;
use pfnlab::{
    Config, Driver, Error, Fingerprint, Inspect, Machine, Mm, Op, Profile, Snapshot, TraceFile,
    Workload, machine, replay,
};

const OPS: usize = 10_000;

fn by_model(model: Model) -> &'static Config {
    let found = Config::ALL
        .iter()
        .find(|config| config.memory_model == model);
    found.unwrap()
}

/// Operations of a workload on that machine, as one run of it came to them.
fn operations(machine: &Machine, start: &Snapshot) -> Vec<Op> {
    let mut workload = Workload::new(4, Setting::of(machine));
    let mut driver = Driver::new(Mm::resume(start).unwrap());
    let mut operations = Vec::new();
    for _ in 0..OPS {
        let op = workload.next_op();
        operations.push(op);
        workload.observe(&driver.step(&op, &mut ()).unwrap());
    }
    operations
}

fn fingerprint(start: &Snapshot, config: &Config, operations: &[Op]) -> u64 {
    let mut driver = Driver::new(Mm::resume_as(start, config).unwrap());
    assert_eq!(driver.allocator().memmap().kind(), config.memory_model);
    let mut fingerprint = Fingerprint::new();
    for op in operations {
        let outcome = driver.step(op, &mut ()).unwrap();
        fingerprint.outcome(op, &outcome, driver.pages());
    }
    fingerprint.finish(&driver.allocator().snapshot())
}

/// `models` on `machine`: all come to the same, and another trace to something else.
fn check(machine: &Machine, models: &[Model]) {
    let booted = Booted::new(machine, Profile::NEWEST, &Config::X86_64).unwrap();
    let start = booted.snapshot();
    let operations = operations(machine, &start);
    let got: Vec<u64> = models
        .iter()
        .map(|&model| fingerprint(&start, by_model(model), &operations))
        .collect();
    assert!(
        got.iter().all(|print| *print == got[0]),
        "{models:?}: {got:016x?}"
    );
    let shorter = fingerprint(&start, by_model(models[0]), &operations[..OPS - 1]);
    assert_ne!(shorter, got[0]);
}

#[test]
fn five_models_of_one_node_come_to_the_same() {
    check(&machine::built_in("one-node").unwrap(), &Model::ALL);
}

#[test]
fn four_models_of_two_nodes_with_holes_come_to_the_same() {
    check(&machine::built_in("two-node").unwrap(), &Model::ALL[1..]);
}

/// Interleaved nodes that meet within sections and blocks of the top order.
#[test]
fn four_models_of_interleaved_nodes_come_to_the_same() {
    let text = "\
[[node]]
cpus = [0]
ram = [\"1M..100M\", \"300M..0x18001000\"]
[[node]]
cpus = [1]
ram = [\"100M..200M\", \"0x18001000..500M\"]
[[node]]
cpus = [2]
ram = [\"200M..300M\", \"900M..1000M\"]
";
    let machine = machine::parse("interleaved.toml", text).unwrap();
    check(&machine, &Model::ALL[1..]);
}

/// The same by files: a snapshot, and traces that differ in the kernel's build.
#[test]
fn a_trace_says_on_which_model_a_state_is_resumed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let machine = machine::built_in("two-node").unwrap();
    let booted = Booted::new(&machine, Profile::NEWEST, &Config::X86_64).unwrap();
    let path = folder.join("models.json");
    pfnlab::snapshot::save(&booted.snapshot(), &path).unwrap();
    let trace = |config: &str| {
        let text = format!("#pfnlab-trace 1\nstart models.json\nconfig {config}\na 1 order=3\n");
        TraceFile::parse("models.trace", &text, folder).unwrap()
    };
    let print = |config| replay::trace(&trace(config), |_| {}).map(|done| done.fingerprint);
    let first = print("x86_64").unwrap();
    for model in &Model::ALL[1..] {
        assert_eq!(print(by_model(*model).name).unwrap(), first, "{model}");
    }
    let refused = print("x86_64-flatmem").unwrap_err();
    assert!(matches!(refused, Error::Resume { .. }), "{refused}");
    assert!(refused.to_string().contains("2 nodes"), "{refused}");
}
