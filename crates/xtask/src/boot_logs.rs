//! Every boot log of a collection, checked.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use pfnlab::boot::compare;
use pfnlab::boot::facts::{self, Fact, FactsFile};
use pfnlab::boot::log::{BootedLog, LogOptions, text_of};
use pfnlab::linux::Difference;

/// What a log may be called.
const LOGS: [&str; 2] = ["console.log", "serial.log.gz"];
/// What was read on the machine afterwards, beside the log.
const FACTS: [&str; 2] = ["facts.txt", "machine.json.gz"];
/// States recorded during that boot, below the log: right after memory was released, and later.
const STATES: [&str; 4] = ["early0", "early1", "early2", "early3"];

/// A log, checked.
#[derive(Clone, Debug)]
pub struct CheckedLog {
    /// Its file.
    pub path: PathBuf,
    /// How many facts there are.
    pub facts: usize,
    /// How many of them are derived.
    pub derived: usize,
    /// The others.
    pub different: Vec<Fact>,
    /// How many states were recorded during that boot.
    pub states: usize,
    /// Where ours are others.
    pub differences: Vec<Difference>,
}

impl CheckedLog {
    /// Whether all is derived, and no state another.
    pub fn is_well(&self) -> bool {
        self.different.is_empty() && self.differences.is_empty()
    }
}

impl fmt::Display for CheckedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CheckedLog { facts, derived, .. } = self;
        write!(
            f,
            "{}: derived {derived}/{facts} facts",
            self.path.display()
        )?;
        match (self.states, self.differences.len()) {
            (0, _) => writeln!(f)?,
            (states, 0) => writeln!(f, ", identical to {states} recorded states")?,
            (states, some) => writeln!(f, ", {some} differences from {states} recorded states")?,
        }
        for fact in &self.different {
            writeln!(f, "  {fact}")?;
        }
        for difference in &self.differences {
            writeln!(f, "  {difference}")?;
        }
        Ok(())
    }
}

/// Checks every log at or below the folders, by name.
///
/// # Errors
/// When a folder or a file cannot be read, or a log cannot be booted.
pub fn check(folders: &[String]) -> Result<Vec<CheckedLog>, Box<dyn Error>> {
    let mut found = Vec::new();
    for folder in folders {
        find(Path::new(folder), &mut found)?;
    }
    found.sort();
    found.iter().map(|log| check_one(log)).collect()
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let logs = LOGS.map(|log| folder.join(log));
    found.extend(logs.into_iter().filter(|log| log.is_file()));
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        }
    }
    Ok(())
}

fn check_one(path: &Path) -> Result<CheckedLog, Box<dyn Error>> {
    let facts = FACTS.map(|facts| path.with_file_name(facts));
    let file = match facts.iter().find(|facts| facts.is_file()) {
        Some(facts) => Some(FactsFile::parse(&text_of(facts)?)),
        None => None,
    };
    let states = STATES.map(|state| path.with_file_name(format!("snapshots/{state}.json.gz")));
    let states = states.iter().filter(|state| state.is_file());
    let states = states
        .map(|state| compare::load(state))
        .collect::<Result<Vec<_>, _>>()?;
    let recorded = states.first().map(|state| {
        let nodes = state.nodes.iter();
        nodes.map(|node| node.distance.clone()).collect()
    });
    let options = LogOptions {
        distances: file.as_ref().and_then(FactsFile::distances).or(recorded),
        ..LogOptions::default()
    };
    let name = path.display().to_string();
    let log = BootedLog::read(&name, &text_of(path)?, &options)?;
    // The kernel's own log has more than its console shows.
    let all = match file.as_ref().and_then(|file| file.section("dmesg")) {
        Some(dmesg) => facts::check(&BootedLog::read(&name, dmesg, &options)?, file.as_ref()),
        None => facts::check(&log, file.as_ref()),
    };
    let mut differences = Vec::new();
    for state in &states {
        differences.extend(compare::compare(&log, state)?.differences);
    }
    let different: Vec<Fact> = all
        .iter()
        .filter(|fact| !fact.is_derived())
        .cloned()
        .collect();
    Ok(CheckedLog {
        path: path.to_owned(),
        facts: all.len(),
        derived: all.len() - different.len(),
        different,
        states: states.len(),
        differences,
    })
}
