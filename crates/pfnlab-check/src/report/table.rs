//! What each operation of a case did.

use std::fmt;

use pfnlab_model::{Block, Event, Inspect, Machine, Order, PageAllocator, Pfn, Snapshot};
use pfnlab_sim::{Checker, Failure, Outcome};

use super::picture;
use crate::quiet::survive;
use crate::{Case, Finding, Tape};

/// More operations than that are no table: the last ones are shown.
const MOST_ROWS: usize = 40;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    number: usize,
    op: String,
    came: String,
    lists: String,
}

/// What happened in a run up to its failure.
#[derive(Default)]
pub(super) struct Run {
    pub(super) rows: Vec<Row>,
    /// Of the last operation.
    pub(super) events: Vec<Event>,
    /// What the last operation moved.
    pub(super) blocks: Vec<Block>,
    /// What it looked like before the last operation.
    pub(super) before: String,
    /// And after it.
    pub(super) after: String,
}

impl Run {
    /// Runs a case up to its failure, or to its end.
    pub(super) fn of<A: PageAllocator>(case: &Case, make: &impl Fn(&Machine) -> A) -> Run {
        let mut run = Run::default();
        let ended = survive(|| run.follow(case, make));
        if let (Err(death), Some(row)) = (ended, run.rows.last_mut()) {
            row.came = match death.kind {
                Finding::PANIC => format!("panics: {}", death.what),
                _ => death.what,
            };
        }
        run
    }

    fn follow<A: PageAllocator>(
        &mut self,
        case: &Case,
        make: &impl Fn(&Machine) -> A,
    ) -> Result<(), Failure> {
        let mut checker = Checker::new(make(case.machine()))?.on(case.machine());
        for (number, step) in case.steps().iter().enumerate() {
            let snapshot = look(&checker);
            self.before = picture::draw(&checker, case.machine());
            self.after.clear();
            self.rows.push(Row {
                number,
                op: step.op.to_string(),
                came: String::new(),
                lists: String::new(),
            });
            let mut tape = Tape::default();
            let (outcome, breaches) = checker.survey(&step.op, &mut tape)?;
            self.events = tape.events;
            self.blocks = moved(&outcome);
            self.after = picture::draw(&checker, case.machine());
            if let Some(row) = self.rows.last_mut() {
                row.came = came(&outcome, checker.driver().pages());
                row.lists = differences(snapshot.as_ref(), look(&checker).as_ref());
            }
            if !breaches.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

fn look<A: PageAllocator>(checker: &Checker<A>) -> Option<Snapshot> {
    let inspect = checker.driver().allocator().inspect();
    inspect.map(Inspect::snapshot)
}

fn moved(outcome: &Outcome) -> Vec<Block> {
    match *outcome {
        Outcome::Lent(block) | Outcome::Freed(block) | Outcome::Split(block) => vec![block],
        Outcome::Exact(range) | Outcome::FreedRun(range) => vec![Block::page(range.start())],
        _ => Vec::new(),
    }
}

/// What came of an operation, in words; `pages` are the frames of the latest `bulk`.
pub(crate) fn came(outcome: &Outcome, pages: &[Pfn]) -> String {
    match outcome {
        Outcome::Lent(block) => format!("gets {block}"),
        Outcome::Freed(block) => format!("gives {block} back"),
        Outcome::Split(block) => format!("{block} becomes frames"),
        Outcome::Exact(range) => format!("gets {range}"),
        Outcome::FreedRun(range) => format!("gives {range} back"),
        Outcome::Bulk { .. } => {
            let pages: Vec<_> = pages.iter().map(ToString::to_string).collect();
            format!("gets {}", pages.join(" "))
        }
        Outcome::Refused(error) => format!("refused: {error}"),
        Outcome::Rejected => "not taken".to_owned(),
        Outcome::Skipped => "nothing to do".to_owned(),
        Outcome::Unsupported => "not offered".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// By how many blocks the free lists of each order changed, and by how many frames the per-CPU
/// lists, of all zones together.
fn differences(before: Option<&Snapshot>, after: Option<&Snapshot>) -> String {
    let (Some(before), Some(after)) = (before, after) else {
        return String::new();
    };
    let blocks = |snapshot: &Snapshot, order| {
        let zones = snapshot.zones.iter();
        zones
            .map(|zone| zone.free_blocks(order) as i64)
            .sum::<i64>()
    };
    let cached = |snapshot: &Snapshot| {
        let pcps = snapshot.zones.iter().flat_map(|zone| &zone.pcp);
        pcps.map(|pcp| i64::from(pcp.count)).sum::<i64>()
    };
    let orders = Order::all().map(|order| {
        let change = blocks(after, order) - blocks(before, order);
        (format!("2^{order}"), change)
    });
    let cached = ("cached".to_owned(), cached(after) - cached(before));
    let changed = orders.chain([cached]).filter(|(_, change)| *change != 0);
    let changed: Vec<_> = changed
        .map(|(name, change)| format!("{name} {change:+}"))
        .collect();
    changed.join(", ")
}

/// Rows as text, in columns.
pub(super) struct Table<'a>(pub(super) &'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = &self.0[self.0.len().saturating_sub(MOST_ROWS)..];
        if rows.len() < self.0.len() {
            writeln!(f, "  … {} before", self.0.len() - rows.len())?;
        }
        let width = |column: fn(&Row) -> &str| {
            let widths = rows.iter().map(|row| column(row).chars().count());
            widths.max().unwrap_or(0)
        };
        let (op, came) = (width(|row| &row.op), width(|row| &row.came));
        rows.iter().try_for_each(|row| {
            let line = format!(
                "{:>3}  {:op$}  {:came$}  {}",
                row.number, row.op, row.came, row.lists
            );
            writeln!(f, "  {}", line.trim_end())
        })
    }
}
