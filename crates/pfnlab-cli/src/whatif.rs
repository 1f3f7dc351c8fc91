//! `pfnlab whatif`.

use std::fmt::Write;

use pfnlab::what_if::{self, Row};
use serde::Serialize;

use crate::Verdict;
use crate::args::WhatifArgs;
use crate::failure::Failure;
use crate::output;
use crate::subject::Subject;

/// What `--json` prints.
#[derive(Serialize)]
struct WhatifReport {
    file: String,
    rows: Vec<Row>,
}

pub(crate) fn whatif(args: &WhatifArgs) -> Result<Verdict, Failure> {
    let rows = match Subject::open(&args.subject, args.on.profile.as_deref())? {
        Subject::Trace(trace) => what_if::of_trace(&trace, &args.set)?,
        Subject::Scenario(scenario) => what_if::of_scenario(&scenario, &args.set)?,
    };
    let report = WhatifReport {
        file: args.subject.clone(),
        rows,
    };
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text())?;
    }
    Ok(Verdict::Fine)
}

impl WhatifReport {
    fn as_text(&self) -> String {
        let names = self.rows.iter().map(|row| row.setting.chars().count());
        let width = names.max().unwrap_or(0).max(7);
        let mut text = format!(
            "{}\n{:<width$}{:>10}{:>9}{:>10}{:>9}{:>7}{:>10}{:>9} |{:>7}{:>10}{:>8}\n",
            self.file,
            "setting",
            "ops",
            "refused",
            "fallbacks",
            "claimed",
            "mixed",
            "free",
            "unusable",
            "huge",
            "compacted",
            "dropped",
        );
        for Row { setting, end, huge } in &self.rows {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{setting:<width$}{:>10}{:>9}{:>10}{:>9}{:>7}{:>10}{:>9} |{:>7}{:>10}{:>8}",
                end.ops,
                end.refused,
                end.fallbacks,
                end.claimed,
                end.mixed_pageblocks,
                end.free,
                end.unusable,
                huge.now,
                huge.compacted,
                huge.dropped,
            );
        }
        text
    }
}
