//! What each operation of a trace or a recording did, in words and pictures.
//!
//! ```
//! use pfnlab::view::{Detail, Style};
//! use pfnlab::{Error, TraceFile, explain};
//!
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let mut told = Vec::new();
//! explain::trace(&trace, None, |explained| {
//!     told.push(explained.story.text(&Style::PLAIN, Detail::Brief));
//!     Ok::<(), Error>(())
//! })?;
//! assert!(told[0].starts_with("operation 0 (line 3): a 1 order=4 gfp=GFP_KERNEL cpu=0\n"));
//! assert!(told[1].contains("comes back: 16 frames (order 4)"));
//! # Ok::<(), Error>(())
//! ```

use std::path::Path;

use pfnlab_linux::Recording;
use pfnlab_mm::Mm;
use pfnlab_model::{Event, Expect, Step};
use pfnlab_sim::{Driver, DriverError};
use pfnlab_view::{Narrator, Story};

use crate::boot::snapshot_of;
use crate::{Error, TraceFile};

/// What one operation did.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Its position, from 0.
    pub step: u64,
    /// Its line in the file it was read from, from 1.
    pub line: u32,
    /// The operation, and what should come of it.
    pub asked: Step,
    /// What came of it, in the words of a trace; `None`: a trace has no word for it.
    pub outcome: Option<Expect>,
    /// What it told, event by event.
    pub events: Vec<Event>,
    /// The same as a story. Its title names the operation.
    pub story: Story,
}

impl Explained {
    /// What should have come of it instead; `None`: nothing else.
    pub fn expected_instead(&self) -> Option<&Expect> {
        let expected = self.asked.expect.as_ref()?;
        (Some(expected) != self.outcome.as_ref()).then_some(expected)
    }
}

/// Runs a trace and explains every operation, or only the one at position `step`. `each` is told
/// one after the other.
///
/// # Errors
/// When its start is not to be had, a step cannot be run, or there is no such step; and what `each`
/// fails with.
pub fn trace<E: From<Error>>(
    file: &TraceFile,
    step: Option<u64>,
    each: impl FnMut(Explained) -> Result<(), E>,
) -> Result<(), E> {
    let steps = file.trace().steps.iter().enumerate();
    let run = Run {
        mm: file.boot()?,
        steps: steps
            .map(|(at, step)| (file.line(at), step.clone()))
            .collect(),
        only: step,
    };
    run.explain(each, |at, error| file.at_step(at, error.to_string()).into())
}

/// The same for the recorded case in a folder.
///
/// # Errors
/// When the recording cannot be read, no allocator can be in the state it starts from, an operation
/// cannot be run, or there is no such operation; and what `each` fails with.
pub fn recording<E: From<Error>>(
    case: &Path,
    step: Option<u64>,
    each: impl FnMut(Explained) -> Result<(), E>,
) -> Result<(), E> {
    let recording = Recording::open(case).map_err(Error::from)?;
    let path = case.display().to_string();
    let mm = Mm::resume(&recording.before).map_err(|error| Error::Resume {
        path: path.clone(),
        error,
    })?;
    let steps = recording.to_trace("before").steps.into_iter();
    let lines = recording.ops.iter().map(|recorded| recorded.line);
    let run = Run {
        mm,
        steps: lines.zip(steps).collect(),
        only: step,
    };
    run.explain(each, |at, error| Error::Step {
        path: path.clone(),
        step: at as u64,
        error,
    })
}

/// Operations to run, and which of them to explain.
struct Run {
    mm: Mm,
    /// Each with the line it is on.
    steps: Vec<(u32, Step)>,
    /// The position of the only one to explain; `None`: all.
    only: Option<u64>,
}

impl Run {
    fn explain<E: From<Error>>(
        self,
        mut each: impl FnMut(Explained) -> Result<(), E>,
        failed: impl Fn(usize, DriverError) -> Error,
    ) -> Result<(), E> {
        let count = self.steps.len() as u64;
        let first = self.only.unwrap_or(0);
        if self.only.is_some_and(|only| only >= count) {
            return Err(no_step(first, count).into());
        }
        let mut driver = Driver::new(self.mm);
        let (skipped, told) = self.steps.split_at(first as usize);
        for (at, (_, step)) in skipped.iter().enumerate() {
            let ran = driver.step(&step.op, &mut ());
            ran.map_err(|error| failed(at, error))?;
        }
        let most = if self.only.is_some() { 1 } else { told.len() };
        let mut narrator = Narrator::from(snapshot_of(driver.allocator()));
        for (step, (line, asked)) in (first..).zip(&told[..most]) {
            let mut events: Vec<Event> = Vec::new();
            let ran = driver.step(&asked.op, &mut events);
            let outcome = ran.map_err(|error| failed(step as usize, error))?;
            let story = narrator.tell(&asked.op, &events);
            each(Explained {
                step,
                line: *line,
                asked: asked.clone(),
                outcome: outcome.as_expectation(driver.pages()),
                events,
                story: story.labelled(format!("operation {step} (line {line})")),
            })?;
        }
        Ok(())
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
