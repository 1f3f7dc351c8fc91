//! The coverage page names what exists: every type and function is in its file, and every test is a
//! test.

use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the page: how many functions, structures and mechanisms the documents have.
const ROWS: usize = 57;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// ``` `file`: `name`, `name`; `file`: `name` ```
fn named(cell: &str) -> Vec<(String, String)> {
    let files = cell
        .split("; ")
        .map(|part| part.split_once(": ").expect("a file, then names"));
    let bare = |name: &str| name.trim().trim_matches('`').to_owned();
    let names =
        files.flat_map(|(file, names)| names.split(", ").map(move |name| (bare(file), bare(name))));
    names.collect()
}

fn source(file: &str) -> String {
    let below = if file.starts_with("proptests/") {
        root()
    } else {
        root().join("crates")
    };
    fs::read_to_string(below.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A function, a type, or a variant.
fn has_item(source: &str, name: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "trait", "const"];
    let defined = |line: &str| {
        let words: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .collect();
        words
            .windows(2)
            .any(|pair| kinds.contains(&pair[0]) && pair[1] == name)
    };
    let variant = |line: &str| {
        let rest = line.trim_start().strip_prefix(name);
        line.starts_with("    ") && rest.is_some_and(|rest| rest.starts_with([',', ' ', '(']))
    };
    source.lines().any(|line| defined(line) || variant(line))
}

fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().collect();
    let function = format!("fn {name}(");
    let at = lines
        .iter()
        .position(|line| line.trim_start().starts_with(&function));
    at.is_some_and(|at| {
        lines[..at]
            .iter()
            .rev()
            .take(3)
            .any(|line| line.trim() == "#[test]")
    })
}

#[test]
fn every_name_on_the_coverage_page_exists() {
    let page = fs::read_to_string(root().join("docs/src/coverage.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| 00"));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, _, here, shown] = cells[..] else {
            panic!("four cells: {row}");
        };
        for (file, name) in named(here) {
            assert!(has_item(&source(&file), &name), "{file} has no {name}");
        }
        for (file, name) in named(shown) {
            assert!(is_test(&source(&file), &name), "{file} has no test {name}");
        }
        count += 1;
    }
    assert_eq!(count, ROWS);
}
