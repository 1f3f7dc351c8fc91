//! A scenario on its way.

use std::io::{self, Write};

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Gfp, NodeId, Op, Order, PageAllocator, Snapshot, Step, Ticket, Trace, TraceStart, ZoneState,
};
use pfnlab_sim::phase::{Kind, Program};
use pfnlab_sim::{Coverage, Driver, Fingerprint, Tally, index};

use crate::boot::{Booted, snapshot_of};
use crate::mixed;
use crate::scenario::summary::scores;
use crate::scenario::{PhaseSummary, Scenario, ScenarioSummary};
use crate::tour::{TourError, states_of};
use crate::watch::Watch;
use crate::work::{self, Work};
use crate::{Error, HugePages, KnobError, Otherwise, Repro, kernel};

/// How many operations pass between two calls of a progress function.
const STRIDE: u64 = 1 << 14;

/// What is to be different from what the scenario says. `None`: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioOptions {
    /// The seed.
    pub seed: Option<u64>,
    /// The kernel generation, by name.
    pub profile: Option<String>,
    /// The build, by name.
    pub config: Option<String>,
    /// The run ends after so many operations, wherever it is then.
    pub ops: Option<u64>,
    /// More that is to be different; of what it and the fields above say both, these count.
    pub otherwise: Otherwise,
}

/// A scenario on its way.
pub struct ScenarioRun {
    name: String,
    title: String,
    machine: String,
    start: TraceStart,
    seed: u64,
    most: u64,
    driver: Driver<Mm>,
    /// Tunables still to be written, the last first.
    setup: Vec<Op>,
    kinds: Vec<Kind>,
    program: Program,
    fingerprint: Fingerprint,
    total: Tally,
    tally: Tally,
    watch: Watch,
    coverage: Option<Coverage>,
    phases: Vec<PhaseSummary>,
    first: Snapshot,
    /// What is done besides, and on which nodes.
    work: (Work, Vec<NodeId>),
}

impl ScenarioRun {
    pub(super) fn new(
        scenario: &Scenario,
        options: &ScenarioOptions,
    ) -> Result<ScenarioRun, Error> {
        let spec = scenario.spec();
        let otherwise = &options.otherwise;
        let profile = options.profile.as_deref().or(otherwise.profile.as_deref());
        let profile = profile.or(spec.profile.as_deref());
        let config = options.config.as_deref().or(otherwise.config.as_deref());
        let config = config.or(spec.config.as_deref());
        let (profile, config) = (kernel::profile(profile)?, kernel::config(config)?);
        let config = otherwise.build(&config);
        let machine = otherwise.machine(scenario.machine().clone());
        check_tunables(scenario, otherwise, profile, &config)?;
        if otherwise.work.leak.is_some() {
            return Err(KnobError::TraceOnly { knob: "leak" }.into());
        }
        let booted = Booted::new(&machine, profile, &config)?;
        let first = booted.snapshot();
        let seed = options.seed.or(otherwise.seed).unwrap_or(spec.seed);
        // Fits: a machine has a limit for them.
        let cpus = scenario.machine().cpus().len() as u16;
        // 2.6.37 does not count what it manages. Nothing is lent yet, so that is what is free.
        let free = |zone: &ZoneState| -> u64 {
            let frames = Order::all().map(|order| zone.free_blocks(order) * order.frames());
            frames.sum()
        };
        let managed = first
            .zones
            .iter()
            .map(|zone| zone.managed.max(free(zone)))
            .sum();
        let own = scenario.sysctls.iter().map(|own| (own.sysctl, own.value));
        let setup = own.chain(otherwise.sysctls.iter().copied());
        Ok(ScenarioRun {
            name: scenario.name().to_owned(),
            title: booted.title(),
            machine: scenario.machine().name().to_owned(),
            start: scenario.start.clone(),
            seed,
            most: options.ops.unwrap_or(u64::MAX),
            driver: Driver::new(booted.into_mm()),
            setup: {
                let mut setup: Vec<Op> = setup
                    .map(|(sysctl, value)| Op::Sysctl { sysctl, value })
                    .collect();
                setup.reverse();
                setup
            },
            program: Program::new(seed, managed, cpus, &spec.phases),
            kinds: spec.phases.clone(),
            fingerprint: Fingerprint::new(),
            total: Tally::default(),
            tally: Tally::default(),
            watch: Watch::default(),
            coverage: None,
            phases: Vec::new(),
            work: (otherwise.work, work::nodes(&first)),
            first,
        })
    }

    /// The machine and the kernel in one line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// From now on the states it reaches are watched, which costs a little time.
    pub fn watch_states(&mut self) {
        self.coverage = Some(Coverage::of(self.driver.allocator()));
    }

    /// The seed it runs with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Drives all phases. `progress` is told now and then how many operations are done.
    ///
    /// # Errors
    /// When the allocator does not take back what it handed out.
    pub fn drive(&mut self, mut progress: impl FnMut(u64)) -> Result<(), TourError> {
        self.each(&mut progress, &mut |_| Ok(()))
    }

    /// The same; every operation, and what came of it, is written to `out` as a trace.
    ///
    /// # Errors
    /// When the trace cannot be written.
    pub fn record(
        &mut self,
        mut out: impl Write,
        mut progress: impl FnMut(u64),
    ) -> Result<(), TourError> {
        let mm = self.driver.allocator();
        let header = Trace {
            start: self.start.clone(),
            profile: Some(mm.profile().name().to_owned()),
            config: Some(mm.config().name.to_owned()),
            steps: Vec::new(),
        };
        write!(out, "{header}")?;
        self.each(&mut progress, &mut |step| writeln!(out, "{}", step()))?;
        Ok(out.flush()?)
    }

    /// `tell` is told every step; it is made only when asked for.
    fn each(
        &mut self,
        progress: &mut dyn FnMut(u64),
        tell: &mut dyn FnMut(&dyn Fn() -> Step) -> io::Result<()>,
    ) -> Result<(), TourError> {
        while self.total.ops + self.tally.ops < self.most {
            let Some(op) = self.next_op() else { break };
            let number = self.total.ops + self.tally.ops;
            let failed = |error| TourError::Driver { op: number, error };
            let (work, nodes) = &self.work;
            for op in work.before(number, nodes) {
                self.driver.step_told(&op, &mut ()).map_err(failed)?;
                tell(&|| Step { op, expect: None })?;
            }
            let outcome = match &mut self.coverage {
                None => self.driver.step_told(&op, &mut self.watch),
                Some(coverage) => {
                    let mut both = (&mut self.watch, &mut *coverage);
                    let outcome = self.driver.step_told(&op, &mut both);
                    if let Ok(outcome) = &outcome {
                        coverage.observe(&op, outcome);
                    }
                    outcome
                }
            };
            let outcome = outcome.map_err(failed)?;
            self.program.observe(&outcome);
            self.tally.count(&outcome);
            self.fingerprint.outcome(&op, &outcome, self.driver.pages());
            tell(&|| Step {
                op,
                expect: outcome.as_expectation(self.driver.pages()),
            })?;
            if number.is_multiple_of(STRIDE) {
                progress(number);
            }
        }
        self.close();
        Ok(())
    }

    /// Closes the phases that are over, too.
    fn next_op(&mut self) -> Option<Op> {
        if let Some(op) = self.setup.pop() {
            return Some(op);
        }
        if self.phases.is_empty() {
            self.close();
            self.first = snapshot_of(self.driver.allocator());
        }
        let op = self.program.next_op();
        while self.phases.len() <= self.program.position() && self.phases.len() < self.kinds.len() {
            self.close();
        }
        op
    }

    /// The latest phase is over; before the first one, the boot is.
    fn close(&mut self) {
        let name = match self.phases.len().checked_sub(1) {
            None => "boot",
            Some(phase) => match self.kinds.get(phase) {
                Some(kind) => kind.name(),
                None => return,
            },
        };
        let tally = std::mem::take(&mut self.tally);
        let watch = std::mem::take(&mut self.watch);
        let snapshot = snapshot_of(self.driver.allocator());
        let free = |zone| -> u64 {
            let blocks = index::free_blocks(&snapshot, zone);
            (0..).zip(blocks).map(|(order, count)| count << order).sum()
        };
        let pcps = snapshot.zones.iter().flat_map(|zone| &zone.pcp);
        self.total.add(&tally);
        self.phases.push(PhaseSummary {
            name,
            tally,
            fell_back: watch.fell_back,
            slabs: watch.slabs,
            slabs_fell_back: watch.slabs_fell_back,
            claimed: watch.claimed,
            held: self.program.table().held(),
            free: snapshot.zones.iter().map(free).sum(),
            cached: pcps.map(|pcp| u64::from(pcp.count)).sum(),
            mixed: mixed::count(&self.driver, self.held()),
            scores: scores(&snapshot),
        });
    }

    /// What the phases hold, and how they asked for it.
    fn held(&self) -> impl Iterator<Item = (Ticket, Gfp)> {
        let live = self.program.table().live();
        live.map(|live| (live.ticket, live.gfp))
    }

    /// How many huge pages could be had now.
    pub fn huge_pages(&self) -> HugePages {
        HugePages::of(&self.driver, self.held())
    }

    /// What it came to.
    pub fn summary(&self) -> ScenarioSummary {
        let last = snapshot_of(self.driver.allocator());
        let mm = self.driver.allocator();
        ScenarioSummary {
            tally: self.total,
            phases: self.phases.clone(),
            states: states_of(self.coverage.as_ref()),
            repro: Repro {
                kind: format!("scenario/{}", self.name),
                seed: self.seed,
                ops: self.total.ops,
                machine: self.machine.clone(),
                profile: mm.profile().name().to_owned(),
                config: mm.config().name.to_owned(),
                fingerprint: self.fingerprint.finish(&last),
            },
            first: self.first.clone(),
            last,
        }
    }
}

/// Whether the kernel takes every value: an allocator is booted to ask.
fn check_tunables(
    scenario: &Scenario,
    otherwise: &Otherwise,
    profile: &'static Profile,
    config: &Config,
) -> Result<(), Error> {
    if scenario.sysctls.is_empty() && otherwise.sysctls.is_empty() {
        return Ok(());
    }
    let mut mm = Booted::new(scenario.machine(), profile, config)?.into_mm();
    for tunable in &scenario.sysctls {
        mm.sysctl(tunable.sysctl, tunable.value, &mut ())
            .map_err(|_| tunable.refusal.clone())?;
    }
    Ok(otherwise.write(&mut mm)?)
}
