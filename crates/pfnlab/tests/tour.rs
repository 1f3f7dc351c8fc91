//! The tour is the same every time, and its recording replays.

use std::path::Path;

use pfnlab::tour::{Tour, TourOptions};
use pfnlab::{Repro, TraceFile, check, replay};

fn tour(seed: u64) -> (Repro, String) {
    let options = TourOptions {
        seed,
        ops: 3000,
        ..TourOptions::default()
    };
    let mut tour = Tour::boot(&options).unwrap();
    let mut trace = Vec::new();
    tour.record(&mut trace, |_| {}).unwrap();
    (tour.summary().repro, String::from_utf8(trace).unwrap())
}

#[test]
fn a_seed_gives_the_same_run_twice_and_another_seed_another() {
    assert_eq!(tour(1), tour(1));
    assert_ne!(tour(1).0.fingerprint, tour(2).0.fingerprint);
}

#[test]
fn recording_changes_nothing() {
    let options = TourOptions {
        ops: 3000,
        ..TourOptions::default()
    };
    let mut silent = Tour::boot(&options).unwrap();
    silent.drive(|_| {}).unwrap();
    assert_eq!(silent.summary().repro, tour(1).0);
}

#[test]
fn a_recorded_tour_replays_to_the_same_fingerprint() {
    let (repro, text) = tour(1);
    let trace = TraceFile::parse("tour.trace", &text, Path::new("")).unwrap();
    let replayed = replay::trace(&trace, |_| {}).unwrap();
    assert_eq!(replayed.divergence, None);
    assert_eq!(replayed.fingerprint, repro.fingerprint);
    assert!(
        replayed.report.expected > 2500,
        "{}",
        replayed.report.expected
    );
}

#[test]
fn every_rule_holds_throughout_a_tour() {
    let (_, text) = tour(3);
    let trace = TraceFile::parse("tour.trace", &text, Path::new("")).unwrap();
    let checked = check::check(&trace, |_| {}).unwrap();
    assert_eq!(checked.breach, None);
    assert_eq!(checked.ops, 3000);
}
