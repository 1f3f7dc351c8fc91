//! What no compiler checks: file length, paths of one machine, marks of unfinished work, tests that
//! nobody runs.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A source file with more lines than this holds more than one concept.
const MOST_LINES: usize = 800;

/// Text that means something on one machine only. Written in parts, so that this file is tidy.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("../sha", "red"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/tm", "p/"),
];

/// Marks of work that is not done.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("dbg", "!("),
    concat!("to", "do!("),
];

/// Something untidy.
#[derive(Debug)]
pub struct Untidy {
    /// In which file.
    pub path: PathBuf,
    /// On which line, from 1.
    pub line: usize,
    /// What.
    pub what: String,
}

impl fmt::Display for Untidy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// Looks through the sources and the documentation below `root`.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path) -> io::Result<Vec<Untidy>> {
    let mut files = Vec::new();
    for folder in ["crates", "proptests", "examples", "docs"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root.join(name)));
    files.sort();
    let mut untidy = Vec::new();
    for path in files {
        // A file that is not text has nothing to say here.
        match fs::read_to_string(&path) {
            Ok(text) => untidy.extend(look(path.strip_prefix(root).unwrap_or(&path), &text)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Err(error) => return Err(error),
        }
        if path.ends_with("tests/it.rs") {
            untidy.extend(left_out(root, &path)?);
        }
    }
    Ok(untidy)
}

/// Files of tests beside the program `it` that are neither a part of it nor a program of their own.
fn left_out(root: &Path, it: &Path) -> io::Result<Vec<Untidy>> {
    let folder = it.parent().unwrap_or(root);
    let named = fs::read_to_string(it)? + &fs::read_to_string(folder.join("../Cargo.toml"))?;
    let mut left_out = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_test = path.extension().is_some_and(|extension| extension == "rs");
        let known = [format!("mod {name};"), format!("name = \"{name}\"")];
        if is_test
            && !known
                .iter()
                .any(|line| named.lines().any(|named| named == line))
        {
            left_out.push(Untidy {
                path: path.strip_prefix(root).unwrap_or(&path).to_owned(),
                line: 1,
                what: format!("nobody runs it: `mod {name};` in it.rs is missing"),
            });
        }
    }
    Ok(left_out)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let others = ["target", "node_modules"];
            if path
                .file_name()
                .is_some_and(|name| others.iter().all(|other| name != *other))
            {
                collect(&path, files)?;
            }
        } else if is_ours(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_ours(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("rs" | "toml" | "md" | "trycmd" | "trace"))
}

fn look(path: &Path, text: &str) -> Vec<Untidy> {
    let untidy = |line, what: String| Untidy {
        path: path.to_owned(),
        line,
        what,
    };
    let mut found = Vec::new();
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let lines = text.lines().count();
    if is_rust && lines > MOST_LINES {
        found.push(untidy(lines, format!("more than {MOST_LINES} lines")));
    }
    if is_rust && !text.starts_with("//!") && !text.starts_with("#!") {
        found.push(untidy(
            1,
            "a file begins with `//!`: what is it about?".into(),
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        for mark in MACHINE_PATHS.iter().chain(MARKS) {
            if line.contains(mark) {
                found.push(untidy(number, format!("`{mark}`")));
            }
        }
        if line.ends_with(' ') && is_rust {
            found.push(untidy(number, "a space at the end of the line".into()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = look(Path::new("a.rs"), text)
            .iter()
            .map(Untidy::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_untidy_line_is_named() {
        check("//! One noun.\nfn a() {}\n", &[]);
        check(
            "fn a() {}\n",
            &["a.rs:1: a file begins with `//!`: what is it about?"],
        );
        check(
            &["//! One noun. \n// ", MACHINE_PATHS[0], "x\n"].concat(),
            &[
                "a.rs:1: a space at the end of the line",
                &format!("a.rs:2: `{}`", MACHINE_PATHS[0]),
            ],
        );
    }
}
