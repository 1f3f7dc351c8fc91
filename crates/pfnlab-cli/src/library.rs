//! Allocators of shared libraries: `--lib` of `check`, and the process a library runs in.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pfnlab::{Error, Machine};
use pfnlab_check::{Case, Corpus, Plans, Report, Suite, SuiteError, Summary, machines, sim};
use pfnlab_loader::{Host, Limits};
use serde::Serialize;

use crate::args::{CheckArgs, HostLibraryArgs, LimitArgs, PlansFirst, SuiteArgs};
use crate::failure::Failure;
use crate::reached::Reached;
use crate::replay::open;
use crate::{Verdict, output};

/// What `--json` prints.
#[derive(Serialize)]
struct LibraryReport {
    library: PathBuf,
    replayed: u64,
    machines: u64,
    operations: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<Reached>,
    finding: Option<FindingReport>,
}

/// Something that is wrong.
#[derive(Serialize)]
struct FindingReport {
    kind: String,
    says: Option<&'static str>,
    step: Option<usize>,
    what: String,
    case: String,
    kept: Option<PathBuf>,
    report: String,
}

pub(crate) fn check(library: &Path, args: &CheckArgs) -> Result<Verdict, Failure> {
    let host = open_library(library, &args.suite.limits)?;
    let bar = output::progress(0, "allocators");
    let make = |machine: &Machine| {
        bar.inc(1);
        host.start(machine)
    };
    let checked = match &args.trace {
        Some(trace) => {
            let case = Case::parse(&open(trace)?.trace().to_string())?;
            match pfnlab_check::check(&case, make) {
                Ok(()) => Ok(Summary {
                    replayed: 1,
                    machines: 1,
                    operations: case.steps().len() as u64,
                    ..Summary::default()
                }),
                Err(finding) => Err(Box::new(Report::new(&case, finding, None, &make))),
            }
        }
        None => match suite(&args.suite)?.run(make) {
            Ok(summary) => Ok(summary),
            Err(SuiteError::Found(report)) => Err(report),
            Err(SuiteError::Corpus(error)) => return Err(error.into()),
        },
    };
    bar.finish_and_clear();
    let verdict = Verdict::of(checked.is_ok());
    if args.json {
        output::json(&LibraryReport::new(library, checked, args.states))?;
    } else {
        output::text(&match checked {
            Ok(summary) => {
                let reached = Reached::new(&summary.states, args.states);
                let reached = match summary.states.is_empty() {
                    true => String::new(),
                    false => reached.as_text(),
                };
                format!("{}: {summary}\n{reached}", library.display())
            }
            Err(report) => explained(library, *report),
        })?;
    }
    Ok(verdict)
}

/// A library in this very program, started once more.
pub(crate) fn open_library(library: &Path, limits: &LimitArgs) -> Result<Host, Failure> {
    let limits = Limits {
        call: Duration::from_millis(limits.time_limit),
        memory_mib: limits.memory_limit,
    };
    let host = Host::new(env::current_exe()?, library, limits).argument("host-library");
    host.probe()?;
    Ok(host)
}

pub(crate) fn suite(args: &SuiteArgs) -> Result<Suite, Failure> {
    let mut suite = Suite::default().seeds(args.seeds).plans(match args.plans {
        PlansFirst::None => Plans::None,
        PlansFirst::Anew => Plans::Anew,
        PlansFirst::Steered => Plans::Steered,
    });
    if !args.machine.is_empty() {
        let all = machines::all();
        for name in &args.machine {
            if all.iter().all(|machine| machine.name != *name) {
                let names: Vec<_> = all.iter().map(|machine| machine.name.as_str()).collect();
                return Err(Failure::Input(Error::Unknown {
                    what: "machine of the suite",
                    name: name.clone(),
                    known: names.join(", "),
                }));
            }
        }
        let chosen = all.into_iter();
        suite = suite.machines(
            chosen
                .filter(|machine| args.machine.contains(&machine.name))
                .collect(),
        );
    }
    if let Some(folder) = &args.corpus {
        suite = suite.corpus(Corpus::at(folder));
    }
    Ok(suite)
}

/// The report, with the command that replays it on this library.
fn explained(library: &Path, mut report: Report) -> String {
    let path = report.path.take();
    let replay = path.map(|path| {
        let (library, path) = (library.display(), path.display());
        format!("\nreplay: pfnlab check --lib {library} {path}\n")
    });
    format!("{report}{}", replay.unwrap_or_default())
}

impl LibraryReport {
    fn new(library: &Path, checked: Result<Summary, Box<Report>>, states: bool) -> LibraryReport {
        let summary = checked.as_ref().cloned().unwrap_or_default();
        let reached = Reached::new(&summary.states, states);
        LibraryReport {
            library: library.to_owned(),
            replayed: summary.replayed,
            machines: summary.machines,
            operations: summary.operations,
            reached: (!summary.states.is_empty()).then_some(reached),
            finding: checked.err().map(|report| FindingReport {
                kind: report.finding.kind.clone(),
                says: sim::rules::by_id(&report.finding.kind).map(|rule| rule.says),
                step: report.finding.step,
                what: report.finding.what.clone(),
                case: report.case.to_string(),
                kept: report.path.clone(),
                report: explained(library, *report),
            }),
        }
    }
}

/// The child.
pub(crate) fn host(args: &HostLibraryArgs) -> Result<Verdict, Failure> {
    pfnlab_loader::serve(args.library.as_os_str(), args.memory_mib)?;
    Ok(Verdict::Fine)
}
