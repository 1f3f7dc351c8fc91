//! Input that makes no sense: every piece of it ends with status 3, a message that says what is
//! wrong and, where there is text, the place in it. None ends with a panic or fills the memory.
//!
//! - [`machines`], [`scenarios`], [`traces`]: files in `tests/bad-input`, a line of a table each.
//! - [`snapshots`], [`recordings`]: the same, and good ones with one thing altered.
//! - [`made`]: what is too large to be kept.

mod machines;
mod made;
mod recordings;
mod scenarios;
mod snapshots;
mod traces;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file, where in it the error is (`LINE:COLUMN`, or nothing), and a part of what is said.
type Row = (&'static str, &'static str, &'static str);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-input")
}

/// Runs the program in `folder`.
fn pfnlab(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pfnlab"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What a run says is wrong with its input; it must have ended with status 3, and said nothing else.
#[track_caller]
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = pfnlab(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(said.starts_with("error: "), "{arguments:?}: {said}");
    assert!(said.len() < 2000, "{arguments:?}: {} bytes", said.len());
    // A line that was too long for the terminal goes on behind a bar.
    said.replace("\n  | ", " ")
}

/// The refusal names this place, and says this.
#[track_caller]
fn check(folder: &Path, arguments: &[&str], place: &str, message: &str) {
    let said = refusal(folder, arguments);
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with(&format!("error: {place}")),
        "{place}: {said}"
    );
    assert!(
        said.contains(message),
        "{place}: `{message}` is not in {said}"
    );
}

/// Checks a table. Every file of `kind` in its folder is in it.
#[track_caller]
fn check_table(kind: &str, extension: &str, verbs: &[&str], rows: &[Row]) {
    let folder = folder().join(kind);
    for &(file, position, message) in rows {
        let place = match position {
            "" => String::new(),
            position => format!("{file}:{position}"),
        };
        for verb in verbs {
            check(&folder, &[verb, file], &place, message);
        }
    }
    let listed: BTreeSet<_> = rows.iter().map(|row| row.0.to_owned()).collect();
    let there = fs::read_dir(&folder).unwrap();
    let there = there.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<_> = there.filter(|name| name.ends_with(extension)).collect();
    assert_eq!(listed, there, "the table lists what is there");
}
