//! `pfnlab replay`.

use std::fmt::Write;
use std::path::Path;

use pfnlab::replay::{self, CaseReplay, Divergence, Totals, TraceReplay};
use pfnlab::{Error, TraceFile};
use serde::Serialize;

use crate::Verdict;
use crate::args::ReplayArgs;
use crate::failure::Failure;
use crate::output;

/// The most differences of a final state that are shown as text.
const SHOWN: usize = 10;

/// What `--json` prints.
#[derive(Serialize)]
struct ReplayReport {
    traces: Vec<TraceReport>,
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
    let (folders, files): (Vec<_>, Vec<_>) =
        args.paths.iter().partition(|path| Path::new(path).is_dir());
    let cases = replay::cases(&folders)?;
    let mut report = ReplayReport {
        traces: Vec::new(),
        cases: Vec::new(),
        totals: Totals::default(),
        not_compared: replay::not_compared()
            .map(|(field, reason)| NotCompared { field, reason })
            .collect(),
    };
    let mut well = true;
    for file in files {
        let trace = open(file)?;
        let bar = output::progress(trace.trace().steps.len() as u64, "operations");
        let replayed = replay::trace(&trace, |done| bar.set_position(done))?;
        bar.finish_and_clear();
        let line = TraceReport::new(&trace, replayed);
        well &= line.divergence.is_none();
        if !args.json {
            output::text(&line.as_text())?;
        }
        report.traces.push(line);
    }
    let bar = output::progress(cases.len() as u64, "cases");
    for case in cases {
        let replayed = replay::recording(&case, |_| {})?;
        bar.inc(1);
        report.totals.add(&replayed);
        let line = CaseReport::new(replayed);
        if !args.json {
            bar.suspend(|| output::text(&line.as_text()))?;
        }
        report.cases.push(line);
    }
    bar.finish_and_clear();
    if args.json {
        output::json(&report)?;
    } else if !report.cases.is_empty() {
        output::text(&format!("{}\n", report.totals))?;
    }
    Ok(Verdict::of(well && report.totals.all_well()))
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

impl TraceReport {
    fn new(trace: &TraceFile, replayed: TraceReplay) -> TraceReport {
        TraceReport {
            file: trace.name().to_owned(),
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
