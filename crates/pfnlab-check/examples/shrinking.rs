//! How often shrinking ends at the shortest trace there is.
//!
//! For some bugs of the zoo the shortest failing trace is found by trying all short ones; then the
//! failing traces of fifty seeds are made short, each as a suite would. Beside it the first failing
//! traces of a proptest strategy are made short twice: by proptest, and by ourselves.
//!
//! ```text
//! cargo run --release -p pfnlab-check --features proptest --example shrinking
//! ```

#![expect(
    clippy::disallowed_types,
    reason = "the page says how long shrinking takes"
)]

use std::cell::RefCell;
use std::time::Duration;
use std::time::Instant;

use pfnlab_check::choices::{Choices, Scene};
use pfnlab_check::machines::machine;
use pfnlab_check::model::{
    CpuId, Gfp, Machine, MachineSpec, Op, Order, PageAllocator, Request, Step, Ticket,
};
use pfnlab_check::sim::shrink_case;
use pfnlab_check::strategies::traces::steady;
use pfnlab_check::{Case, Suite, check};
use pfnlab_zoo::{Bug, FirstFit, Home, Layout};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

const SEEDS: u64 = 50;

/// Traces up to this length are tried.
const LONGEST: usize = 3;

/// Every operation that may stand at a position of a short trace.
fn alphabet(position: usize) -> Vec<Op> {
    let ticket = Ticket(position as u64 * 100 + 1);
    let request = |order: u8, gfp| Request {
        order: Order::new(order).unwrap_or(Order::MAX),
        ..Request::new(gfp)
    };
    let alloc = |order, gfp| Op::Alloc {
        ticket,
        request: request(order, gfp),
    };
    let mut ops: Vec<Op> = (0..=6)
        .flat_map(|order| [Gfp::GFP_KERNEL, Gfp::GFP_HIGHUSER_MOVABLE].map(|gfp| alloc(order, gfp)))
        .collect();
    for count in [1, 2, 3, 4, 6, 8, 16, 32] {
        let request = request(0, Gfp::GFP_KERNEL);
        ops.push(Op::Bulk {
            base: ticket,
            count,
            request,
        });
        ops.push(Op::Exact {
            ticket,
            frames: count,
            request,
        });
    }
    for earlier in 0..position {
        let first = earlier as u64 * 100 + 1;
        for ticket in [first, first + 1] {
            ops.push(Op::Free {
                ticket: Ticket(ticket),
                cpu: CpuId(0),
                cold: false,
            });
        }
        ops.push(Op::Split {
            ticket: Ticket(first),
            base: ticket,
        });
    }
    ops.push(Op::Drain { cpu: CpuId(0) });
    ops
}

/// The length of the shortest trace that breaks `kind`, if one up to [`LONGEST`] does.
fn shortest<A: PageAllocator>(
    spec: &MachineSpec,
    kind: &str,
    make: &impl Fn(&Machine) -> A,
) -> Option<usize> {
    (0..=LONGEST).find(|&length| extends(spec, &mut Vec::new(), length, kind, make))
}

/// Whether some trace that begins so and is `left` operations longer breaks `kind`.
fn extends<A: PageAllocator>(
    spec: &MachineSpec,
    steps: &mut Vec<Step>,
    left: usize,
    kind: &str,
    make: &impl Fn(&Machine) -> A,
) -> bool {
    if left == 0 {
        let case = Case::new(spec.clone(), steps.clone());
        let found = case.ok().and_then(|case| check(&case, make).err());
        return found.is_some_and(|found| found.kind == kind);
    }
    alphabet(steps.len()).into_iter().any(|op| {
        steps.push(op.into());
        let found = extends(spec, steps, left - 1, kind, make);
        steps.pop();
        found
    })
}

/// What was run to make a trace short.
#[derive(Default)]
struct Cost {
    traces: u64,
    operations: u64,
    time: Duration,
}

/// The same failure made short by proptest alone: the lengths before and after. The first trace that
/// fails is the one our own shrinker gets.
fn by_proptest<A: PageAllocator>(
    spec: &MachineSpec,
    seed: u64,
    kind: &str,
    make: &impl Fn(&Machine) -> A,
    cost: &mut Cost,
) -> Option<(Case, usize)> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: 64,
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let scene = Scene::of(&spec.build().ok()?);
    let case = |choices: &Choices| Case::new(spec.clone(), choices.steps(&scene)).ok();
    let first = RefCell::new(None);
    let runs = RefCell::new(Cost::default());
    let result = runner.run(&steady(300), |choices| {
        let case = case(&choices).expect("the machine exists");
        let found = check(&case, make).err();
        if first.borrow().is_some() {
            let mut runs = runs.borrow_mut();
            runs.traces += 1;
            runs.operations += case.steps().len() as u64;
        }
        if found.is_some_and(|found| found.kind == kind) {
            first.borrow_mut().get_or_insert((case, Instant::now()));
            return Err(TestCaseError::fail(kind.to_owned()));
        }
        Ok(())
    });
    let Err(TestError::Fail(_, choices)) = result else {
        return None;
    };
    let (first, began) = first.into_inner()?;
    let runs = runs.into_inner();
    cost.traces += runs.traces;
    cost.operations += runs.operations;
    cost.time += began.elapsed();
    Some((first, case(&choices)?.steps().len()))
}

/// By our own shrinker.
fn by_ourselves<A: PageAllocator>(
    case: &Case,
    kind: &str,
    make: &impl Fn(&Machine) -> A,
    cost: &mut Cost,
) -> usize {
    let began = Instant::now();
    let (_, trace) = shrink_case(case.spec(), case.trace(), u32::MAX, |spec, trace| {
        cost.traces += 1;
        cost.operations += trace.steps.len() as u64;
        let case = Case::new(spec.clone(), trace.steps.clone());
        let found = case.ok().and_then(|case| check(&case, make).err());
        found.is_some_and(|found| found.kind == kind)
    });
    cost.time += began.elapsed();
    trace.steps.len()
}

fn main() {
    println!(
        "| bug | rule | shortest there is | of {SEEDS} seeds | mean before | \
         ours, of the same failures as proptest | proptest |"
    );
    println!("| --- | --- | --: | --: | --: | --: | --: |");
    let small = machine("small", &[(1, &[(0, 192)])]);
    let (mut best, mut all) = (0, 0);
    let (mut ours, mut theirs) = (Cost::default(), Cost::default());
    for &bug in Bug::ALL.iter().filter(|bug| bug.home() != Home::Border) {
        let make = |machine: &Machine| {
            let layout = Layout::of(machine);
            match bug.home() {
                Home::Closed => FirstFit::on(layout.closed(), bug),
                _ => FirstFit::on(layout, bug),
            }
        };
        let suite = Suite::default()
            .machines(vec![small.clone()])
            .seeds(1)
            .operations(600);
        let Some((_, finding)) = suite.clone().seeds(8).first(make) else {
            continue;
        };
        let kind = &finding.kind;
        let Some(known) = shortest(&small, kind, &make).filter(|&known| known > 0) else {
            continue;
        };
        let (mut ends, mut runs, mut before) = (0, 0, 0);
        let (mut same, mut short, mut long) = (0, 0, 0);
        for seed in 1..=SEEDS {
            let suite = suite.clone().first_seed(seed);
            if let Some((case, found)) = suite.first(make).filter(|(_, f)| f.kind == *kind) {
                let short = suite.shrink(&case, &found, make);
                runs += 1;
                before += case.steps().len();
                ends += usize::from(short.steps().len() <= known);
            }
            // Proptest takes its time: fewer seeds will do.
            if seed <= SEEDS / 5
                && let Some((case, length)) = by_proptest(&small, seed, kind, &make, &mut theirs)
            {
                same += 1;
                long += length;
                short += by_ourselves(&case, kind, &make, &mut ours);
            }
        }
        (best, all) = (best + ends, all + runs);
        let mean = |sum: usize, of: usize| match of {
            0 => "–".to_owned(),
            _ => format!("{}.{}", sum / of, sum * 10 / of % 10),
        };
        println!(
            "| `{bug:?}` | {kind} | {known} | {ends}/{runs} | {} | {} | {} |",
            mean(before, runs),
            mean(short, same),
            mean(long, same),
        );
    }
    println!("\n{best} of {all} ended at the shortest trace there is.\n");
    for (who, cost) in [("ours", ours), ("proptest", theirs)] {
        let Cost {
            traces,
            operations,
            time,
        } = cost;
        let time = time.as_millis();
        println!("- {who}: {traces} traces of {operations} operations run, {time} ms.");
    }
}
