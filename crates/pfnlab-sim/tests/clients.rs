//! Clients of an allocator in the driver, on a first-fit allocator: what tickets name, what comes of
//! operations, and that the rules see what goes wrong.

use crate::common::{op, steps};
use pfnlab_model::*;
use pfnlab_sim::phase::{Churn, Kind, Objects, Percent, Program, Release};
use pfnlab_sim::{Checker, Driver, DriverError, Move, Outcome, check, shrink};
use pfnlab_zoo::{Bug, FirstFit};

fn driver() -> Driver<FirstFit> {
    Driver::new(FirstFit::new(Bug::None))
}

fn step(driver: &mut Driver<FirstFit>, text: &str) -> Outcome {
    driver.step(&op(text), &mut ()).unwrap()
}

#[test]
fn every_line_of_a_client_reads_as_it_prints() {
    for text in [
        "kmalloc 9 size=200 gfp=GFP_KERNEL cpu=1 node=1",
        "kfree 9 cpu=0",
        "cache-create 3 size=700 align=64 flags=hwcache,reclaim",
        "cache-create 3 size=8",
        "cache-alloc 4 cache=3 gfp=GFP_ATOMIC cpu=0",
        "cache-shrink 3 cpu=0",
        "cache-destroy 3 cpu=2",
        "lru-add 5 list=active_anon cpu=0",
        "lru-drain cpu=3",
        "page-ext clients=owner,tags cpu=0",
    ] {
        assert_eq!(op(text).to_string(), text);
    }
    for (bad, message) in [
        ("kmalloc 1 size=0", "an object has at least one byte"),
        ("kmalloc 1", "`kmalloc` needs `size=`"),
        (
            "kmalloc 1 size=8 nodes=0",
            "no `nodes` here: there are size, gfp, cpu, node",
        ),
        (
            "cache-create 1 size=8 flags=fast",
            "`fast` is no property of a cache",
        ),
        ("lru-add 1 list=young", "`young` is no list of pages"),
        ("page-ext clients=me", "`me` is no client of page_ext"),
    ] {
        let error = Trace::parse(&format!("#pfnlab-trace 1\nmachine any\n{bad}\n")).unwrap_err();
        assert!(error.message.contains(message), "{bad}: {}", error.message);
    }
}

#[test]
fn tickets_name_objects_caches_and_blocks_apart() {
    let mut driver = driver();
    let Outcome::Object(first) = step(&mut driver, "kmalloc 1 size=100") else {
        panic!();
    };
    let Outcome::Object(second) = step(&mut driver, "kmalloc 2 size=100") else {
        panic!();
    };
    assert_eq!(second.get() - first.get(), 128);
    let live = driver.step(&op("a 1 order=0"), &mut ());
    assert_eq!(live, Err(DriverError::Live(Ticket(1))));
    assert_eq!(step(&mut driver, "f 1"), Outcome::Skipped, "it is no block");
    assert_eq!(step(&mut driver, "kfree 1"), Outcome::ObjectFreed(first));
    assert_eq!(step(&mut driver, "kfree 1"), Outcome::Skipped);
    assert_eq!(step(&mut driver, "cache-create 1 size=24"), Outcome::Done);
    assert_eq!(step(&mut driver, "cache-alloc 3 cache=2"), Outcome::Skipped);
    assert!(matches!(
        step(&mut driver, "cache-alloc 3 cache=1"),
        Outcome::Object(_)
    ));
    assert_eq!(step(&mut driver, "cache-destroy 1"), Outcome::Rejected);
    step(&mut driver, "kfree 3");
    assert_eq!(step(&mut driver, "cache-destroy 1"), Outcome::Done);
    assert_eq!(
        step(&mut driver, "cache-create 1 size=24 align=3"),
        Outcome::Rejected
    );
}

#[test]
fn a_page_in_a_batch_outlives_its_ticket() {
    let mut driver = driver();
    let Outcome::Lent(page) = step(&mut driver, "a 1 gfp=GFP_HIGHUSER_MOVABLE") else {
        panic!();
    };
    assert_eq!(step(&mut driver, "lru-add 1"), Outcome::Done);
    assert_eq!(step(&mut driver, "lru-add 1"), Outcome::Skipped);
    assert_eq!(step(&mut driver, "f 1"), Outcome::Kept(page));
    assert_eq!(step(&mut driver, "f 1"), Outcome::Skipped);
    assert_eq!(step(&mut driver, "lru-drain"), Outcome::Done);
    assert_eq!(driver.around().unwrap().moves(), [Move::Gave(page)]);
    step(&mut driver, "a 2");
    step(&mut driver, "lru-add 2");
    step(&mut driver, "lru-drain");
    let freed = step(&mut driver, "f 2");
    assert!(
        matches!(freed, Outcome::Freed(_)),
        "on a list only its owner holds it"
    );
}

fn program(seed: u64) -> Program {
    let objects = Kind::Objects(Objects {
        ops: 700,
        live: 200,
        ..Objects::default()
    });
    let churn = Kind::Churn(Churn {
        ops: 500,
        percent: Percent::new(40).unwrap(),
        ..Churn::default()
    });
    let release = Kind::Release(Release::default());
    Program::new(seed, 768, 2, &[objects.clone(), churn, objects, release])
}

/// Objects and blocks in turn, until memory is short, with every rule asked after each operation.
#[test]
fn objects_and_blocks_obey_every_rule() {
    for seed in 0..2 {
        let mut checker = Checker::new(FirstFit::new(Bug::None)).unwrap();
        let mut program = program(seed);
        let (mut objects, mut steps) = (0, 0);
        while let Some(op) = program.next_op() {
            let outcome = checker
                .step(&op, &mut ())
                .unwrap_or_else(|failure| panic!("{failure}"));
            objects += u32::from(matches!(outcome, Outcome::Object(_)));
            program.observe(&outcome);
            steps += 1;
            if steps % 7 == 0 {
                let page = Op::Client(ClientOp::LruDrain { cpu: CpuId(0) });
                checker.step(&page, &mut ()).unwrap();
            }
        }
        checker.finish().unwrap();
        assert!(objects > 300);
        let info: u32 = checker
            .driver()
            .around()
            .unwrap()
            .slub()
            .info()
            .lines()
            .map(|line| line.lent)
            .sum();
        assert_eq!(info, 0, "all was released");
    }
}

#[test]
fn two_runs_are_one() {
    let run = || {
        let mut driver = driver();
        let mut program = program(9);
        let mut outcomes = Vec::new();
        while let Some(op) = program.next_op() {
            let outcome = driver.step(&op, &mut ()).unwrap();
            program.observe(&outcome);
            outcomes.push(outcome);
        }
        outcomes
    };
    assert_eq!(run(), run());
}

/// An allocator that hands out what somebody has: the objects in it overlap, and the trace shrinks.
#[test]
fn a_block_handed_out_twice_is_seen() {
    struct Twice(FirstFit, Option<Block>);
    impl PageAllocator for Twice {
        fn alloc(&mut self, request: &Request, o: &mut impl Observer) -> Result<Block, AllocError> {
            match self.1 {
                Some(block) if block.order() == request.order => Ok(block),
                _ => {
                    let block = self.0.alloc(request, o)?;
                    self.1 = Some(block);
                    Ok(block)
                }
            }
        }
        fn free(&mut self, b: Block, cpu: CpuId, o: &mut impl Observer) -> Result<(), FreeError> {
            self.0.free(b, cpu, o)
        }
    }
    let text = "kmalloc 1 size=64\nkmalloc 2 size=20000\nkmalloc 3 size=64\nkmalloc 4 size=20000\nkmalloc 5 size=9\n";
    let make = || Twice(FirstFit::new(Bug::None), None);
    let failure = check(make(), &steps(text), &mut ()).unwrap_err();
    assert_eq!(failure.breach().unwrap().rule, "LEND-02");
    let trace = Trace {
        start: TraceStart::Machine("any".into()),
        profile: None,
        config: None,
        steps: steps(text),
    };
    let shrunk = shrink(&trace, 200, |trace: &Trace| {
        check(make(), &trace.steps, &mut ()).is_err()
    });
    assert!(shrunk.steps.len() <= 2, "{shrunk}");
}

/// Whatever line is left out, the rest can be run.
#[test]
fn deleting_any_operation_leaves_a_trace() {
    let text = "a 1 gfp=GFP_HIGHUSER_MOVABLE\nlru-add 1\nf 1\ncache-create 2 size=80\n\
                cache-alloc 3 cache=2\nkfree 3\ncache-shrink 2\ncache-destroy 2\nlru-drain\n\
                kmalloc 4 size=5000\nkfree 4\n";
    let all = steps(text);
    for without in 0..all.len() {
        let mut fewer = all.clone();
        fewer.remove(without);
        check(FirstFit::new(Bug::None), &fewer, &mut ()).unwrap_or_else(|failure| {
            panic!("without line {without}: {failure}");
        });
    }
}
