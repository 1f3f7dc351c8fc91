//! The tour: a machine of two nodes, a hole and several zones, under a seeded workload.
//!
//! ```
//! use pfnlab::tour::{Tour, TourOptions};
//! let options = TourOptions { ops: 1000, ..TourOptions::default() };
//! let mut tour = Tour::boot(&options).unwrap();
//! tour.drive(|_| {}).unwrap();
//! let summary = tour.summary();
//! assert_eq!(summary.tally.ops, 1000);
//! ```

use std::io::{self, Write};

use pfnlab_linux::proc;
use pfnlab_mm::Mm;
use pfnlab_model::{Machine, Snapshot, Step, Trace, TraceStart};
use pfnlab_sim::coverage::States;
use pfnlab_sim::{Coverage, Driver, DriverError, Fingerprint, Setting, Tally, Workload};

use crate::boot::{Booted, snapshot_of};
use crate::{Error, Repro, kernel, machine};

/// The machine of the tour.
const MACHINE: &str = "two-node";
/// How many operations pass between two calls of a progress function.
const STRIDE: u64 = 1 << 14;

/// What kind of tour. Every value is legal, as far as the names exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TourOptions {
    /// The seed of the workload.
    pub seed: u64,
    /// How many operations.
    pub ops: u64,
    /// The kernel generation, by name; `None`: the newest.
    pub profile: Option<String>,
    /// The build, by name; `None`: `x86_64`.
    pub config: Option<String>,
}

impl Default for TourOptions {
    /// A million operations of seed 1.
    fn default() -> TourOptions {
        TourOptions {
            seed: 1,
            ops: 1_000_000,
            profile: None,
            config: None,
        }
    }
}

/// A tour on its way.
pub struct Tour {
    options: TourOptions,
    title: String,
    machine: Machine,
    driver: Driver<Mm>,
    workload: Workload,
    tally: Tally,
    fingerprint: Fingerprint,
    coverage: Option<Coverage>,
}

/// What a tour came to.
#[derive(Clone, Debug)]
pub struct TourSummary {
    /// Outcomes, counted by kind.
    pub tally: Tally,
    /// The states reached, if they were watched.
    pub states: States,
    /// The state at the end.
    pub last: Snapshot,
    /// How to get it again, and the fingerprint.
    pub repro: Repro,
}

impl TourSummary {
    /// The free blocks of every zone at the end, as `/proc/buddyinfo`.
    pub fn buddyinfo(&self) -> String {
        proc::buddyinfo(&self.last)
    }
}

/// A tour that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum TourError {
    /// The trace cannot be written.
    #[error("cannot write the trace: {0}")]
    Write(#[from] io::Error),
    /// The allocator did not take back what it handed out: a bug in it.
    #[error("operation {op}: {error}")]
    Driver {
        /// Which operation, from 0.
        op: u64,
        /// What is wrong.
        error: DriverError,
    },
}

impl Tour {
    /// Boots the tour's machine.
    ///
    /// # Errors
    /// When there is no profile or config of the name given.
    pub fn boot(options: &TourOptions) -> Result<Tour, Error> {
        let machine = machine::built_in(MACHINE)?;
        let profile = kernel::profile(options.profile.as_deref())?;
        let config = kernel::config(options.config.as_deref())?;
        let booted = Booted::new(&machine, profile, &config)?;
        Ok(Tour {
            options: options.clone(),
            title: booted.title(),
            workload: Workload::new(options.seed, Setting::of(&machine)),
            machine,
            driver: Driver::new(booted.into_mm()),
            tally: Tally::default(),
            fingerprint: Fingerprint::new(),
            coverage: None,
        })
    }

    /// From now on the states it reaches are watched, which costs a little time.
    pub fn watch_states(&mut self) {
        self.coverage = Some(Coverage::of(self.driver.allocator()));
    }

    /// The machine and the kernel in one line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Drives all operations. `progress` is told now and then how many are done.
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
            start: TraceStart::Machine(self.machine.name().to_owned()),
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
        for number in 0..self.options.ops {
            let op = self.workload.next_op();
            let outcome = match &mut self.coverage {
                None => self.driver.step(&op, &mut ()),
                Some(coverage) => {
                    let outcome = self.driver.step_told(&op, coverage);
                    if let Ok(outcome) = &outcome {
                        coverage.observe(&op, outcome);
                    }
                    outcome
                }
            };
            let outcome = outcome.map_err(|error| TourError::Driver { op: number, error })?;
            self.workload.observe(&outcome);
            self.tally.count(&outcome);
            self.fingerprint.outcome(&op, &outcome, self.driver.pages());
            tell(&|| Step {
                op,
                expect: outcome.as_expectation(self.driver.pages()),
            })?;
            if number % STRIDE == 0 {
                progress(number);
            }
        }
        Ok(())
    }

    /// What it came to so far.
    pub fn summary(&self) -> TourSummary {
        let last = snapshot_of(self.driver.allocator());
        let mm = self.driver.allocator();
        TourSummary {
            tally: self.tally,
            states: states_of(self.coverage.as_ref()),
            repro: Repro {
                kind: "tour".to_owned(),
                seed: self.options.seed,
                ops: self.tally.ops,
                machine: self.machine.name().to_owned(),
                profile: mm.profile().name().to_owned(),
                config: mm.config().name.to_owned(),
                fingerprint: self.fingerprint.finish(&last),
            },
            last,
        }
    }
}

/// What was reached, if it was watched.
pub(crate) fn states_of(coverage: Option<&Coverage>) -> States {
    coverage.map(Coverage::states).unwrap_or_default()
}
