//! What taking CPUs and memory away and writing tunables did to running kernels is derived from their
//! states before.

use std::path::PathBuf;

use pfnlab::events::{Derived, derive, machines};
use pfnlab::linux::EventFiles;
use pfnlab::mm::Mm;
use pfnlab::model::{CpuId, Inspect};
use pfnlab::{Driver, Event, Op, Outcome, Snapshot};

fn recorded() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/events")
}

fn events() -> Vec<EventFiles> {
    let machines = machines(&recorded()).unwrap();
    let events = machines
        .iter()
        .map(|machine| EventFiles::of_machine(machine).unwrap());
    events.flatten().collect()
}

#[test]
fn every_value_that_follows_from_an_event_is_exact() {
    let (mut values, mut besides) = (0, 0);
    let events = events();
    for event in &events {
        let name = event.after.display();
        let Derived {
            values: exact,
            differences,
            besides: others,
        } = derive(event).unwrap().expect("these events are understood");
        assert!(differences.is_empty(), "{name}: {differences:#?}");
        values += exact;
        besides += others;
    }
    assert_eq!(events.len(), 8 * 4 + 5 + 6 + (6 + 7 + 6));
    assert!(values > 10_000, "{values} values, {besides} moved besides");
}

/// Runs the operations of an event from the state before it.
fn run(event: &EventFiles) -> (Snapshot, Snapshot, Vec<Op>) {
    let recorded = event.read().unwrap().unwrap();
    let mut driver = Driver::new(Mm::resume(&recorded.before).unwrap());
    let mut told = driver.allocator().snapshot();
    let mut tape: Vec<Event> = Vec::new();
    for op in &recorded.ops {
        driver.step(op, &mut tape).unwrap();
    }
    tape.into_iter().for_each(|event| told.apply(event));
    let got = driver.allocator().snapshot();
    assert_eq!(
        told, got,
        "{}: what was told is all that happened",
        event.name
    );
    (recorded.before, got, recorded.ops)
}

fn exact_free(snapshot: &Snapshot) -> Vec<i64> {
    let zones = snapshot.zones.iter();
    let free = |zone: &pfnlab::model::ZoneState| {
        let unfolded = zone.pcp.iter().map(|pcp| i64::from(pcp.vm_stat_diff[0]));
        let cached = zone.pcp.iter().map(|pcp| i64::from(pcp.count));
        zone.vm_stat[0] + unfolded.sum::<i64>() + cached.sum::<i64>()
    };
    zones.map(free).collect()
}

/// What a CPU had on its lists and in its differences on a real machine is neither lost nor
/// counted twice when it goes.
#[test]
fn nothing_is_lost_when_a_recorded_cpu_goes() {
    let mut drained = 0;
    for event in events() {
        let (before, after, ops) = run(&event);
        if ops.iter().any(|op| matches!(op, Op::Memory(_))) {
            continue;
        }
        let dead: Vec<CpuId> = ops
            .iter()
            .filter_map(|op| match *op {
                Op::CpuOffline { cpu } => Some(cpu),
                _ => None,
            })
            .collect();
        assert_eq!(exact_free(&before), exact_free(&after), "{}", event.name);
        for (was, is) in before.zones.iter().zip(&after.zones) {
            for (was, is) in was
                .pcp
                .iter()
                .zip(&is.pcp)
                .filter(|(_, is)| dead.contains(&is.cpu))
            {
                drained += u64::from(was.count);
                assert_eq!((is.count, is.lists.len()), (0, 0), "{}", event.name);
                assert!(
                    is.vm_stat_diff.iter().all(|&diff| diff == 0),
                    "{}",
                    event.name
                );
            }
        }
    }
    assert!(
        drained > 1000,
        "{drained} frames were on the lists of CPUs that went"
    );
}

/// A CPU that is gone cannot go again, asks for nothing, and takes nothing back.
#[test]
fn a_cpu_that_is_gone_does_nothing() {
    let event = &EventFiles::of_machine(recorded().join("6.12/e1-cpuhp")).unwrap()[0];
    let (_, gone, _) = run(event);
    let mut driver = Driver::new(Mm::resume(&gone).unwrap());
    let text = "\
#pfnlab-trace 1
machine none
cpu-offline 3
cpu-online 2
cpu-offline 9
drain cpu=3
vmstat cpu=3
a 1 cpu=3
a 2 cpu=0
f 2 cpu=3
";
    let trace = pfnlab::Trace::parse(text).unwrap().trace;
    let mut outcomes = Vec::new();
    for (at, step) in trace.steps.iter().enumerate() {
        let before = driver.allocator().snapshot();
        outcomes.push(driver.step(&step.op, &mut ()).unwrap());
        let changed = driver.allocator().snapshot() != before;
        assert_eq!(changed, at == 6, "{}", step.op);
    }
    let [Outcome::Rejected, Outcome::Rejected, Outcome::Rejected, ..] = outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert!(matches!(outcomes[5], Outcome::Refused(_)), "{outcomes:?}");
    assert!(matches!(outcomes[6], Outcome::Lent(_)), "{outcomes:?}");
    assert_eq!(outcomes[7], Outcome::Unsupported);
}

/// What a kernel refused is refused here, from the same state: a block with a hole in it does not go,
/// one with memory of the kernel's own does not, and one that is online does not come online.
#[test]
fn what_a_kernel_refused_is_refused() {
    let mut refused = 0;
    for event in events() {
        let recorded = event.read().unwrap().unwrap();
        let Some(op @ Op::Memory(_)) = recorded.ops.first() else {
            continue;
        };
        let mut driver = Driver::new(Mm::resume(&recorded.before).unwrap());
        let outcome = driver.step(op, &mut ()).unwrap();
        if recorded.refused {
            refused += 1;
            assert!(
                matches!(outcome, Outcome::Failed(_)),
                "{}: {outcome:?}",
                event.name
            );
        }
    }
    assert_eq!(refused, 2 + 3);
}
