//! `pfnlab explain`.

use std::path::Path;

use pfnlab::Event;
use pfnlab::explain::{self, Explained};
use pfnlab::view::{Detail, Style};
use serde::Serialize;

use crate::Verdict;
use crate::args::ExplainArgs;
use crate::failure::Failure;
use crate::output;
use crate::replay::open;
use crate::style::style;

/// What `--json` prints.
#[derive(Serialize)]
struct ExplainReport {
    file: String,
    operations: Vec<OperationReport>,
}

/// One operation.
#[derive(Serialize)]
struct OperationReport {
    step: u64,
    line: u32,
    op: String,
    outcome: Option<String>,
    expected: Option<String>,
    events: Vec<Event>,
    story: String,
}

pub(crate) fn explain(args: &ExplainArgs) -> Result<Verdict, Failure> {
    let detail = if args.all {
        Detail::Full
    } else {
        Detail::Brief
    };
    let style = style(&args.style);
    let mut report = ExplainReport {
        file: args.trace.clone(),
        operations: Vec::new(),
    };
    let mut told = 0;
    let each = |explained: Explained| -> Result<(), Failure> {
        if args.json {
            report
                .operations
                .push(OperationReport::new(explained, detail));
        } else {
            let gap = if told == 0 { "" } else { "\n" };
            output::text(&format!("{gap}{}", as_text(&explained, &style, detail)))?;
        }
        told += 1;
        Ok(())
    };
    if Path::new(&args.trace).is_dir() {
        explain::recording(Path::new(&args.trace), args.step, each)?;
    } else {
        explain::trace(&open(&args.trace)?, args.step, each)?;
    }
    if args.json {
        output::json(&report)?;
    }
    Ok(Verdict::Fine)
}

fn as_text(explained: &Explained, style: &Style, detail: Detail) -> String {
    let mut text = explained.story.text(style, detail);
    if let Some(expected) = explained.expected_instead() {
        text.push_str(&format!("  The file expects: {expected}\n"));
    }
    text
}

impl OperationReport {
    fn new(explained: Explained, detail: Detail) -> OperationReport {
        OperationReport {
            step: explained.step,
            line: explained.line,
            op: explained.asked.op.to_string(),
            outcome: explained.outcome.as_ref().map(ToString::to_string),
            expected: explained.asked.expect.as_ref().map(ToString::to_string),
            story: explained.story.text(&Style::PLAIN, detail),
            events: explained.events,
        }
    }
}
