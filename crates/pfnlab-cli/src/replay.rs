//! `pfnlab replay`.

use std::fmt::Write;
use std::path::Path;

use pfnlab::replay::{
    self, CaseReplay, Divergence, Replayed, Subject, Totals, TraceReplay, TraceTotals,
};
use pfnlab::{Error, TraceFile};
use serde::Serialize;

use crate::Verdict;
use crate::args::ReplayArgs;
use crate::failure::Failure;
use crate::generations;
use crate::output;

/// The most differences of a final state that are shown as text.
const SHOWN: usize = 10;

/// What `--json` prints.
#[derive(Serialize)]
struct ReplayReport {
    traces: Vec<TraceReport>,
    trace_totals: TraceTotals,
    cases: Vec<CaseReport>,
    totals: Totals,
    not_compared: Vec<NotCompared>,
}

/// One trace.
#[derive(Serialize)]
struct TraceReport {
    file: String,
    ops: u64,
    expected: u64,
    diverged: u64,
    fingerprint: String,
    divergence: Option<Divergence>,
}

/// One recorded case.
#[derive(Serialize)]
struct CaseReport {
    case: String,
    ops: u64,
    exact: u64,
    identical: bool,
    divergence: Option<Divergence>,
    differences: Vec<Difference>,
}

/// A place in which the final state is not the recorded one.
#[derive(Serialize)]
struct Difference {
    path: String,
    expected: String,
    got: String,
}

/// A field of recordings that is not compared.
#[derive(Serialize)]
struct NotCompared {
    field: &'static str,
    reason: &'static str,
}

pub(crate) fn replay(args: &ReplayArgs) -> Result<Verdict, Failure> {
    let subjects = subjects(&args.paths)?;
    let subjects = match args.profile.as_deref() {
        all if generations::is_all(all) => return generations::replay(args, subjects),
        Some(profile) => generations::on(profile, subjects)?,
        None => subjects,
    };
    let mut report = ReplayReport::new();
    let bar = output::progress(subjects.len() as u64, "replays");
    replay::all(&subjects, args.jobs, |replayed| {
        let text = report.add(replayed);
        bar.inc(1);
        match args.json {
            true => Ok::<(), Failure>(()),
            false => Ok(bar.suspend(|| output::text(&text))?),
        }
    })?;
    bar.finish_and_clear();
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.closing())?;
    }
    Ok(Verdict::of(
        report.totals.all_well() && report.trace_totals.all_well(),
    ))
}

/// The traces named, in this order; then what is below the folders named.
fn subjects(paths: &[String]) -> Result<Vec<Subject>, Error> {
    let (folders, files): (Vec<_>, Vec<_>) =
        paths.iter().partition(|path| Path::new(path).is_dir());
    let named = files.into_iter().map(|file| match file.as_str() {
        "-" => open("-").map(Subject::Trace),
        file => Ok(Subject::TraceFile(file.into())),
    });
    let mut subjects = named.collect::<Result<Vec<_>, _>>()?;
    subjects.extend(Subject::below(folders)?);
    Ok(subjects)
}

/// The trace in a file, or on stdin.
pub(crate) fn open(path: &str) -> Result<TraceFile, Error> {
    match path {
        "-" => Ok(TraceFile::parse(
            "<stdin>",
            &output::stdin()?,
            Path::new(""),
        )?),
        path => TraceFile::open(Path::new(path)),
    }
}

impl ReplayReport {
    fn new() -> ReplayReport {
        ReplayReport {
            traces: Vec::new(),
            trace_totals: TraceTotals::default(),
            cases: Vec::new(),
            totals: Totals::default(),
            not_compared: replay::not_compared()
                .map(|(field, reason)| NotCompared { field, reason })
                .collect(),
        }
    }

    /// Adds what came of a replay; gives what there is to say of it.
    fn add(&mut self, replayed: Replayed) -> String {
        match replayed {
            Replayed::Trace { name, replay } => {
                self.trace_totals.add(&replay);
                let report = TraceReport::new(name, *replay);
                let text = report.as_text();
                self.traces.push(report);
                text
            }
            Replayed::Case(replay) => {
                self.totals.add(&replay);
                let report = CaseReport::new(replay);
                let text = report.as_text();
                self.cases.push(report);
                text
            }
        }
    }

    /// The lines that sum up: one trace alone has said everything.
    fn closing(&self) -> String {
        let mut text = String::new();
        if self.traces.len() + self.cases.len() > 1 && !self.traces.is_empty() {
            let _ = writeln!(text, "{}", self.trace_totals);
        }
        if !self.cases.is_empty() {
            let _ = writeln!(text, "{}", self.totals);
        }
        text
    }
}

impl TraceReport {
    fn new(file: String, replayed: TraceReplay) -> TraceReport {
        TraceReport {
            file,
            ops: replayed.report.tally.ops,
            expected: replayed.report.expected,
            diverged: replayed.report.diverged,
            fingerprint: format!("{:016x}", replayed.fingerprint),
            divergence: replayed.divergence,
        }
    }

    fn as_text(&self) -> String {
        let divergence = self.divergence.as_ref().map(Divergence::to_string);
        format!(
            "{}: {} operations, {}/{} as expected, fingerprint {}\n{}",
            self.file,
            self.ops,
            self.expected - self.diverged,
            self.expected,
            self.fingerprint,
            divergence.unwrap_or_default(),
        )
    }
}

impl CaseReport {
    fn new(replayed: CaseReplay) -> CaseReport {
        CaseReport {
            case: replayed.case.display().to_string(),
            ops: replayed.ops,
            exact: replayed.exact,
            identical: replayed.is_identical(),
            divergence: replayed.divergence,
            differences: replayed
                .differences
                .into_iter()
                .map(|difference| Difference {
                    path: difference.path,
                    expected: difference.expected,
                    got: difference.got,
                })
                .collect(),
        }
    }

    fn as_text(&self) -> String {
        let after = match self.differences.len() {
            0 => "identical".to_owned(),
            count => format!("differs in {count} places"),
        };
        let mut text = format!(
            "{}: exact {}/{} ops, after {after}\n",
            self.case, self.exact, self.ops
        );
        if let Some(divergence) = &self.divergence {
            text.push_str(&divergence.to_string());
        }
        for Difference {
            path,
            expected,
            got,
        } in self.differences.iter().take(SHOWN)
        {
            let _ = writeln!(text, "  after {path}: expected {expected}, got {got}");
        }
        text
    }
}
