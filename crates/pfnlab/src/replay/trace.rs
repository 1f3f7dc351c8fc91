//! A trace, compared with what it expects.

use pfnlab_model::{Event, Expect, Pfn};
use pfnlab_sim::{DriverError, Fingerprint, Outcome, Report};

use super::STRIDE;
use super::explain::{Divergence, FieldDifference, Scene};
use crate::boot::snapshot_of;
use crate::{Error, TraceFile};

/// What came of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceReplay {
    /// Outcomes counted, expectations counted.
    pub report: Report,
    /// The fingerprint of the run.
    pub fingerprint: u64,
    /// The first step that came to something else.
    pub divergence: Option<Divergence>,
}

/// Runs a trace to its end. `progress` is told now and then how many steps are done.
///
/// ```
/// use pfnlab::{TraceFile, replay};
/// let text = "#pfnlab-trace 1\nmachine one-node\nf 1 cpu=0 => skip\na 1 => fail\n";
/// let trace = TraceFile::parse("a.trace", text, "".as_ref()).unwrap();
/// let replay = replay::trace(&trace, |_| {}).unwrap();
/// assert_eq!((replay.report.expected, replay.report.diverged), (2, 1));
/// assert_eq!(replay.divergence.unwrap().line, 4);
/// ```
///
/// # Errors
/// When its start is not to be had, or a step cannot be run.
pub fn trace(file: &TraceFile, mut progress: impl FnMut(u64)) -> Result<TraceReplay, Error> {
    run(file, &mut progress)
}

fn run(file: &TraceFile, progress: &mut dyn FnMut(u64)) -> Result<TraceReplay, Error> {
    let mut driver = file.driver()?;
    let mut report = Report::default();
    let mut fingerprint = Fingerprint::new();
    for (number, step) in file.trace().steps.iter().enumerate() {
        let outcome = driver
            .step(&step.op, &mut ())
            .map_err(|error| file.at_step(number, error.to_string()))?;
        fingerprint.outcome(&step.op, &outcome, driver.pages());
        report.record(step, &outcome, driver.pages());
        if report.tally.ops % STRIDE == 0 {
            progress(report.tally.ops);
        }
    }
    let first = report.first.as_ref().map(|first| first.step);
    let divergence = first.map(|step| explain(file, step)).transpose()?;
    Ok(TraceReplay {
        report,
        fingerprint: fingerprint.finish(&snapshot_of(driver.allocator())),
        divergence,
    })
}

/// Runs the trace again up to the step in question, to look around there.
fn explain(file: &TraceFile, step: u64) -> Result<Divergence, Error> {
    let mut driver = file.driver()?;
    let at = step as usize;
    let again = |error: DriverError| file.at_step(at, error.to_string());
    for earlier in &file.trace().steps[..at] {
        driver.step(&earlier.op, &mut ()).map_err(again)?;
    }
    let before = snapshot_of(driver.allocator());
    let mut tape: Vec<Event> = Vec::new();
    let step_at = &file.trace().steps[at];
    let outcome = driver.step_told(&step_at.op, &mut tape).map_err(again)?;
    let answer = outcome.as_expectation(driver.pages());
    let scene = Scene {
        op: &step_at.op,
        before: &before,
        events: &tape,
    };
    Ok(Divergence {
        step,
        line: file.line(at),
        op: step_at.op.to_string(),
        fields: vec![FieldDifference {
            field: "outcome".to_owned(),
            expected: step_at
                .expect
                .as_ref()
                .map(Expect::to_string)
                .unwrap_or_default(),
            got: in_words(&outcome, answer.as_ref()),
        }],
        before: scene.context(frames(step_at.expect.as_ref()), frames(answer.as_ref())),
        story: scene.story(),
    })
}

/// The frames an outcome names.
pub(crate) fn frames(expect: Option<&Expect>) -> &[Pfn] {
    match expect {
        Some(Expect::Pfns(pfns)) => pfns,
        _ => &[],
    }
}

/// An outcome as a trace would say it, and why a request was refused.
pub(crate) fn in_words(outcome: &Outcome, answer: Option<&Expect>) -> String {
    match (outcome, answer) {
        (Outcome::Refused(error), _) => format!("fail: {error}"),
        (_, Some(answer)) => answer.to_string(),
        (other, None) => format!("{other:?}"),
    }
}
