//! What callgrind counted, by source file: as every policy has a file of its own, that is what
//! each policy costs, inlined or not.

use std::collections::BTreeMap;

/// Instructions by concept: the file's name within `pfnlab-mm`, else the crate's.
pub type Counts = BTreeMap<String, u64>;

/// Reads a profile in callgrind's format, without calls: every instruction once, where it stands.
///
/// ```
/// let profile = "\
/// events: Ir
/// fl=(1) /src/crates/pfnlab-mm/src/walk.rs
/// fn=(1) walk
/// 10 5
/// fi=(2) /src/crates/pfnlab-mm/src/watermark.rs
/// +2 7
/// fe=(1)
/// calls=1 40
/// 12 900
/// * 1
/// ";
/// let counts = pfnlab_bench::callgrind::by_concept(profile);
/// let counts: Vec<_> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
/// assert_eq!(counts, [("walk", 6), ("watermark", 7)]);
/// ```
pub fn by_concept(profile: &str) -> Counts {
    let mut files = BTreeMap::new();
    let mut concept = String::new();
    let mut counts = Counts::new();
    let mut is_call = false;
    for line in profile.lines() {
        match line.split_once('=') {
            Some(("fl" | "fi" | "fe", file)) => concept = named(file, &mut files),
            // Gives a number to a file, too.
            Some(("cfl" | "cfi", file)) => drop(named(file, &mut files)),
            Some(("calls", _)) => is_call = true,
            Some(_) => {}
            // The line behind `calls` counts what the callee did, which stands with the callee.
            None if is_call => is_call = false,
            None => {
                let mut fields = line.split(' ');
                let position = fields.next().unwrap_or("");
                let is_position =
                    position.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c));
                let cost = fields.next().and_then(|cost| cost.parse::<u64>().ok());
                if let (true, Some(cost)) = (is_position, cost) {
                    *counts.entry(concept.clone()).or_default() += cost;
                }
            }
        }
    }
    counts
}

/// `(3) path` the first time, `(3)` afterwards.
fn named(file: &str, files: &mut BTreeMap<String, String>) -> String {
    let (number, path) = file.split_once(' ').unwrap_or((file, ""));
    if !path.is_empty() {
        files.insert(number.to_owned(), concept_of(path));
    }
    files.get(number).cloned().unwrap_or_default()
}

fn concept_of(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or(path).trim_end_matches(".rs");
    if path.contains("/pfnlab-mm/src/") {
        return file.to_owned();
    }
    let folders: Vec<&str> = path.split('/').collect();
    // The folder above `src`; registry folders end in a version.
    let crate_name = folders
        .iter()
        .rposition(|folder| *folder == "src")
        .and_then(|at| folders.get(at.checked_sub(1)?));
    match crate_name {
        Some(name) if path.contains("/library/") => (*name).to_owned(),
        Some(name) => (*name).to_owned(),
        None => "libc".to_owned(),
    }
}
