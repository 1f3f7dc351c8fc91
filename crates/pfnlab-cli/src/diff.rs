//! `pfnlab diff`.

use std::fmt::Write;
use std::path::Path;

use pfnlab::generations::{self, Diff, ListDifference, Parting};
use pfnlab::kernel;
use serde::Serialize;

use crate::Verdict;
use crate::args::DiffArgs;
use crate::failure::Failure;
use crate::generations::{table, usage};
use crate::output;
use crate::replay::open;

/// What `--json` prints.
#[derive(Serialize)]
struct DiffReport {
    file: String,
    #[serde(flatten)]
    diff: Diff,
}

pub(crate) fn diff(args: &DiffArgs) -> Result<Verdict, Failure> {
    let [one, other] = &args.profile[..] else {
        usage(
            "diff",
            "diff compares two generations: --profile A --profile B",
        );
    };
    if Path::new(&args.trace).is_dir() {
        usage(
            "diff",
            "a recorded case is of one kernel: diff takes a trace, which runs on any",
        );
    }
    let profiles = [kernel::profile(Some(one))?, kernel::profile(Some(other))?];
    let file = open(&args.trace)?;
    let report = DiffReport {
        file: args.trace.clone(),
        diff: generations::diff(&file, profiles)?,
    };
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text())?;
    }
    Ok(Verdict::of(!report.diff.differs()))
}

impl DiffReport {
    fn as_text(&self) -> String {
        let Diff {
            ops,
            differing,
            boot,
            lists_parting,
            parting,
            end,
            generations,
        } = &self.diff;
        let names = [generations[0].profile, generations[1].profile];
        let [one, other] = names;
        let mut text = format!("{}: {one} against {other}\n", self.file);
        if let Some(lists) = boot {
            let _ = write!(
                text,
                "\nBoot already leaves them different: {}",
                show(lists, names)
            );
        }
        if let Some(parting) = lists_parting {
            let what = "An operation that comes to the same leaves them different";
            text.push_str(&tell(what, parting, names));
        }
        match parting {
            Some(parting) => text.push_str(&tell("They part", parting, names)),
            None => {
                let _ = writeln!(text, "\nAll {ops} operations come to the same.");
            }
        }
        let _ = write!(
            text,
            "\nAt the end {differing} of {ops} operations came to something else"
        );
        match end {
            Some(lists) => {
                let _ = write!(text, ".\nThe end differs: {}", show(lists, names));
            }
            None => text.push_str(", and all lists are alike.\n"),
        }
        let _ = write!(text, "\n{}", table(generations));
        text
    }
}

fn tell(what: &str, parting: &Parting, names: [&str; 2]) -> String {
    let Parting {
        step,
        line,
        op,
        lists,
        sides,
    } = parting;
    let mut text = format!("\n{what}: operation {step} (line {line}): {op}\n");
    let width = names.map(str::len).into_iter().max().unwrap_or(0);
    for side in sides {
        let _ = writeln!(text, "  {:<width$}  {}", side.profile, side.outcome);
    }
    for side in sides {
        let _ = writeln!(text, "\n  {}", side.profile);
        for (title, lines) in [("before it", &side.before), ("what happened", &side.story)] {
            if !lines.is_empty() {
                let _ = writeln!(text, "    {title}:");
            }
            for line in lines {
                let _ = writeln!(text, "      {line}");
            }
        }
    }
    if let Some(lists) = lists {
        let _ = write!(text, "\n  It leaves different: {}", show(lists, names));
    }
    text
}

fn show(difference: &ListDifference, names: [&str; 2]) -> String {
    let ListDifference {
        list,
        blocks,
        differing,
    } = difference;
    let width = names.map(str::len).into_iter().max().unwrap_or(0);
    let mut text = match differing {
        1 => format!("{list}\n"),
        2 => format!("{list}, and one more list\n"),
        more => format!("{list}, and {} more lists\n", more - 1),
    };
    for (name, blocks) in names.iter().zip(blocks) {
        let _ = writeln!(text, "  {name:<width$}  {blocks}");
    }
    text
}
