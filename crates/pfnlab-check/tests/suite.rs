//! The suite on sound allocators and on broken ones: nothing, or a short case that anybody can read.

mod common;

use std::fs;
use std::path::Path;

use common::{at_home, spec};
use pfnlab_check::{Case, Corpus, Finding, Report, Suite, check};
use pfnlab_zoo::{Bug, FirstFit, Layout};

#[test]
fn a_sound_allocator_passes() {
    let suite = Suite::default().seeds(1).operations(300);
    let open = suite.run(|machine| FirstFit::on(Layout::of(machine), Bug::None));
    let closed = suite.run(|machine| FirstFit::on(Layout::of(machine).closed(), Bug::None));
    for summary in [open, closed] {
        assert_eq!(summary.map(|summary| summary.machines).ok(), Some(11));
    }
}

#[test]
fn a_client_alone_finds_what_clients_suffer_from() {
    let suite = Suite::default()
        .seeds(2)
        .operations(400)
        .shrink_operations(5000);
    let bugs = [
        (Bug::LendsTooMuch, "LEND-01"),
        (Bug::LendsTwice, "LEND-02"),
        (Bug::LendsBehindTheEnd, "LEND-04"),
        (Bug::RefusesWhatItLent, "RETURN-01"),
        (Bug::LosesTheRemainder, "REFUSE-01"),
        (Bug::ForgetsToMerge, "REFUSE-01"),
        (Bug::DropsWhatIsFreed, "REFUSE-01"),
    ];
    for (bug, rule) in bugs {
        let make = |machine: &_| FirstFit::on(Layout::of(machine).closed(), bug);
        let (case, finding) = suite.first(make).expect("a bug");
        assert_eq!(finding.kind, rule, "{bug:?}: {finding}\n{case}");
    }
}

/// A block that goes back to single frames and is not merged again: two operations on one pair.
#[test]
fn a_finding_is_short_and_explained() {
    let make = |machine: &_| at_home(Bug::ForgetsToMerge, machine);
    let suite = Suite::default().machines(vec![spec(Bug::ForgetsToMerge.home())]);
    let error = suite.run(make).unwrap_err();
    let report = error.report().unwrap();
    assert_eq!(
        (report.finding.kind.as_str(), report.case.steps().len()),
        ("MERGE-01", 2)
    );
    let text = report.to_string();
    for part in [
        "rule MERGE-01: buddies merge",
        "2^6 -1",
        "^ bit ",
        "before:",
        "after:",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

/// What was kept fails when it is replayed, and does not once the bug is gone.
#[test]
fn a_corpus_is_replayed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let _ = fs::remove_dir_all(&folder);
    let corpus = Corpus::at(&folder);
    assert!(corpus.cases().unwrap().is_empty());
    let suite = Suite::default()
        .machines(vec![spec(Bug::LendsTwice.home())])
        .shrink_operations(20_000)
        .corpus(corpus.clone());
    let error = suite
        .run(|machine| at_home(Bug::LendsTwice, machine))
        .unwrap_err();
    let path = error
        .report()
        .and_then(|report| report.path.clone())
        .unwrap();
    assert_eq!(path, folder.join("lend-02.trace"));
    let none = Suite::default().machines(Vec::new()).corpus(corpus);
    let again = none
        .run(|machine| at_home(Bug::LendsTwice, machine))
        .unwrap_err();
    let command = format!("PFNLAB_TRACE={} cargo test", path.display());
    assert_eq!(again.report().and_then(Report::command), Some(command));
    let sound = none.run(|machine| FirstFit::on(Layout::of(machine).closed(), Bug::None));
    assert_eq!(sound.unwrap().replayed, 1);
}

#[test]
fn a_panic_is_a_finding() {
    let case = Case::parse(
        "#pfnlab-trace 1\nmachine-begin\n[[node]]\ncpus = [0]\nram = [\"0..64K\"]\nmachine-end\na 1\n",
    );
    let finding = check(&case.unwrap(), |_| -> FirstFit { panic!("out of ideas") });
    let finding = finding.unwrap_err();
    assert_eq!(
        (finding.kind.as_str(), finding.what.as_str()),
        (Finding::PANIC, "out of ideas")
    );
}
