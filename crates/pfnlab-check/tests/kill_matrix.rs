//! Every bug of the zoo is caught; every rule has a bug that no other rule finds.
//!
//! The pages with the matrix and the rules are made by this test: `PFNLAB_WRITE_PAGES=1 cargo test -p pfnlab-check`.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::{at_home, spec};
use pfnlab_check::sim::Checker;
use pfnlab_check::sim::rules::{self, Check};
use pfnlab_check::work::Work;
use pfnlab_check::{Case, Finding, Patience, Suite, catch};
use pfnlab_zoo::Bug;
use rayon::prelude::*;

/// Each bug is looked for with so many seeds …
const SEEDS: u64 = 4;
/// … of so many operations.
const BUDGET: u64 = 1500;
/// So many operations more are run, for other rules to find it, too.
const AFTERMATH: u64 = 60;

/// Rules about what the driver's own caches and batches do with blocks: no allocator can break them
/// before it breaks one of its own rules.
const OF_CLIENTS: [&str; 4] = ["SLAB-01", "SLAB-02", "SLAB-03", "LRU-01"];

/// Rules about moving memory together, which the zoo's allocators do not: `pfnlab-sim` has broken ones
/// that do (`tests/ledger.rs`).
const OF_COMPACTION: [&str; 3] = ["COMPACT-01", "COMPACT-02", "COMPACT-03"];

/// What is known of a bug.
struct Row {
    bug: Bug,
    /// For each rule that was broken, how many seeds broke it, and after how few operations.
    found: BTreeMap<&'static str, Found>,
    /// With how many seeds it was found.
    seeds: u64,
    /// The rule asked first of those that found it first, and how many operations it takes.
    shortest: Option<(String, usize)>,
}

/// How a rule found a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    seeds: u64,
    first: u64,
}

impl Row {
    fn of(bug: Bug) -> Row {
        let (mut found, mut seeds) = (BTreeMap::new(), 0);
        for seed in 1..=SEEDS {
            let broken = survey(bug, seed);
            seeds += u64::from(!broken.is_empty());
            for (rule, first) in broken {
                let entry = found.entry(rule).or_insert(Found { seeds: 0, first });
                entry.seeds += 1;
                entry.first = entry.first.min(first);
            }
        }
        Row {
            bug,
            found,
            seeds,
            shortest: shortest(bug),
        }
    }

    /// Whether this rule found it, and no other rule did with any seed.
    fn only(&self, rule: &str) -> bool {
        self.found.len() == 1 && self.found.contains_key(rule)
    }
}

/// Goes on behind the first breach, to see who else finds it.
fn survey(bug: Bug, seed: u64) -> BTreeMap<&'static str, u64> {
    let machine = spec(bug.home()).build().unwrap();
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    let mut end = BUDGET;
    // What panics behind a breach has been found.
    let _ = catch(|| {
        let checker = Checker::new(at_home(bug, &machine));
        let mut checker = match checker {
            Ok(checker) => checker.on(&machine),
            Err(failure) => {
                found.insert(failure.breach().unwrap().rule, 0);
                return;
            }
        };
        let mut work = Work::new(seed, &machine, checker.driver().allocator());
        let mut patience = Patience::default();
        let mut number = 0;
        while number < end {
            number += 1;
            let Some(op) = work.next_op() else { break };
            let Ok((outcome, breaches)) = checker.survey(&op, &mut patience) else {
                break;
            };
            for breach in breaches {
                end = end.min(number + AFTERMATH);
                found.entry(breach.rule).or_insert(number);
            }
            work.observe(&outcome);
        }
    });
    found
}

/// The case a suite finds, made short.
fn shortest(bug: Bug) -> Option<(String, usize)> {
    let make = |machine: &_| at_home(bug, machine);
    let suite = Suite::default()
        .machines(vec![spec(bug.home())])
        .seeds(SEEDS)
        .operations(BUDGET as u32)
        .shrink_operations(20_000);
    let (case, finding): (Case, Finding) = suite.first(make)?;
    let short = suite.shrink(&case, &finding, make);
    Some((finding.kind, short.steps().len()))
}

#[test]
fn every_bug_is_caught_and_every_rule_is_needed() {
    assert_eq!(survey(Bug::None, 1), BTreeMap::new());
    let rows: Vec<Row> = Bug::ALL.par_iter().map(|&bug| Row::of(bug)).collect();
    let missed: Vec<Bug> = rows
        .iter()
        .filter(|row| row.found.is_empty() || row.shortest.is_none())
        .map(|row| row.bug)
        .collect();
    assert_eq!(missed, [], "not caught");
    let needed = |rule: &str| rows.iter().any(|row| row.only(rule));
    let idle: Vec<&str> = rules::ALL
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !needed(id) && !OF_CLIENTS.contains(id) && !OF_COMPACTION.contains(id))
        .collect();
    assert_eq!(
        idle, [""; 0],
        "every bug they find is found by another rule"
    );
    compare_page("kill-matrix.md", &matrix(&rows));
    compare_page("rules.md", &rules_page(&rows));
}

fn matrix(rows: &[Row]) -> String {
    let mut page = format!(
        "# The kill matrix\n\n\
         {} broken allocators, each with one bug; the same allocator without one breaks no rule. A \
         bug is looked for with {SEEDS} seeds of {BUDGET} operations each; once it is found, \
         {AFTERMATH} operations more are run to see which other rules find it, too. With each rule \
         stands after how few operations, and, where it was not every seed that finds the bug, with \
         how many. *Alone* means that with no seed any other rule did: without that rule the bug \
         would live. The last column is the number of operations left when the failing trace is made \
         short. Rules about caches and batches ({}) are not here: what they watch is no allocator. \
         Each has a lie that only it finds, in the tests of `pfnlab-sim`. Nor are those \
         about compaction ({}): these allocators do not compact.\n\n\
         | bug | what it does | seeds | rules, and after how many operations | shortest |\n\
         | --- | --- | --: | --- | --: |\n",
        rows.len(),
        OF_CLIENTS.join(", "),
        OF_COMPACTION.join(", "),
    );
    for row in rows {
        let mut found: Vec<_> = row.found.iter().collect();
        found.sort_by_key(|&(rule, found)| (found.first, rule));
        let found: Vec<_> = found
            .iter()
            .map(|(rule, found)| match found.seeds == row.seeds {
                true => format!("{rule} {}", found.first),
                false => format!("{rule} {} ({} seeds)", found.first, found.seeds),
            })
            .collect();
        let alone = if found.len() == 1 { ", alone" } else { "" };
        let length = row.shortest.as_ref().map_or(0, |(_, length)| *length);
        let (bug, says) = (row.bug, row.bug.says());
        let found = found.join(", ");
        let seeds = row.seeds;
        writeln!(
            page,
            "| `{bug:?}` | {says} | {seeds} | {found}{alone} | {length} |"
        )
        .unwrap();
    }
    page
}

/// Every rule, with the bugs that break it.
fn rules_page(rows: &[Row]) -> String {
    let mut page = "# Rules\n\n\
        What must hold after every operation, in the order in which it is asked: a broken rule tends \
        to break those behind it. Bugs are those of the [kill matrix](kill-matrix.md).\n"
        .to_owned();
    for rule in rules::ALL {
        writeln!(page, "\n## {}: {}\n\n{}\n", rule.id, rule.title, rule.says).unwrap();
        writeln!(page, "- Comes from: {}.", rule.source).unwrap();
        let seen = match rule.check {
            Check::Client(_) => "what a client sees: asked of every allocator",
            Check::Events(_) => "the events, one after the other",
            Check::State(_) => "the allocator's own state",
            Check::Inside(_) => "the allocator's own state and the books kept from its events",
        };
        writeln!(page, "- Found out by {seen}.").unwrap();
        if !rule.profiles.is_empty() {
            writeln!(page, "- Holds for: {}.", rule.profiles.join(", ")).unwrap();
        }
        let broken = rows.iter().filter(|row| row.found.contains_key(rule.id));
        let bugs: Vec<_> = broken
            .map(|row| match row.found.len() {
                1 => format!("**`{:?}`**", row.bug),
                _ => format!("`{:?}`", row.bug),
            })
            .collect();
        if !bugs.is_empty() {
            let bugs = bugs.join(", ");
            writeln!(page, "- Broken by: {bugs} (bold: only this rule finds it).").unwrap();
        }
    }
    page
}

/// The page shows this; or it is written, when that is asked for.
fn compare_page(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/src")
        .join(name);
    if std::env::var_os("PFNLAB_WRITE_PAGES").is_some() {
        fs::write(&path, text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "{} is out of date: write it with PFNLAB_WRITE_PAGES=1",
        path.display()
    );
}
