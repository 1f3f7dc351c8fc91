//! Contests: the allocators, on one case or in search of one.

use std::fmt;
use std::path::PathBuf;

use pfnlab_model::{
    Capability, Gfp, Machine, MachineSpec, Op, PageAllocator, Request, Step, Trace,
};
use pfnlab_sim::shrink::renumber;
use pfnlab_sim::shrink_case;

use super::player::{self, Answer, Player};
use super::{Agreement, Comparison};
use crate::work::Work;
use crate::{Case, CorpusError, Finding, Suite};

/// To make a case shorter, about so many operations are run at most.
const SHRINK_OPERATIONS: u64 = 100_000;

type Start<'a> = Box<dyn Fn(&Machine) -> Result<Box<dyn Player>, Finding> + 'a>;

/// Allocators to be run on the same operations.
///
/// ```
/// use pfnlab_check::Case;
/// use pfnlab_check::contest::{Agreement, Contest};
/// # use pfnlab_check::model::*;
/// # struct Bump(u64);
/// # impl PageAllocator for Bump {
/// #     fn alloc(&mut self, r: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
/// #         self.0 += 1;
/// #         Ok(Block::page(Pfn::new(self.0 - 1)))
/// #     }
/// #     fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
/// #         Ok(())
/// #     }
/// # }
/// let case = "#pfnlab-trace 1\nmachine-begin\n[[node]]\ncpus = [0]\nram = [\"0..0x10000\"]\nmachine-end\na 1\n";
/// let case = Case::parse(case)?;
/// let contest = Contest::new(Agreement::Outcomes)
///     .with("from 0", |_| Bump(0))
///     .with("from 1", |_| Bump(1));
/// let comparison = contest.compare(&case);
/// assert_eq!(comparison.parting.unwrap().came, ["gets 0x0+2^0", "gets 0x1+2^0"]);
/// # Ok::<(), pfnlab_check::CaseError>(())
/// ```
pub struct Contest<'a> {
    agreement: Agreement,
    players: Vec<(String, Start<'a>)>,
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contested {
    /// Of all cases together; of the short case alone, if there is one.
    pub comparison: Comparison,
    /// The shortest case found that is not as agreed. Its steps state what came of them with the
    /// first allocator.
    pub case: Option<Case>,
    /// Where it is kept.
    pub path: Option<PathBuf>,
}

impl<'a> Contest<'a> {
    /// Nobody yet. The first to be added sets the pace.
    pub fn new(agreement: Agreement) -> Contest<'a> {
        Contest {
            agreement,
            players: Vec::new(),
        }
    }

    /// With an allocator, under a name.
    #[must_use]
    pub fn with<A: PageAllocator + 'static>(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&Machine) -> A + 'a,
    ) -> Contest<'a> {
        let start: Start<'a> = Box::new(move |machine| player::start(machine, &make));
        self.players.push((name.into(), start));
        self
    }

    /// Runs a case on all, up to the first that is not as agreed.
    pub fn compare(&self, case: &Case) -> Comparison {
        let mut comparison = Comparison::new(self.agreement, self.names());
        if let Err(broken) = self.play(case, &mut comparison, &mut |_, _| {}) {
            comparison.broken = Some(broken);
        }
        comparison
    }

    /// Runs the seeds of a suite on its machines, and what is in its corpus, up to the first case
    /// that is not as agreed. That is made short and kept.
    ///
    /// # Errors
    /// When the corpus is out of order.
    pub fn search(&self, suite: &Suite) -> Result<Contested, CorpusError> {
        let mut total = Comparison::new(self.agreement, self.names());
        for (path, case) in suite.kept()? {
            let comparison = self.compare(&case);
            if !comparison.agrees() {
                let (case, path) = (Some(case), Some(path));
                return Ok(Contested {
                    comparison,
                    case,
                    path,
                });
            }
            total.add(comparison);
        }
        for (empty, seed, operations) in suite.runs() {
            let case = self.record(&empty, seed, operations);
            let comparison = self.compare(&case);
            if let Some(finding) = comparison.finding() {
                return self.found(suite, &case, &finding);
            }
            total.add(comparison);
        }
        Ok(Contested {
            comparison: total,
            case: None,
            path: None,
        })
    }

    /// The operations of a seed, as the first allocator answers them.
    fn record(&self, empty: &Case, seed: u64, operations: u64) -> Case {
        let started = self.players.iter().map(|(_, start)| start(empty.machine()));
        let players: Result<Vec<_>, _> = started.collect();
        let Ok(mut players) = players else {
            return empty.clone();
        };
        let zones = players
            .iter()
            .all(|player| player.offers(Capability::Zones));
        let mut work = Work::of_zones(seed, empty.machine(), zones, Vec::new());
        let mut steps = Vec::new();
        while (steps.len() as u64) < operations
            && let Some(first) = players.first_mut()
            && let Some(op) = work.next_op()
        {
            steps.push(Step::from(op));
            match first.step(steps.len() - 1, &op) {
                Ok(answer) => work.observe(&answer.outcome),
                Err(_) => break,
            }
        }
        // What one refuses another may serve: no ticket is given out twice.
        let trace = renumber(&Trace {
            steps,
            ..empty.trace().clone()
        });
        Case::new(empty.spec().clone(), trace.steps).unwrap_or_else(|_| empty.clone())
    }

    /// Plays a case. `tell` hears what the first allocator answered to each step.
    fn play(
        &self,
        case: &Case,
        comparison: &mut Comparison,
        tell: &mut dyn FnMut(usize, &Answer),
    ) -> Result<(), (usize, Finding)> {
        let mut players = Vec::new();
        for (at, (_, start)) in self.players.iter().enumerate() {
            players.push(start(case.machine()).map_err(|finding| (at, finding))?);
        }
        let zones = players
            .iter()
            .all(|player| player.offers(Capability::Zones));
        for (number, step) in case.steps().iter().enumerate() {
            let needs = capability(&step.op);
            if !needs.is_none_or(|what| players.iter().all(|player| player.offers(what))) {
                comparison.left_out += 1;
                continue;
            }
            let op = if zones { step.op } else { anywhere(step.op) };
            let mut answers = Vec::new();
            for (at, player) in players.iter_mut().enumerate() {
                let answer = player.step(number, &op).map_err(|finding| (at, finding))?;
                answers.push(answer);
            }
            answers
                .first()
                .into_iter()
                .for_each(|answer| tell(number, answer));
            comparison.count(number, op, &answers);
            if !comparison.agrees() {
                break;
            }
        }
        for (at, player) in players.iter_mut().enumerate() {
            comparison.sides[at].tally = player.tally();
            player.finish().map_err(|finding| (at, finding))?;
        }
        Ok(())
    }

    fn found(
        &self,
        suite: &Suite,
        case: &Case,
        finding: &Finding,
    ) -> Result<Contested, CorpusError> {
        let short = self.told(&self.shrink(case, finding));
        let comparison = self.compare(&short);
        let path = suite.keep(&short, finding)?;
        Ok(Contested {
            comparison,
            case: Some(short),
            path,
        })
    }

    /// A shorter case that is not as agreed in the same way.
    fn shrink(&self, case: &Case, finding: &Finding) -> Case {
        let mut left = SHRINK_OPERATIONS;
        let fails = |spec: &MachineSpec, trace: &Trace| {
            // Even an empty trace boots machines.
            let Some(rest) = left.checked_sub(1 + trace.steps.len() as u64) else {
                return false;
            };
            left = rest;
            let case = Case::new(spec.clone(), trace.steps.clone()).ok();
            let found = case.and_then(|case| self.compare(&case).finding());
            found.is_some_and(|found| found.kind == finding.kind)
        };
        let (spec, trace) = shrink_case(case.spec(), case.trace(), u32::MAX, fails);
        Case::new(spec, trace.steps).unwrap_or_else(|_| case.clone())
    }

    /// The same case; each step states what came of it with the first allocator.
    fn told(&self, case: &Case) -> Case {
        let mut steps = case.steps().to_vec();
        let mut comparison = Comparison::new(self.agreement, self.names());
        // How it ends is found out again.
        let _ = self.play(case, &mut comparison, &mut |at, answer| {
            steps[at].expect = answer.outcome.as_expectation(&answer.pages);
        });
        Case::new(case.spec().clone(), steps).unwrap_or_else(|_| case.clone())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.players.iter().map(|(name, _)| name.as_str())
    }
}

/// What an allocator must offer to be asked this.
fn capability(op: &Op) -> Option<Capability> {
    match op {
        Op::Split { .. } => Some(Capability::Split),
        Op::Bulk { .. } => Some(Capability::Bulk),
        Op::Exact { .. } => Some(Capability::Exact),
        Op::Drain { .. } | Op::Vmstat { .. } => Some(Capability::PerCpu),
        Op::ZoneFlags { .. } => Some(Capability::Zones),
        Op::Sysctl { .. } => Some(Capability::Sysctl),
        Op::CpuOnline { .. } | Op::CpuOffline { .. } => Some(Capability::CpuHotplug),
        Op::Memory(_) => Some(Capability::Memory),
        _ => None,
    }
}

/// The same request, of no node in particular.
fn anywhere(mut op: Op) -> Op {
    let (Op::Alloc { request, .. } | Op::Bulk { request, .. } | Op::Exact { request, .. }) =
        &mut op
    else {
        return op;
    };
    *request = Request {
        node: None,
        nodes: None,
        gfp: request.gfp.without(Gfp::THISNODE),
        ..*request
    };
    op
}

impl fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().collect();
        write!(f, "Contest({:?}, {names:?})", self.agreement)
    }
}
