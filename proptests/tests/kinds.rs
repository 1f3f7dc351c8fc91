//! Every kind of work there is a strategy for: rules hold, and it does what it is named for.

use std::cell::Cell;

use arbitrary::{Arbitrary, Unstructured};
use pfnlab_check::Patience;
use pfnlab_check::strategies::traces;
use pfnlab_model::{AllocError, MemoryOp, Op};
use pfnlab_proptests::hold;
use pfnlab_proptests::strategies::{Choices, cases_of};
use pfnlab_sim::{Checker, Outcome};
use proptest::collection::vec;
use proptest::prelude::*;

/// Rules hold; says how often something came about.
fn often(traces: impl Strategy<Value = Choices>, what: fn(&Op, &Outcome) -> bool) -> u64 {
    let seen = Cell::new(0);
    hold(12, cases_of(traces), |case| {
        let Some(mm) = case.boot() else { return Ok(()) };
        let mut checker = Checker::new(mm)?.snapshot_every(16);
        for step in &case.trace.steps {
            let outcome = checker.step(&step.op, &mut Patience::default())?;
            seen.set(seen.get() + u64::from(what(&step.op, &outcome)));
        }
        Ok(checker.finish()?)
    });
    seen.get()
}

#[test]
fn bursts_come_back() {
    let freed = often(traces::bursty(200), |_, outcome| {
        matches!(outcome, Outcome::Freed(_))
    });
    assert!(freed > 200, "{freed}");
}

#[test]
fn checkerboards_leave_every_second_block() {
    let freed = often(traces::checkerboards(200), |_, outcome| {
        matches!(outcome, Outcome::Freed(_))
    });
    assert!(freed > 100, "{freed}");
}

#[test]
fn at_the_edge_of_memory_requests_are_refused() {
    let refused = often(traces::edges_of_memory(200), |_, outcome| {
        matches!(
            outcome,
            Outcome::Refused(AllocError::Watermark(_) | AllocError::Exhausted(_))
        )
    });
    assert!(refused > 20, "{refused}");
}

#[test]
fn ranges_at_holes_are_had_and_refused() {
    let had = often(traces::edges_of_holes(120), |op, outcome| {
        matches!(op, Op::Memory(MemoryOp::ContigAlloc { .. }))
            && matches!(outcome, Outcome::Exact(_))
    });
    let refused = often(traces::edges_of_holes(120), |op, outcome| {
        matches!(op, Op::Memory(MemoryOp::ContigAlloc { .. }))
            && matches!(outcome, Outcome::Failed(_))
    });
    assert!(had > 5 && refused > 50, "{had} {refused}");
}

#[test]
fn the_largest_blocks_come_and_go() {
    let freed = often(
        traces::top_orders(200),
        |_, outcome| matches!(outcome, Outcome::Freed(block) if block.order().get() >= 8),
    );
    assert!(freed > 50, "{freed}");
}

#[test]
fn frames_go_from_one_cpu_to_another() {
    let freed = often(traces::ping_pongs(250), |_, outcome| {
        matches!(outcome, Outcome::Freed(_))
    });
    assert!(freed > 300, "{freed}");
}

#[test]
fn memory_and_cpus_come_and_go() {
    let gone = often(traces::hotplug(200), |op, outcome| {
        matches!(
            op,
            Op::Memory(MemoryOp::Offline { .. }) | Op::CpuOffline { .. }
        ) && *outcome == Outcome::Done
    });
    assert!(gone > 8, "{gone}");
}

#[test]
fn swarms_hold() {
    let lent = often(traces::swarms(200), |_, outcome| {
        matches!(outcome, Outcome::Lent(_))
    });
    assert!(lent > 30, "{lent}");
}

/// What a fuzzer would give: any bytes are operations, and rules hold.
#[test]
fn any_bytes_are_operations() {
    let bytes = vec(any::<u8>(), 0..600).prop_map(|bytes| {
        let bytes = Unstructured::new(&bytes);
        Choices::arbitrary_take_rest(bytes).expect("any bytes are choices")
    });
    let lent = often(bytes, |_, outcome| matches!(outcome, Outcome::Lent(_)));
    assert!(lent > 100, "{lent}");
}
