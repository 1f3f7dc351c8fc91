//! Every boot log of a collection, checked.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use pfnlab::boot::facts::{self, Fact, FactsFile};
use pfnlab::boot::log::{BootedLog, LogOptions};

/// The name of a log.
const LOG: &str = "console.log";
/// What was read on the machine afterwards, beside the log.
const FACTS: &str = "facts.txt";

/// A log, checked.
#[derive(Clone, Debug)]
pub struct CheckedLog {
    /// Its folder.
    pub folder: PathBuf,
    /// How many facts there are.
    pub facts: usize,
    /// How many of them are derived.
    pub derived: usize,
    /// The others.
    pub different: Vec<Fact>,
}

impl fmt::Display for CheckedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CheckedLog { facts, derived, .. } = self;
        writeln!(
            f,
            "{}: derived {derived}/{facts} facts",
            self.folder.display()
        )?;
        for fact in &self.different {
            writeln!(f, "  {fact}")?;
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
    found.iter().map(|folder| check_one(folder)).collect()
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if folder.join(LOG).is_file() {
        found.push(folder.to_owned());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        }
    }
    Ok(())
}

fn check_one(folder: &Path) -> Result<CheckedLog, Box<dyn Error>> {
    let text = |name: &str| -> Result<String, Box<dyn Error>> {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let file = FactsFile::parse(&text(FACTS)?);
    let options = LogOptions {
        distances: file.distances(),
        ..LogOptions::default()
    };
    let log = BootedLog::read(
        &folder.join(LOG).display().to_string(),
        &text(LOG)?,
        &options,
    )?;
    let all = facts::check(&log, Some(&file));
    let different: Vec<Fact> = all
        .iter()
        .filter(|fact| !fact.is_derived())
        .cloned()
        .collect();
    Ok(CheckedLog {
        folder: folder.to_owned(),
        facts: all.len(),
        derived: all.len() - different.len(),
        different,
    })
}
