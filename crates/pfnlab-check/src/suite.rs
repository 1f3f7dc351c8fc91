//! The suite: many machines, much work, one answer.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use pfnlab_model::{Machine, MachineSpec, PageAllocator, Trace};
use pfnlab_sim::coverage::States;
use pfnlab_sim::shrink_case;

use crate::explore::{Ran, explore};
use crate::steer::{Asking, Steering};
use crate::work::Work;
use crate::{Case, Corpus, CorpusError, Finding, Report, check, machines};

/// The variable that names a trace to replay in place of the whole suite.
pub(crate) const REPLAY: &str = "PFNLAB_TRACE";

/// Runs of so many operations come before the long ones.
const SHORT: [u32; 3] = [24, 100, 400];

/// Holds an allocator to everything it must do, on every machine of the suite. What is found is
/// kept in the folder `pfnlab-corpus` beside the `Cargo.toml` of the test.
///
/// # Panics
/// When something is wrong: with the report.
pub fn suite<A: PageAllocator>(make: impl Fn(&Machine) -> A) {
    let folder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let mut suite = Suite::default();
    if let Some(folder) = folder {
        suite = suite.corpus(Corpus::at(folder.join("pfnlab-corpus")));
    }
    match suite.run(make) {
        Ok(summary) => println!("{summary}"),
        Err(error) => panic!("{error}"),
    }
}

/// What is asked of an allocator, and how much.
///
/// ```no_run
/// # use pfnlab_check::model::{AllocError, Block, CpuId, FreeError, Machine, Observer, PageAllocator, Request};
/// # struct Mine;
/// # impl Mine { fn new(_: &Machine) -> Mine { Mine } }
/// # impl PageAllocator for Mine {
/// #     fn alloc(&mut self, _: &Request, _: &mut impl Observer) -> Result<Block, AllocError> { Err(AllocError::NoZone) }
/// #     fn free(&mut self, b: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> { Err(FreeError::NotLent(b)) }
/// # }
/// use pfnlab_check::Suite;
/// let one_range = |machine: &Machine| machine.free_ranges().count() == 1;
/// let summary = Suite::default().only(one_range).seeds(100).run(Mine::new)?;
/// println!("{summary}");
/// # Ok::<(), pfnlab_check::SuiteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Suite {
    machines: Vec<MachineSpec>,
    first_seed: u64,
    seeds: u64,
    operations: u32,
    plans: Plans,
    shrink_operations: u64,
    corpus: Option<Corpus>,
}

impl Default for Suite {
    /// Every machine, six seeds on each, 2000 operations for each seed, no plans, no corpus.
    fn default() -> Suite {
        Suite {
            machines: machines::all(),
            first_seed: 1,
            seeds: 6,
            operations: 2000,
            plans: Plans::None,
            shrink_operations: 300_000,
            corpus: None,
        }
    }
}

/// What a suite runs before seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plans {
    /// Nothing.
    #[default]
    None,
    /// Plans that are all drawn anew: a few weights each for what is asked.
    Anew,
    /// Plans that are steered to states that were not reached; see [`steer`](crate::steer). Bugs of the
    /// zoo are found a little later with these.
    Steered,
}

/// Nothing is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases of the corpus that were replayed.
    pub replayed: u64,
    /// Machines.
    pub machines: u64,
    /// Operations on all of them.
    pub operations: u64,
    /// What they reached.
    pub states: States,
}

/// What came of looking for something that is wrong.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Operations up to what was found, or in all.
    pub operations: u64,
    /// What they reached.
    pub states: States,
    /// The first thing that is wrong, as it was found: not shrunk, not kept.
    pub found: Option<(Case, Finding)>,
}

/// Why a suite ended early.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// Something is wrong with the allocator.
    #[error("{0}")]
    Found(Box<Report>),
    /// The corpus is out of order.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
}

impl SuiteError {
    /// What is wrong with the allocator, if that is it.
    pub fn report(&self) -> Option<&Report> {
        match self {
            SuiteError::Found(report) => Some(report),
            SuiteError::Corpus(_) => None,
        }
    }
}

impl Suite {
    /// On these machines.
    #[must_use]
    pub fn machines(self, machines: Vec<MachineSpec>) -> Suite {
        Suite { machines, ..self }
    }

    /// Only on machines of which this holds.
    #[must_use]
    pub fn only(mut self, holds: impl Fn(&Machine) -> bool) -> Suite {
        self.machines
            .retain(|spec| spec.build().is_ok_and(|machine| holds(&machine)));
        self
    }

    /// So many seeds on each machine.
    #[must_use]
    pub fn seeds(self, seeds: u64) -> Suite {
        Suite { seeds, ..self }
    }

    /// Seeds from this one on.
    #[must_use]
    pub fn first_seed(self, first_seed: u64) -> Suite {
        Suite { first_seed, ..self }
    }

    /// What is run before the seeds.
    #[must_use]
    pub fn plans(self, plans: Plans) -> Suite {
        Suite { plans, ..self }
    }

    /// At most so many operations for each seed.
    #[must_use]
    pub fn operations(self, operations: u32) -> Suite {
        Suite { operations, ..self }
    }

    /// To shrink what is found, about so many operations are run at most.
    #[must_use]
    pub fn shrink_operations(self, shrink_operations: u64) -> Suite {
        Suite {
            shrink_operations,
            ..self
        }
    }

    /// What is found is kept there, and what is there is replayed first.
    #[must_use]
    pub fn corpus(self, corpus: Corpus) -> Suite {
        Suite {
            corpus: Some(corpus),
            ..self
        }
    }

    /// Asks. The variable `PFNLAB_TRACE` names a case to replay in place of all that.
    ///
    /// # Errors
    /// When something is wrong: with the shortest case found, explained.
    pub fn run<A: PageAllocator>(
        &self,
        make: impl Fn(&Machine) -> A,
    ) -> Result<Summary, SuiteError> {
        let mut summary = Summary::default();
        if let Some(path) = env::var_os(REPLAY) {
            let path = Path::new(&path);
            summary.replayed = 1;
            replay(path, &Corpus::read(path)?, &make)?;
            return Ok(summary);
        }
        for (path, case) in self.kept()? {
            summary.replayed += 1;
            replay(&path, &case, &make)?;
        }
        summary.machines = self.machines.len() as u64;
        let search = self.search(&make);
        summary.operations = search.operations;
        summary.states = search.states;
        match search.found {
            None => Ok(summary),
            Some((case, finding)) => Err(self.found(&case, finding, &make)?),
        }
    }

    /// The first thing that is wrong on any machine, as it was found: not shrunk, not kept.
    pub fn first<A: PageAllocator>(&self, make: impl Fn(&Machine) -> A) -> Option<(Case, Finding)> {
        self.search(make).found
    }

    /// Looks for something that is wrong, on every machine, up to the first. The corpus is left
    /// alone.
    pub fn search<A: PageAllocator>(&self, make: impl Fn(&Machine) -> A) -> Search {
        let mut search = Search::default();
        for empty in self.empty() {
            self.run_plans(&empty, &make, &mut search);
            if search.found.is_some() {
                return search;
            }
        }
        for (empty, seed, operations) in self.runs() {
            let work = |machine: &Machine, allocator: &A| Work::new(seed, machine, allocator);
            let states = &mut search.states;
            let ran = explore(&empty, operations, &make, work, |state| {
                state.into_iter().for_each(|state| states.add(state, 1));
            });
            search.add(ran);
            if search.found.is_some() {
                break;
            }
        }
        search
    }

    /// As many operations of plans as the longest runs of half of the seeds have.
    fn run_plans<A: PageAllocator>(
        &self,
        empty: &Case,
        make: &impl Fn(&Machine) -> A,
        search: &mut Search,
    ) {
        let mut steering = match self.plans {
            Plans::None => return,
            Plans::Anew => Steering::unsteered(self.first_seed),
            Plans::Steered => Steering::new(self.first_seed),
        };
        let mut left = self.seeds * u64::from(self.operations) / 2;
        while left > 0 && search.found.is_none() {
            let plan = steering.plan();
            let asking = |machine: &Machine, allocator: &A| Asking::new(&plan, machine, allocator);
            let ran = explore(empty, left, make, asking, |state| steering.see(state));
            // A plan without operations, too, boots a machine.
            left = left.saturating_sub(ran.operations.max(1));
            search.add(ran);
            steering.end(plan);
        }
        search.states.extend(steering.reached());
    }

    /// Every machine, with nothing asked on it.
    fn empty(&self) -> impl Iterator<Item = Case> {
        let specs = self.machines.iter();
        specs.filter_map(|spec| Case::new(spec.clone(), Vec::new()).ok())
    }

    /// Machines, seeds and how many operations: short runs of all come first, so that what is found
    /// is found in a short one.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (Case, u64, u64)> {
        let short = SHORT.into_iter().filter(|&short| short < self.operations);
        short.chain([self.operations]).flat_map(move |operations| {
            self.empty().flat_map(move |empty| {
                let seeds = self.first_seed..self.first_seed + self.seeds;
                seeds.map(move |seed| (empty.clone(), seed, u64::from(operations)))
            })
        })
    }

    /// What is in the corpus, by file name.
    pub(crate) fn kept(&self) -> Result<Vec<(PathBuf, Case)>, CorpusError> {
        let corpus = self.corpus.as_ref();
        corpus.map_or(Ok(Vec::new()), Corpus::cases)
    }

    /// Keeps a case, if there is a corpus.
    pub(crate) fn keep(
        &self,
        case: &Case,
        finding: &Finding,
    ) -> Result<Option<PathBuf>, CorpusError> {
        let corpus = self.corpus.as_ref();
        corpus.map(|corpus| corpus.keep(case, finding)).transpose()
    }

    /// A shorter case that fails in the same way.
    pub fn shrink<A: PageAllocator>(
        &self,
        case: &Case,
        finding: &Finding,
        make: impl Fn(&Machine) -> A,
    ) -> Case {
        let mut left = self.shrink_operations;
        let fails = |spec: &MachineSpec, trace: &Trace| {
            // Even an empty trace boots a machine.
            let cost = 1 + trace.steps.len() as u64;
            let Some(rest) = left.checked_sub(cost) else {
                return false;
            };
            left = rest;
            let case = Case::new(spec.clone(), trace.steps.clone());
            let found = case.ok().and_then(|case| check(&case, &make).err());
            found.is_some_and(|found| found.kind == finding.kind)
        };
        let (spec, trace) = shrink_case(case.spec(), case.trace(), u32::MAX, fails);
        Case::new(spec, trace.steps).unwrap_or_else(|_| case.clone())
    }

    /// Shrinks, keeps and explains.
    fn found<A: PageAllocator>(
        &self,
        case: &Case,
        finding: Finding,
        make: &impl Fn(&Machine) -> A,
    ) -> Result<SuiteError, SuiteError> {
        let short = self.shrink(case, &finding, make);
        let finding = check(&short, make).err().unwrap_or(finding);
        let path = self.keep(&short, &finding)?;
        let report = Report::new(&short, finding, path, make);
        Ok(SuiteError::Found(Box::new(report)))
    }
}

fn replay<A: PageAllocator>(
    path: &Path,
    case: &Case,
    make: &impl Fn(&Machine) -> A,
) -> Result<(), SuiteError> {
    match check(case, make) {
        Ok(()) => Ok(()),
        Err(finding) => {
            let report = Report::new(case, finding, Some(path.to_owned()), make);
            Err(SuiteError::Found(Box::new(report)))
        }
    }
}

impl Search {
    fn add(&mut self, ran: Ran) {
        self.operations += ran.operations;
        self.found = ran.found;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            replayed,
            machines,
            operations,
            ..
        } = self;
        write!(
            f,
            "every rule holds: {operations} operations on {machines} machines, {replayed} cases replayed"
        )
    }
}
