//! The same trace or scenario with a knob turned, in one table.
//!
//! ```
//! use pfnlab::{Otherwise, TraceFile, what_if};
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=9 gfp=GFP_KERNEL\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let settings = ["min_free_kbytes=65536", "profile=linux-6.1.y"];
//! let table = what_if::of_trace(&trace, &settings)?;
//! assert_eq!(table[0].setting, "as it is");
//! assert!(table[1].huge.now < table[0].huge.now);
//! # Ok::<(), pfnlab::Error>(())
//! ```

use serde::Serialize;

use crate::generations::{Generation, Side, generation};
use crate::scenario::{Scenario, ScenarioOptions};
use crate::{Error, HugePages, Otherwise, TraceFile};

/// What the work came to under one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is otherwise, as it was said.
    pub setting: String,
    /// What it came to.
    #[serde(flatten)]
    pub end: Generation,
    /// At the end: how many huge pages could be had.
    pub huge: HugePages,
}

/// What the first row says.
pub const AS_IT_IS: &str = "as it is";

/// Runs a trace as it is, and again under each of `settings` (see [`Otherwise::parse`]). What a
/// request was refused is asked for nowhere else: only knobs differ.
///
/// # Errors
/// When a setting makes no sense for the trace, its start is not to be had, or a step cannot be run.
pub fn of_trace<S: AsRef<str>>(file: &TraceFile, settings: &[S]) -> Result<Vec<Row>, Error> {
    each(settings, |setting, otherwise| {
        let steps = &file.trace().steps;
        otherwise.must_matter(steps)?;
        let mut side = Side::boot_otherwise(file, otherwise)?;
        let work = &otherwise.work;
        let left_out = work.left_out(steps);
        let nodes = work.nodes(side.driver().allocator());
        for at in (0..steps.len()).filter(|at| !left_out.contains(at)) {
            side.before(file, at, &work.before(at as u64, &nodes))?;
            side.step(file, at, &mut ())?;
        }
        Ok(Row {
            setting,
            huge: side.huge_pages(),
            end: side.finish(),
        })
    })
}

/// The same for a scenario. Its phases go by what came of their operations, so that these need not be
/// the same in every row.
///
/// # Errors
/// When a setting makes no sense or is about a trace, or the machine does not boot.
///
/// # Panics
/// When an allocator does not take back what it handed out: a bug in it.
pub fn of_scenario<S: AsRef<str>>(scenario: &Scenario, settings: &[S]) -> Result<Vec<Row>, Error> {
    each(settings, |setting, otherwise| {
        let mut run = scenario.start(&ScenarioOptions {
            otherwise: otherwise.clone(),
            ..ScenarioOptions::default()
        })?;
        if let Err(error) = run.drive(|_| {}) {
            panic!("{error}");
        }
        let summary = run.summary();
        let profile = crate::kernel::profile(Some(&summary.repro.profile))?;
        Ok(Row {
            setting,
            huge: run.huge_pages(),
            end: generation(profile, &summary),
        })
    })
}

fn each<S: AsRef<str>>(
    settings: &[S],
    run: impl Fn(String, &Otherwise) -> Result<Row, Error>,
) -> Result<Vec<Row>, Error> {
    // What makes no sense is told before anything runs.
    let parsed = settings.iter().map(|setting| {
        let otherwise = Otherwise::parse(setting.as_ref())?;
        Ok((setting.as_ref().to_owned(), otherwise))
    });
    let parsed = parsed.collect::<Result<Vec<_>, Error>>()?;
    let first = (AS_IT_IS.to_owned(), Otherwise::default());
    let all = std::iter::once(first).chain(parsed);
    all.map(|(setting, otherwise)| run(setting, &otherwise))
        .collect()
}
