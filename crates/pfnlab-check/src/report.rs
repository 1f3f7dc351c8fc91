//! A finding, explained.

mod picture;
mod table;

use std::fmt;
use std::path::PathBuf;

use pfnlab_model::{Block, Machine, PageAllocator};
use pfnlab_sim::rules;
use pfnlab_view::{Style, buddies, operation};

use crate::suite::REPLAY;
use crate::{Case, Finding};

pub(crate) use table::came;
use table::{Row, Run};

/// A finding, explained: the case, what each operation did to the free lists, the frames of the
/// last one in binary, and what it looked like before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is wrong.
    pub finding: Finding,
    /// The shortest case found.
    pub case: Case,
    /// Where it is kept.
    pub path: Option<PathBuf>,
    rows: Vec<Row>,
    bits: String,
    before: String,
    after: String,
}

impl Report {
    /// Runs the case once more and writes down what happens.
    pub fn new<A: PageAllocator>(
        case: &Case,
        finding: Finding,
        path: Option<PathBuf>,
        make: &impl Fn(&Machine) -> A,
    ) -> Report {
        let Run {
            rows,
            events,
            blocks,
            before,
            after,
        } = Run::of(case, make);
        Report {
            finding,
            case: case.clone(),
            path,
            rows,
            bits: bits(&operation(&events, &Style::PLAIN), &blocks),
            before,
            after,
        }
    }

    /// The command that replays it, if it is kept.
    pub fn command(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(format!("{REPLAY}={} cargo test", path.display()))
    }
}

/// The ladders of splits and merges; without them, each block above its buddy.
fn bits(ladders: &str, blocks: &[Block]) -> String {
    if !ladders.is_empty() {
        return ladders.to_owned();
    }
    let pairs = blocks.iter().map(|&block| buddies(block, &Style::PLAIN));
    pairs.collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.finding)?;
        if let Some(rule) = rules::by_id(&self.finding.kind) {
            writeln!(f, "\nrule {}: {}\n  {}", rule.id, rule.title, rule.says)?;
        }
        write!(f, "\ncase:\n{}", indented(&self.case.to_string()))?;
        write!(f, "\noperations:\n{}", table::Table(&self.rows))?;
        let parts = [
            ("frames in binary", &self.bits),
            ("before", &self.before),
            ("after", &self.after),
        ];
        for (title, text) in parts {
            if !text.is_empty() {
                write!(f, "\n{title}:\n{}", indented(text))?;
            }
        }
        match self.command() {
            Some(command) => writeln!(f, "\nreplay: {command}"),
            None => Ok(()),
        }
    }
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("  {line}\n"),
    });
    lines.collect()
}
