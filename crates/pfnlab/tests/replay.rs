//! Recordings of running kernels come to exactly what was recorded.

use std::fs;
use std::num::NonZeroUsize;

use crate::common::{Copy, recordings};
use pfnlab::Error;
use pfnlab::replay::{self, Replayed, Subject, Totals};

#[test]
fn every_recorded_case_is_exact_and_identical() {
    let subjects = Subject::below([recordings()]).unwrap();
    let mut totals = Totals::default();
    replay::all(&subjects, None, |replayed| {
        let Replayed::Case(case) = replayed else {
            panic!("only cases here");
        };
        if let Some(divergence) = &case.divergence {
            panic!("{}: {divergence}", case.case.display());
        }
        let (name, differences) = (case.case.display(), &case.differences);
        assert!(case.is_identical(), "{name}: {differences:?}");
        totals.add(&case);
        Ok::<(), Error>(())
    })
    .unwrap();
    assert_eq!(
        totals.to_string(),
        "exact 263181/263181 ops in 44/44 cases, after identical in 44/44"
    );
}

#[test]
fn the_order_of_what_is_told_does_not_depend_on_the_jobs() {
    let folder = recordings().join("6.1");
    let subjects = Subject::below([&folder]).unwrap();
    let told = |jobs: usize| {
        let mut told = Vec::new();
        replay::all(&subjects, NonZeroUsize::new(jobs), |replayed| {
            told.push(format!("{replayed:?}"));
            Ok::<(), Error>(())
        })
        .unwrap();
        told
    };
    let one = told(1);
    assert_eq!(one.len(), 9);
    assert_eq!(one, told(3));
    assert_eq!(one, told(64));
}

#[test]
fn the_first_error_in_order_ends_a_replay_of_many() {
    let copies = ["early-a", "early-b", "early-c"].map(|name| Copy::of("6.12/m1/w01m", name));
    fs::remove_file(copies[1].folder.join("after.json.gz")).unwrap();
    fs::remove_file(copies[2].folder.join("before.json.gz")).unwrap();
    let subjects = copies.map(|copy| Subject::Case(copy.folder));
    for jobs in [1, 2, 3] {
        let mut told = 0;
        let ended = replay::all(&subjects, NonZeroUsize::new(jobs), |_| {
            told += 1;
            Ok(())
        });
        let error: Error = ended.unwrap_err();
        assert!(error.to_string().contains("after.json.gz"), "{error}");
        assert_eq!(told, 1);
    }
}

#[test]
fn a_folder_stands_for_its_traces_and_its_cases() {
    let copy = Copy::of("6.12/m1/w01m", "both/case");
    let folder = copy.folder.parent().unwrap();
    let trace = "#pfnlab-trace 1\nmachine one-node\n";
    for name in ["b.trace", "a.trace", "no-trace.txt", "case/inside.trace"] {
        fs::write(folder.join(name), trace).unwrap();
    }
    let found = Subject::below([folder]).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|subject| match subject {
            Subject::TraceFile(path) | Subject::Case(path) => {
                path.strip_prefix(folder).unwrap().to_str().unwrap()
            }
            Subject::Trace(_) => unreachable!(),
        })
        .collect();
    assert_eq!(names, ["a.trace", "b.trace", "case"]);
}

#[test]
fn a_folder_with_nothing_in_it_is_an_error() {
    let error = Subject::below([recordings().join("..").join("boot-logs")]).unwrap_err();
    assert!(error.to_string().contains("nothing to replay"), "{error}");
}
