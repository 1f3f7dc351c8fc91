//! Phases on a first-fit allocator: that they end, keep their books, and do what they say.

use pfnlab_model::*;
use pfnlab_sim::phase::*;
use pfnlab_sim::{Checker, Driver, Outcome};
use pfnlab_zoo::{Bug, FirstFit};

const FRAMES: u64 = 768;
const CPUS: u16 = 2;

/// One of each kind, small.
fn kinds() -> Vec<Kind> {
    let ops = 3000;
    vec![
        Kind::Churn(Churn {
            ops,
            ..Churn::default()
        }),
        Kind::Sawtooth(Sawtooth::default()),
        Kind::Bursts(Bursts {
            size: 500,
            keep: 50,
            ..Bursts::default()
        }),
        Kind::Drift(Drift {
            ops,
            ..Drift::default()
        }),
        Kind::MixedOrders(MixedOrders {
            ops,
            ..MixedOrders::default()
        }),
        Kind::MixedMobility(MixedMobility {
            ops,
            ..MixedMobility::default()
        }),
        Kind::Handoff(Handoff {
            blocks: 1000,
            depth: 50,
            ..Handoff::default()
        }),
        Kind::Fill(Fill::default()),
        Kind::Edge(Edge {
            ops,
            ..Edge::default()
        }),
        Kind::Release(Release {
            percent: Percent::new(50).unwrap(),
            ..Release::default()
        }),
        Kind::Checkerboard(Checkerboard::default()),
        Kind::Requests(Requests::default()),
        Kind::Objects(Objects {
            ops,
            live: 100,
            ..Objects::default()
        }),
        Kind::Cpus(Cpus {
            offline: vec![CpuId(1)],
            online: vec![CpuId(1)],
        }),
        Kind::Memory(Memory {
            offline: vec![PfnRange::sized(Pfn::new(0), 64)],
            contig: vec![PfnRange::sized(Pfn::new(80), 16)],
            ..Memory::default()
        }),
        Kind::PageCache(PageCache {
            pages: 50,
            kswapd_every: 20,
            ..PageCache::default()
        }),
        Kind::Waiting(Waiting::default()),
        Kind::Compaction(Compaction::default()),
        Kind::Idle(Idle::default()),
    ]
}

/// Runs a program to its end: every operation with its phase and outcome, and who holds what.
fn run(program: &mut Program) -> (Vec<(usize, Op, Outcome)>, Driver<FirstFit>) {
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let mut tape = Vec::new();
    while let Some(op) = program.next_op() {
        let outcome = driver.step(&op, &mut ()).unwrap();
        program.observe(&outcome);
        tape.push((program.position(), op, outcome));
        assert!(tape.len() < 1_000_000, "it does not end");
    }
    (tape, driver)
}

fn program(kinds: &[Kind]) -> Program {
    Program::new(1, FRAMES, CPUS, kinds)
}

#[test]
fn every_kind_is_tried_here() {
    let tried: Vec<_> = kinds().iter().map(Kind::name).collect();
    assert_eq!(tried.len(), Kind::NAMES.len());
    assert!(Kind::NAMES.iter().all(|name| tried.contains(name)));
}

#[test]
fn all_phases_end_and_the_table_agrees_with_the_driver() {
    let kinds = kinds();
    let mut program = program(&kinds);
    let (tape, driver) = run(&mut program);
    for (position, kind) in kinds.iter().enumerate() {
        let ops = tape.iter().filter(|(phase, ..)| *phase == position);
        assert!(ops.count() > 0, "{}", kind.name());
    }
    assert!(
        tape.iter()
            .all(|(.., outcome)| *outcome != Outcome::Skipped)
    );
    let held: u64 = driver.live().map(|(_, held)| held.range().frames()).sum();
    assert_eq!(program.table().held(), held);
    let (objects, blocks): (Vec<Live>, Vec<Live>) =
        program.table().live().partition(|live| live.object);
    assert!(!objects.is_empty());
    assert_eq!(blocks.len(), driver.live().count());
    for live in blocks {
        let held = driver.held(live.ticket).unwrap();
        assert_eq!(held.range().frames(), live.frames);
    }
}

#[test]
fn no_rule_is_broken_on_the_way() {
    let mut program = program(&kinds());
    let mut checker = Checker::new(FirstFit::new(Bug::None)).unwrap();
    for _ in 0..3000 {
        let op = program.next_op().unwrap();
        let outcome = checker.step(&op, &mut ()).unwrap();
        program.observe(&outcome);
    }
    checker.finish().unwrap();
}

#[test]
fn a_seed_gives_the_same_operations_and_another_seed_others() {
    let kinds = kinds();
    let tape = |seed| run(&mut Program::new(seed, FRAMES, CPUS, &kinds)).0;
    assert_eq!(tape(1), tape(1));
    assert_ne!(tape(1), tape(2));
}

/// What stands between two phases moves nothing in the second one.
#[test]
fn a_phase_does_not_disturb_the_streams_of_the_next() {
    let requests = Kind::Requests(Requests {
        ask: Ask {
            max_order: Some(Order::MAX),
            gfp: vec![Gfp::GFP_KERNEL, Gfp::GFP_USER],
            ..Ask::default()
        },
        ..Requests::default()
    });
    let asked = |kinds: &[Kind]| -> Vec<Request> {
        let (tape, _) = run(&mut program(kinds));
        let last = tape.iter().filter(|(at, ..)| *at + 1 == kinds.len());
        last.map(|(_, op, _)| match op {
            Op::Alloc { request, .. } => *request,
            other => panic!("{other}"),
        })
        .collect()
    };
    let churn = Kind::Churn(Churn::default());
    assert_eq!(
        asked(std::slice::from_ref(&requests)),
        asked(&[churn, requests.clone()])
    );
    let twice = asked(&[requests.clone(), requests.clone()]);
    assert_ne!(asked(&[requests]), twice, "the second of a kind draws anew");
}

#[test]
fn levels_are_kept() {
    let half = Percent::new(50).unwrap();
    let churn = Kind::Churn(Churn {
        ops: 5000,
        percent: half,
        ..Churn::default()
    });
    let mut steady = program(&[churn]);
    run(&mut steady);
    assert!(steady.table().held().abs_diff(half.of(FRAMES)) < 20);

    let handoff = Kind::Handoff(Handoff {
        blocks: 2000,
        depth: 30,
        ..Handoff::default()
    });
    let mut passing = program(&[handoff]);
    run(&mut passing);
    assert_eq!(passing.table().held(), 0);
}

#[test]
fn a_checkerboard_keeps_every_other_block() {
    let board = Kind::Checkerboard(Checkerboard {
        ask: Ask {
            gfp: vec![Gfp::GFP_KERNEL],
            cpus: vec![CpuId(0)],
            ..Ask::default()
        },
        ..Checkerboard::default()
    });
    let mut program = program(&[board]);
    let (tape, _) = run(&mut program);
    let lent = |outcome: &Outcome| matches!(outcome, Outcome::Lent(_));
    let lent = tape.iter().filter(|(.., outcome)| lent(outcome)).count();
    assert_eq!(program.table().live().len(), lent / 2);
}
