//! A trace with every rule checked after every operation.

use pfnlab_sim::coverage::States;
use pfnlab_sim::{Breach, Checker, Coverage, Failure, Report, rules};

use crate::{Error, TraceFile};

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many operations ran; the one that broke a rule is the last of them.
    pub ops: u64,
    /// How many rules hold for this kernel generation.
    pub rules: usize,
    /// Outcomes counted, expectations counted.
    pub report: Report,
    /// The states that were reached.
    pub states: States,
    /// The rule that was broken, if one was. The check ends there.
    pub breach: Option<Breach>,
    /// The line of the operation that broke it, from 1; `None`: none did, or it was broken before
    /// the first.
    pub line: Option<u32>,
}

/// Runs a trace, up to the first breach. `progress` is told after every operation how many ran.
///
/// ```
/// use pfnlab::{TraceFile, check};
/// let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=4\nf 1\ndrain\n";
/// let trace = TraceFile::parse("a.trace", text, "".as_ref()).unwrap();
/// let checked = check::check(&trace, |_| {}).unwrap();
/// assert!(checked.breach.is_none(), "{:?}", checked.breach);
/// ```
///
/// # Errors
/// When its start is not to be had, or a step cannot be run.
pub fn check(file: &TraceFile, mut progress: impl FnMut(u64)) -> Result<Checked, Error> {
    run(file, &mut progress)
}

fn run(file: &TraceFile, progress: &mut dyn FnMut(u64)) -> Result<Checked, Error> {
    let mut report = Report::default();
    let mm = file.boot()?;
    let profile = mm.profile().name();
    let rules = rules::ALL.iter().filter(|rule| rule.concerns(profile));
    let rules = rules.count();
    let mut coverage = Coverage::of(&mm);
    let mut checker = match Checker::new(mm) {
        Ok(checker) => checker,
        Err(failure) => return ended(file, rules, report, coverage.states(), failure),
    };
    file.name_held(checker.driver_mut());
    for step in &file.trace().steps {
        match checker.step(&step.op, &mut coverage) {
            Ok(outcome) => {
                coverage.observe(&step.op, &outcome);
                report.record(step, &outcome, checker.driver().pages());
            }
            Err(failure) => return ended(file, rules, report, coverage.states(), failure),
        }
        progress(report.tally.ops);
    }
    if let Err(failure) = checker.finish() {
        return ended(file, rules, report, coverage.states(), failure);
    }
    Ok(Checked {
        ops: report.tally.ops,
        rules,
        report,
        states: coverage.states(),
        breach: None,
        line: None,
    })
}

fn ended(
    file: &TraceFile,
    rules: usize,
    report: Report,
    states: States,
    failure: Failure,
) -> Result<Checked, Error> {
    match failure {
        Failure::Driver { step, error } => {
            Err(file.at_step(step as usize, error.to_string()).into())
        }
        Failure::Breach(breach) => Ok(Checked {
            ops: breach.step.map_or(0, |step| step + 1),
            rules,
            report,
            states,
            line: breach.step.map(|step| file.line(step as usize)),
            breach: Some(*breach),
        }),
    }
}
