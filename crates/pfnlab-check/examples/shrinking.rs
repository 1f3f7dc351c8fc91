//! How often shrinking ends at the shortest trace there is.
//!
//! For some bugs of the zoo the shortest failing trace is found by trying all short ones; then the
//! failing traces of fifty seeds are made short, each as a suite would.
//!
//! ```text
//! cargo run --release -p pfnlab-check --example shrinking
//! ```

use pfnlab_check::machines::machine;
use pfnlab_check::model::{
    CpuId, Gfp, Machine, MachineSpec, Op, Order, PageAllocator, Request, Step, Ticket,
};
use pfnlab_check::{Case, Suite, check};
use pfnlab_zoo::{Bug, FirstFit, Home, Layout};

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

fn main() {
    println!("| bug | rule | shortest there is | of {SEEDS} seeds | mean of the failing traces |");
    println!("| --- | --- | --: | --: | --: |");
    let small = machine("small", &[(1, &[(0, 192)])]);
    let (mut best, mut all) = (0, 0);
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
        let Some(known) = shortest(&small, &finding.kind, &make).filter(|&known| known > 0) else {
            continue;
        };
        let (mut ends, mut runs, mut before) = (0, 0, 0);
        for seed in 1..=SEEDS {
            let suite = suite.clone().first_seed(seed);
            let Some((case, found)) = suite.first(make).filter(|(_, f)| f.kind == finding.kind)
            else {
                continue;
            };
            let short = suite.shrink(&case, &found, make);
            runs += 1;
            before += case.steps().len();
            ends += usize::from(short.steps().len() <= known);
        }
        (best, all) = (best + ends, all + runs);
        let mean = before / runs.max(1);
        println!(
            "| `{bug:?}` | {} | {known} | {ends}/{runs} | {mean} |",
            finding.kind
        );
    }
    println!("\n{best} of {all} ended at the shortest trace there is.");
}
