//! Failing traces become short ones that fail in the same way.

use pfnlab_model::{Step, Trace, TraceStart};
use pfnlab_sim::{Checker, Driver, Setting, Workload, check, shrink};
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
