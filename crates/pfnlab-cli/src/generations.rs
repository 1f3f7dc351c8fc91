//! `--profile all`: the same work on every kernel generation, as one table.

use std::fmt::Write;

use clap::CommandFactory;
use clap::error::ErrorKind;
use pfnlab::generations::{Generation, of_scenario, of_trace};
use pfnlab::replay::Subject;
use pfnlab::scenario::{Scenario, ScenarioOptions};
use pfnlab::{Error, Profile, TraceFile, kernel};
use serde::Serialize;

use crate::Verdict;
use crate::args::{Cli, ReplayArgs, RunOptions};
use crate::failure::Failure;
use crate::output;

/// The word for every generation.
const ALL: &str = "all";

/// What `run --profile all --json` prints.
#[derive(Serialize)]
struct ScenarioReport {
    scenario: String,
    about: String,
    generations: Vec<Generation>,
}

/// What `replay --profile all --json` prints.
#[derive(Serialize)]
struct ReplayReport {
    traces: Vec<TraceReport>,
}

/// One trace.
#[derive(Serialize)]
struct TraceReport {
    file: String,
    generations: Vec<Generation>,
}

/// Whether a profile stands for every generation.
pub(crate) fn is_all(profile: Option<&str>) -> bool {
    profile == Some(ALL)
}

/// A scenario on every generation.
pub(crate) fn scenario(scenario: &Scenario, options: &RunOptions) -> Result<Verdict, Failure> {
    let what = ScenarioOptions {
        seed: options.seed,
        profile: None,
        config: options.config.clone(),
        ops: options.ops,
    };
    let report = ScenarioReport {
        scenario: scenario.name().to_owned(),
        about: scenario.spec().about.trim().to_owned(),
        generations: of_scenario(scenario, &what, Profile::ALL)?,
    };
    if options.json {
        output::json(&report)?;
    } else {
        let about = &report.about;
        let gap = if about.is_empty() { "" } else { "\n\n" };
        output::text(&format!("{about}{gap}{}", table(&report.generations)))?;
    }
    Ok(Verdict::Fine)
}

/// Traces on every generation.
pub(crate) fn replay(args: &ReplayArgs, subjects: Vec<Subject>) -> Result<Verdict, Failure> {
    let mut report = ReplayReport { traces: Vec::new() };
    for subject in subjects {
        let file = trace_of(subject)?;
        let trace = TraceReport {
            file: file.name().to_owned(),
            generations: of_trace(&file, Profile::ALL)?,
        };
        if !args.json {
            let gap = if report.traces.is_empty() { "" } else { "\n" };
            output::text(&format!(
                "{gap}{}\n{}",
                trace.file,
                table(&trace.generations)
            ))?;
        }
        report.traces.push(trace);
    }
    if args.json {
        output::json(&report)?;
    }
    Ok(Verdict::Fine)
}

/// The same subjects on another generation than they name.
pub(crate) fn on(profile: &str, subjects: Vec<Subject>) -> Result<Vec<Subject>, Error> {
    let profile = kernel::profile(Some(profile))?;
    let moved = |subject| trace_of(subject).map(|file| Subject::Trace(file.on(profile)));
    subjects.into_iter().map(moved).collect()
}

/// A recorded case is of one running kernel: there is nothing to choose.
fn trace_of(subject: Subject) -> Result<TraceFile, Error> {
    match subject {
        Subject::TraceFile(path) => TraceFile::open(&path),
        Subject::Trace(file) => Ok(file),
        Subject::Case(folder) => usage(
            "replay",
            &format!(
                "{}: a recorded case is of one kernel, so there is no --profile to choose",
                folder.display()
            ),
        ),
    }
}

/// Ends the program: what was said to a verb makes no sense.
pub(crate) fn usage(verb: &str, message: &str) -> ! {
    let mut cli = Cli::command();
    cli.build();
    let command = match cli.find_subcommand_mut(verb) {
        Some(command) => command,
        None => &mut cli,
    };
    command.error(ErrorKind::ArgumentConflict, message).exit()
}

/// One line for each generation. The column of what parts is there when operations are compared, that
/// of what is lacking when something is.
pub(crate) fn table(generations: &[Generation]) -> String {
    let name = generations
        .iter()
        .map(|row| row.profile.len())
        .max()
        .unwrap_or(0);
    let parts = generations.iter().any(|row| row.parts_at.is_some());
    let lacks = generations.iter().any(|row| row.lacking > 0);
    let mut text = format!(
        "{:<name$} {:>8}{} {:>8} {:>9} {:>8} {:>6} {:>8} {:>8} {:>9}{}  fingerprint\n",
        "generation",
        "ops",
        if lacks { " lacking" } else { "" },
        "refused",
        "fallbacks",
        "claimed",
        "mixed",
        "free",
        "order-9",
        "unusable",
        if parts { " parts-at" } else { "" },
    );
    for row in generations {
        let _ = write!(
            text,
            "{:<name$} {:>8}{} {:>8} {:>9} {:>8} {:>6} {:>8} {:>8} {:>9}",
            row.profile,
            row.ops,
            if lacks {
                format!(" {:>7}", row.lacking)
            } else {
                String::new()
            },
            row.refused,
            row.fallbacks,
            row.claimed,
            row.mixed_pageblocks,
            row.free,
            row.free_huge,
            row.unusable,
        );
        if parts {
            let at = row
                .parts_at
                .map_or_else(|| "-".to_owned(), |at| at.to_string());
            let _ = write!(text, " {at:>8}");
        }
        let _ = writeln!(text, "  {}", row.fingerprint);
    }
    text
}
