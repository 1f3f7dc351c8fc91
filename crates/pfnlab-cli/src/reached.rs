//! The states a run reached: a line at its end, the table of `--states`, and a part of `--json`.

use std::fmt::Write as _;

use pfnlab::MigrateType;
use pfnlab::sim::RefusalKind;
use pfnlab::sim::coverage::{Dimension, Length, Passed, State, States};
use serde::Serialize;

/// What `--json` prints about states.
#[derive(Serialize)]
pub(crate) struct Reached {
    states: usize,
    /// How many operations had each value.
    dimensions: Vec<Values>,
    /// With `--states`, every state.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<Vec<Row>>,
    #[serde(skip)]
    summary: String,
}

/// One part of all states.
#[derive(Serialize)]
struct Values {
    name: &'static str,
    values: Vec<(String, u64)>,
}

/// One state.
#[derive(Serialize)]
struct Row {
    asked: &'static str,
    order: u8,
    #[serde(rename = "type")]
    mt: Option<&'static str>,
    list: Option<&'static str>,
    split: u8,
    merged: u8,
    fallback: Option<&'static str>,
    claimed: bool,
    passed_over: Option<&'static str>,
    refused: Option<&'static str>,
    operations: u64,
}

impl Reached {
    /// `all`: with every state.
    pub(crate) fn new(states: &States, all: bool) -> Reached {
        let dimensions = states.dimensions().into_iter();
        let dimensions = dimensions.map(|Dimension { name, values }| Values { name, values });
        let rows = states
            .iter()
            .map(|(state, operations)| Row::of(state, operations));
        Reached {
            states: states.len(),
            dimensions: dimensions.collect(),
            table: all.then(|| rows.collect()),
            summary: states.to_string(),
        }
    }

    /// A line; before it, with `--states`, how many operations had each value.
    pub(crate) fn as_text(&self) -> String {
        let mut text = String::new();
        if self.table.is_some() {
            for Values { name, values } in &self.dimensions {
                for (value, operations) in values {
                    let _ = writeln!(text, "{operations:>12} {name}: {value}");
                }
            }
        }
        let _ = writeln!(text, "reached {}", self.summary);
        text
    }
}

impl Row {
    fn of(state: &State, operations: u64) -> Row {
        Row {
            asked: state.asked.name(),
            order: state.order.get(),
            mt: state.mt.map(MigrateType::name),
            list: state.list.map(Length::name),
            split: state.split,
            merged: state.merged,
            fallback: state.fallback.map(|fallback| fallback.from.name()),
            claimed: state.fallback.is_some_and(|fallback| fallback.claimed),
            passed_over: state.passed.map(Passed::name),
            refused: state.refused.map(RefusalKind::name),
            operations,
        }
    }
}
