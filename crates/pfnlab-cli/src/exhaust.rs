//! `pfnlab exhaust`.

use pfnlab::exhaust::{self, Asked, Counts, Found, SmallZone};
use pfnlab::{Order, kernel};
use serde::Serialize;

use crate::Verdict;
use crate::args::{ExhaustArgs, RulesAt};
use crate::failure::Failure;
use crate::generations::usage;
use crate::output;

/// What `--json` prints.
#[derive(Serialize)]
struct ExhaustReport {
    world: String,
    states: u64,
    transitions: u64,
    refused: u64,
    depth: u64,
    found: Option<FoundReport>,
}

/// What is wrong.
#[derive(Serialize)]
struct FoundReport {
    rule: String,
    what: String,
    way: Vec<String>,
}

pub(crate) fn exhaust(args: &ExhaustArgs) -> Result<Verdict, Failure> {
    let zone = zone(args)?;
    let world = zone
        .world()
        .unwrap_or_else(|error| usage("exhaust", &error.to_string()));
    let bar = output::progress(0, "states");
    let file = args.file.as_deref();
    let mut seen = Counts::default();
    let result = exhaust::search(&zone, world, args.jobs, file, |counts| {
        bar.set_position(counts.looked_at);
        seen = counts;
    })?;
    bar.finish_and_clear();
    let report = ExhaustReport::new(&zone, seen, result.err().as_deref());
    if args.json {
        output::json(&report)?;
    } else {
        output::text(&report.as_text())?;
    }
    Ok(Verdict::of(report.found.is_none()))
}

fn zone(args: &ExhaustArgs) -> Result<SmallZone, Failure> {
    let profile = kernel::profile(args.profile.as_deref())?;
    let mut zone = SmallZone::of(args.pages, args.types, profile)
        .unwrap_or_else(|error| usage("exhaust", &error.to_string()));
    if let Some(order) = args.pageblock {
        zone.pageblock = Order::new(order)
            .unwrap_or_else(|error| usage("exhaust", &format!("--pageblock: {error}")));
    }
    zone.any_head = args.any_head;
    zone.asked = match args.rules {
        RulesAt::Moves => Asked::Moves,
        RulesAt::States => Asked::States,
        RulesAt::Arrangements => Asked::Arrangements,
    };
    Ok(zone)
}

impl ExhaustReport {
    fn new(zone: &SmallZone, counts: Counts, found: Option<&Found>) -> ExhaustReport {
        ExhaustReport {
            world: zone.to_string(),
            states: counts.states,
            transitions: counts.transitions,
            refused: counts.refused,
            depth: counts.depth,
            found: found.map(|found| FoundReport {
                rule: found.finding.kind.clone(),
                what: found.finding.what.clone(),
                way: found.lines(),
            }),
        }
    }

    fn as_text(&self) -> String {
        let ExhaustReport {
            world,
            states,
            transitions,
            refused,
            depth,
            found,
        } = self;
        match found {
            None => format!(
                "{world}\n{states} states, {transitions} transitions, {refused} of them requests \
                 refused; at most {depth} moves from the start\nevery rule holds\n"
            ),
            Some(FoundReport { what, way, .. }) => {
                let way: String = way.iter().map(|line| format!("  {line}\n")).collect();
                format!("{world}\n{what}\nafter\n{way}")
            }
        }
    }
}
