//! `pfnlab check`.

use pfnlab::check::{self, Checked};
use serde::Serialize;

use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::reached::Reached;
use crate::replay::open;
use crate::{Verdict, contest, library, output};

/// What `--json` prints.
#[derive(Serialize)]
struct CheckReport {
    file: String,
    ops: u64,
    rules: usize,
    breach: Option<BreachReport>,
    reached: Reached,
}

/// A broken rule.
#[derive(Serialize)]
struct BreachReport {
    rule: &'static str,
    says: &'static str,
    step: Option<u64>,
    line: Option<u32>,
    op: Option<String>,
    what: String,
}

pub(crate) fn check(args: &CheckArgs) -> Result<Verdict, Failure> {
    match (&args.lib[..], &args.against[..]) {
        ([], []) => trace(args),
        ([library], []) => library::check(library, args),
        _ => contest::check(args),
    }
}

fn trace(args: &CheckArgs) -> Result<Verdict, Failure> {
    let trace = open(args.trace.as_deref().unwrap_or("-"))?;
    let bar = output::progress(trace.trace().steps.len() as u64, "operations");
    let checked = check::check(&trace, |done| bar.set_position(done))?;
    bar.finish_and_clear();
    let report = CheckReport::new(trace.name(), checked, args.states);
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text())?;
    }
    Ok(Verdict::of(report.breach.is_none()))
}

impl CheckReport {
    fn new(file: &str, checked: Checked, states: bool) -> CheckReport {
        let line = checked.line;
        CheckReport {
            file: file.to_owned(),
            ops: checked.ops,
            rules: checked.rules,
            reached: Reached::new(&checked.states, states),
            breach: checked.breach.map(|breach| BreachReport {
                rule: breach.rule,
                says: breach.says,
                step: breach.step,
                line,
                op: breach.op.map(|op| op.to_string()),
                what: breach.what,
            }),
        }
    }

    fn as_text(&self) -> String {
        let CheckReport {
            file, ops, rules, ..
        } = self;
        let Some(breach) = &self.breach else {
            return format!(
                "{file}: {rules} rules hold after each of {ops} operations\n{}",
                self.reached.as_text()
            );
        };
        let BreachReport {
            rule, says, what, ..
        } = breach;
        let place = match (breach.line, &breach.op) {
            (Some(line), Some(op)) => format!("{file}:{line}: {rule} is broken by `{op}`"),
            (Some(line), None) => format!("{file}:{line}: {rule} is broken"),
            (None, _) => format!("{file}: {rule} is broken from the start"),
        };
        format!("{place}\n  the rule: {says}\n  but: {what}\n")
    }
}
