//! A trace, a recording or a scenario, operation by operation: each told, with the state behind it.
//!
//! - [`Reel`]: forward. [`Player`]: back, too, and with operations changed.
//!
//! ```
//! use pfnlab::{Error, TraceFile, reel::Reel};
//!
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let mut reel = Reel::of_trace(&trace)?;
//! let lent = |reel: &Reel| -> usize { reel.state().zones.iter().map(|zone| zone.lent.len()).sum() };
//! assert_eq!(lent(&reel), 0);
//! let first = reel.next().unwrap()?;
//! assert_eq!((first.step, first.line, lent(&reel)), (0, 3, 1));
//! # Ok::<(), Error>(())
//! ```

mod player;
mod rules;

use std::path::Path;

use pfnlab_linux::Recording;
use pfnlab_mm::Mm;
use pfnlab_model::{Event, Op, Snapshot, Step};
use pfnlab_sim::{Driver, DriverError};
use pfnlab_view::Narrator;

use crate::boot::snapshot_of;
use crate::explain::Explained;
use crate::scenario::{Scenario, ScenarioOptions};
use crate::tour::TourError;
use crate::{Error, TraceFile};

pub use player::Player;

/// Operations on their way, one at a time.
pub struct Reel {
    source: Source,
    driver: Driver<Mm>,
    narrator: Narrator,
    /// Each with the line it is on.
    steps: Vec<(u32, Step)>,
    next: usize,
}

/// Where the operations come from, to say where one cannot be run.
enum Source {
    Trace(TraceFile),
    /// A recorded case, by its folder, or a trace that is no longer as its file says.
    Named(String),
}

impl Source {
    fn failed(&self, step: usize, error: DriverError) -> Error {
        match self {
            Source::Trace(file) => file.at_step(step, error.to_string()).into(),
            Source::Named(path) => Error::Step {
                path: path.clone(),
                step: step as u64,
                error,
            },
        }
    }
}

impl Reel {
    /// What a path names: a folder is a recorded case, a file that ends in `.toml` a scenario, any
    /// other a trace.
    ///
    /// # Errors
    /// When it cannot be read, or what it starts from is not to be had.
    pub fn open(path: &Path) -> Result<Reel, Error> {
        if path.is_dir() {
            return Reel::of_recording(path);
        }
        match path.extension() {
            Some(extension) if extension == "toml" => Reel::of_scenario(&Scenario::open(path)?),
            _ => Reel::of_trace(&TraceFile::open(path)?),
        }
    }

    /// The operations of a trace.
    ///
    /// # Errors
    /// When what it starts from is not to be had.
    pub fn of_trace(file: &TraceFile) -> Result<Reel, Error> {
        let steps = file.trace().steps.iter().enumerate();
        let steps = steps.map(|(at, step)| (file.line(at), step.clone()));
        let steps = steps.collect();
        let source = Source::Trace(file.clone());
        Ok(Reel::new(source, file.driver()?, steps))
    }

    /// The operations of the recorded case in a folder.
    ///
    /// # Errors
    /// When it cannot be read, or no allocator can be in the state it starts from.
    pub fn of_recording(case: &Path) -> Result<Reel, Error> {
        let recording = Recording::open(case)?;
        let path = case.display().to_string();
        let mm = Mm::resume(&recording.before).map_err(|error| Error::Resume {
            path: path.clone(),
            error,
        })?;
        let steps = recording.to_trace("before").steps.into_iter();
        let lines = recording.ops.iter().map(|recorded| recorded.line);
        Ok(Reel::new(
            Source::Named(path),
            Driver::new(mm),
            lines.zip(steps).collect(),
        ))
    }

    /// The operations of a scenario, all of them: it is run once to know them.
    ///
    /// # Errors
    /// When its machine does not boot, or it does not come to its end.
    pub fn of_scenario(scenario: &Scenario) -> Result<Reel, Error> {
        let mut run = scenario.start(&ScenarioOptions::default())?;
        let mut text = Vec::new();
        let name = format!("{}.trace", scenario.name());
        run.record(&mut text, |_| {}).map_err(|error| match error {
            TourError::Write(error) => Error::Write {
                path: name.clone(),
                error,
            },
            TourError::Driver { op, error } => Error::Step {
                path: name.clone(),
                step: op,
                error,
            },
        })?;
        let text = crate::read_text(&name, &text[..])?;
        Reel::of_trace(&TraceFile::parse(&name, &text, Path::new(""))?)
    }

    fn new(source: Source, driver: Driver<Mm>, steps: Vec<(u32, Step)>) -> Reel {
        let narrator = Narrator::from(snapshot_of(driver.allocator()));
        Reel {
            source,
            driver,
            narrator,
            steps,
            next: 0,
        }
    }

    /// How many operations there are, told or not.
    pub fn operations(&self) -> u64 {
        self.steps.len() as u64
    }

    /// How many of them are told, or were wound past.
    pub fn told(&self) -> u64 {
        self.next as u64
    }

    /// The operation that comes next.
    pub fn upcoming(&self) -> Option<&Op> {
        let (_, step) = self.steps.get(self.next)?;
        Some(&step.op)
    }

    /// The state behind the operations told so far.
    ///
    /// # Panics
    /// Never: a reel begins with a state.
    pub fn state(&self) -> &Snapshot {
        self.narrator.state().expect("a reel begins with a state")
    }

    /// The machine's kernel generation and build, such as `linux-6.12.y, x86_64`.
    pub fn kernel(&self) -> String {
        let mm = self.driver.allocator();
        format!("{}, {}", mm.profile().name(), mm.config().name)
    }

    /// Runs the operations up to, not including, the one at position `step`, and tells none.
    ///
    /// # Errors
    /// When one cannot be run, or there is no operation at that position.
    pub fn wind_to(&mut self, step: u64) -> Result<(), Error> {
        if step >= self.operations() {
            return Err(no_step(step, self.operations()));
        }
        self.skip_to(step as usize)
    }

    /// Runs all operations that are left, and tells none.
    ///
    /// # Errors
    /// When one cannot be run.
    pub fn wind_to_end(&mut self) -> Result<(), Error> {
        self.skip_to(self.steps.len())
    }

    fn skip_to(&mut self, step: usize) -> Result<(), Error> {
        if step <= self.next {
            return Ok(());
        }
        for at in self.next..step {
            let ran = self.driver.step(&self.steps[at].1.op, &mut ());
            ran.map_err(|error| self.source.failed(at, error))?;
        }
        self.next = step;
        self.narrator = Narrator::from(snapshot_of(self.driver.allocator()));
        Ok(())
    }

    fn tell(&mut self, at: usize) -> Result<Explained, Error> {
        let (line, asked) = self.steps[at].clone();
        let mut events: Vec<Event> = Vec::new();
        let ran = self.driver.step_told(&asked.op, &mut events);
        let outcome = ran.map_err(|error| self.source.failed(at, error))?;
        let story = self.narrator.tell(&asked.op, &events);
        Ok(Explained {
            step: at as u64,
            line,
            asked,
            outcome: outcome.as_expectation(self.driver.pages()),
            events,
            story: story.labelled(format!("operation {at} (line {line})")),
        })
    }
}

impl Iterator for Reel {
    type Item = Result<Explained, Error>;

    fn next(&mut self) -> Option<Result<Explained, Error>> {
        let at = self.next;
        if at >= self.steps.len() {
            return None;
        }
        let told = self.tell(at);
        // Behind an operation that cannot be run there is no state.
        self.next = if told.is_ok() {
            at + 1
        } else {
            self.steps.len()
        };
        Some(told)
    }
}

fn no_step(step: u64, count: u64) -> Error {
    Error::Unknown {
        what: "operation",
        name: step.to_string(),
        known: match count {
            0 => "none".to_owned(),
            count => format!("0 to {}", count - 1),
        },
    }
}
