//! Failing traces become short ones that fail in the same way.

use pfnlab_model::{MachineSpec, NodeSpec, Step, Trace, TraceStart};
use pfnlab_sim::shrink::Shrinking;
use pfnlab_sim::{Checker, Driver, Setting, Workload, check, shrink, shrink_case};
use pfnlab_zoo::{Bug, FirstFit};

/// A seeded trace, as a run of a sound allocator gives it.
fn trace(seed: u64, ops: u32) -> Trace {
    let setting = Setting {
        frames: 768,
        cpus: 2,
        nodes: 2,
        low: 10,
        high: 110,
    };
    let mut workload = Workload::new(seed, setting);
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let steps = (0..ops).map(|_| {
        let op = workload.next_op();
        workload.observe(&driver.step(&op, &mut ()).unwrap());
        Step::from(op)
    });
    Trace {
        start: TraceStart::Machine("first-fit".into()),
        profile: None,
        config: None,
        steps: steps.collect(),
    }
}

fn breaks(bug: Bug, rule: &str) -> impl FnMut(&Trace) -> bool {
    move |trace| {
        let failure = check(FirstFit::new(bug), &trace.steps, &mut ()).err();
        failure.and_then(|failure| failure.breach().map(|breach| breach.rule == rule)) == Some(true)
    }
}

#[track_caller]
fn shrinks_to(bug: Bug, rule: &str, text: &str) {
    let long = trace(1, 600);
    assert!(breaks(bug, rule)(&long), "seed and length are not enough");
    let short = shrink(&long, 2000, breaks(bug, rule));
    let expected = format!("#pfnlab-trace 1\nmachine first-fit\n{text}");
    assert_eq!(short.to_string(), expected);
    assert!(breaks(bug, rule)(&short));
}

#[test]
fn a_broken_merge_needs_one_block_and_its_return() {
    shrinks_to(
        Bug::ForgetsToMerge,
        "MERGE-01",
        "a 1 order=1 gfp=GFP_KERNEL cpu=0\nf 1 cpu=0\n",
    );
}

#[test]
fn a_wrong_counter_needs_one_request() {
    shrinks_to(
        Bug::ForgetsToCount,
        "FREE-01",
        "a 1 order=0 gfp=GFP_KERNEL cpu=0\n",
    );
}

#[test]
fn a_forgotten_mask_keeps_the_mask() {
    shrinks_to(
        Bug::ForgetsTheMask,
        "ZONE-01",
        "a 1 order=0 gfp=GFP_KERNEL cpu=0 nodes=1\n",
    );
}

#[test]
fn runs_are_counted() {
    let mut runs = 0;
    let long = trace(5, 400);
    shrink(&long, 50, |_| {
        runs += 1;
        runs % 2 == 0
    });
    assert!(runs <= 51, "{runs}");
}

#[test]
fn the_same_case_is_shrunk_to_the_same() {
    let once = || {
        let mut seen = Vec::new();
        let mut fails = breaks(Bug::MergesOnce, "MERGE-01");
        let short = shrink(&trace(1, 600), 300, |trace| {
            seen.push(trace.to_string());
            fails(trace)
        });
        (short, seen)
    };
    assert_eq!(once(), once());
}

/// In pieces, across a restart, nothing is tried twice, and the result is that of one go.
#[test]
fn shrinking_goes_on_where_it_ended() {
    let (long, machine) = (trace(1, 200), MachineSpec::default());
    let mut fails = breaks(Bug::ForgetsToMerge, "MERGE-01");
    let mut runs = 0;
    let whole = shrink(&long, 100_000, |trace| {
        runs += 1;
        fails(trace)
    });
    let mut pieces = 0;
    let mut shrinking = Shrinking::new(&machine, &long);
    while !shrinking.is_done() {
        let before = shrinking.answers().len();
        let mut calls = 0;
        shrinking.go_on(40, |_, trace| {
            calls += 1;
            fails(trace)
        });
        assert!(calls <= 41, "{calls}");
        assert!(shrinking.answers().len() - before <= 40);
        shrinking = match shrinking.is_done() {
            true => shrinking,
            false => Shrinking::resume(&machine, &long, shrinking.answers().to_vec()),
        };
        pieces += 1;
    }
    assert!(pieces > 1, "it was one go");
    assert_eq!(shrinking.best().1, whole);
    assert!(runs - shrinking.answers().len() <= 1);
}

/// Memory far up, with a hole: what fails on any piece of nine frames, the first of which is odd,
/// fails on such a piece at the bottom.
#[test]
fn a_machine_is_shifted_down() {
    const PAGE: u64 = 4096;
    let ram = |start: u64, end: u64| format!("{}..{}", start * PAGE, end * PAGE).parse().unwrap();
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec![ram(0x101, 0x200), ram(0x303, 0x30c)],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let fails = |machine: &MachineSpec, _: &Trace| {
        let pieces = machine.nodes.iter().flat_map(|node| &node.ram);
        let mut odd = pieces.filter(|piece| piece.start / PAGE % 2 == 1);
        odd.any(|piece| piece.size() / PAGE >= 9)
    };
    let (short, _) = shrink_case(&machine, &trace(1, 1), 1000, fails);
    assert_eq!(short.nodes[0].ram, [ram(1, 10)]);
}

#[test]
fn renumbering_changes_nothing_but_numbers() {
    let long = trace(6, 2000);
    let renumbered = shrink::renumber(&long);
    let outcomes = |trace: &Trace| {
        let mut checker = Checker::new(FirstFit::new(Bug::None)).unwrap();
        let steps = trace.steps.iter();
        steps
            .map(|step| checker.step(&step.op, &mut ()).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&long), outcomes(&renumbered));
    // Now that none is used twice, any operation may go.
    for skip in [2, 3, 7] {
        let steps = renumbered.steps.iter().enumerate();
        let steps = steps
            .filter(|(at, _)| at % skip != 0)
            .map(|(_, step)| step.clone());
        let fewer = Trace {
            steps: steps.collect(),
            ..renumbered.clone()
        };
        check(FirstFit::new(Bug::None), &fewer.steps, &mut ()).unwrap();
    }
}
