//! Mutants of the allocator: does a test notice when its code is altered?
//!
//! `cargo-mutants` alters one function at a time in a copy of this tree (`target/mutants/tree`), where
//! only what changed is built again, and asks one test, the replay of recordings; what that one lets
//! pass, all of the allocator's tests are asked. What came of a shard is kept in a folder of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

/// One part of all mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Which, from 0.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/');
        let numbers = parts.map(|(number, of)| (number.parse(), of.parse()));
        match numbers {
            Some((Ok(number), Ok(of))) if number < of => Ok(Shard { number, of }),
            _ => Err(format!("`{text}` is no shard: 0/40 is the first of forty")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// A test fails.
    Caught,
    /// A test does not end.
    TimedOut,
    /// It does not compile.
    Unviable,
    /// Every test that was asked passes.
    Missed,
}

impl Fate {
    const ALL: [Fate; 4] = [Fate::Caught, Fate::TimedOut, Fate::Unviable, Fate::Missed];

    /// The list in which `cargo-mutants` names such mutants.
    fn file(self) -> &'static str {
        match self {
            Fate::Caught => "caught.txt",
            Fate::TimedOut => "timeout.txt",
            Fate::Unviable => "unviable.txt",
            Fate::Missed => "missed.txt",
        }
    }
}

/// Everything that was found out, and where it is kept.
#[derive(Clone, Debug)]
pub struct Mutants {
    root: PathBuf,
    folder: PathBuf,
}

/// Inputs of a shard: when one changes, it is run again. More tests catch no fewer mutants.
const SOURCES: [&str; 2] = ["crates/pfnlab-mm/src", ".cargo/mutants.toml"];

impl Mutants {
    /// Those of the tree at `root`.
    pub fn of(root: &Path) -> Mutants {
        Mutants {
            root: root.to_owned(),
            folder: root.join("target/mutants"),
        }
    }

    /// Runs a shard, unless it was run on the same sources.
    ///
    /// # Errors
    /// When `cargo-mutants` is not there, or cannot do it: without a mutant a test fails, too.
    pub fn run(&self, shard: Shard) -> io::Result<()> {
        let folder = self
            .folder
            .join(format!("{}-of-{}", shard.number, shard.of));
        let stamp = self.stamp()?;
        if fs::read_to_string(folder.join("sources")).is_ok_and(|done| done == stamp) {
            println!("shard {shard} was run before");
            return Ok(());
        }
        let part = ["--shard".to_owned(), shard.to_string()];
        self.ask(&folder, "--test=recorded", &part)?;
        fs::write(folder.join("sources"), stamp)
    }

    /// Asks all of the allocator's tests about every mutant that was missed so far.
    ///
    /// # Errors
    /// As [`Mutants::run`].
    pub fn again(&self) -> io::Result<()> {
        let fates = self.fates()?;
        let missed = fates.iter().filter(|(_, fate)| **fate == Fate::Missed);
        let names: Vec<String> = missed
            .flat_map(|(name, _)| ["--re".to_owned(), format!("^{}$", literal(name))])
            .collect();
        if names.is_empty() {
            println!("none was missed");
            return Ok(());
        }
        // So many tests take their time.
        let patience = ["--minimum-test-timeout=600".to_owned()];
        let which = [&patience[..], &names].concat();
        self.ask(&self.folder.join("again"), "--tests", &which)
    }

    /// What is known of every mutant, by name.
    ///
    /// # Errors
    /// When a list cannot be read.
    pub fn fates(&self) -> io::Result<BTreeMap<String, Fate>> {
        let mut fates = BTreeMap::new();
        let mut folders: Vec<_> = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(fates),
            entries => entries?
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<_>>()?,
        };
        folders.sort();
        for folder in folders {
            for fate in Fate::ALL {
                let list = folder.join("mutants.out").join(fate.file());
                let Ok(list) = fs::read_to_string(list) else {
                    continue;
                };
                for name in list.lines() {
                    // Once caught is caught, whoever else misses it.
                    let known = fates.entry(name.to_owned()).or_insert(fate);
                    *known = fate.min(*known);
                }
            }
        }
        Ok(fates)
    }

    fn ask(&self, folder: &Path, tests: &str, which: &[String]) -> io::Result<()> {
        let tree = self.folder.join("tree");
        copy(&self.root, &tree)?;
        fs::create_dir_all(folder)?;
        let status = Command::new("cargo")
            .args(["mutants", "--in-place", "--package", "pfnlab-mm"])
            .args(["--profile", "mutants", "--colors", "never", "--no-times"])
            .args(["--sharding", "round-robin"])
            .arg(format!("-C={tests}"))
            .arg("--dir")
            .arg(&tree)
            .arg("--output")
            .arg(folder)
            .args(which)
            .env("CARGO_TARGET_DIR", self.folder.join("build"))
            .env("CARGO_INCREMENTAL", "1")
            .status()?;
        match status.code() {
            // All caught; some missed; some did not end.
            Some(0 | 2 | 3) => Ok(()),
            _ => Err(io::Error::other(
                "cargo mutants failed; if it is not there: cargo install cargo-mutants --locked",
            )),
        }
    }

    /// A number that changes with the sources.
    fn stamp(&self) -> io::Result<String> {
        let mut files = Vec::new();
        for source in SOURCES {
            collect(&self.root.join(source), &mut files)?;
        }
        files.sort();
        let mut hasher = DefaultHasher::new();
        for file in files {
            file.strip_prefix(&self.root)
                .unwrap_or(&file)
                .hash(&mut hasher);
            fs::read(&file)?.hash(&mut hasher);
        }
        Ok(format!("{:016x}", hasher.finish()))
    }
}

/// The table of the page: a line for every file, and the names of those nobody catches.
pub fn table(fates: &BTreeMap<String, Fate>) -> String {
    let mut files: BTreeMap<&str, [u32; Fate::ALL.len()]> = BTreeMap::new();
    for (name, fate) in fates {
        let path = name.split(':').next().unwrap_or(name);
        let file = path.rsplit_once("/src/").map_or(path, |(_, file)| file);
        for line in [file, "all"] {
            files.entry(line).or_default()[*fate as usize] += 1;
        }
    }
    let total = files.remove_entry("all");
    let mut text = "| file | caught | no end | missed | not compiled | caught, % |\n".to_owned();
    text.push_str("| --- | --: | --: | --: | --: | --: |\n");
    for (file, [caught, endless, unviable, missed]) in files.into_iter().chain(total) {
        let noticed = caught + endless;
        let tenths = noticed * 1000 / (noticed + missed).max(1);
        let (share, tenth) = (tenths / 10, tenths % 10);
        text.push_str(&format!(
            "| {file} | {caught} | {endless} | {missed} | {unviable} | {share}.{tenth} |\n"
        ));
    }
    let missed = fates.iter().filter(|(_, fate)| **fate == Fate::Missed);
    missed.fold(text, |text, (name, _)| format!("{text}\n{name}"))
}

/// A regular expression for nothing but this text. `\<` would be the beginning of a word.
fn literal(text: &str) -> String {
    let escaped = |sign: char| match r"\.+*?()|[]{}^$#&-~".contains(sign) {
        true => format!("\\{sign}"),
        false => sign.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Makes `to` what `git` knows or could know of `from`. What is the same keeps its time, so that it
/// is not built again.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(from)
        .output()?;
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut there = Vec::new();
    if to.is_dir() {
        collect(to, &mut there)?;
    }
    for name in names.split_terminator('\0') {
        let (source, target) = (from.join(name), to.join(name));
        // A file may be gone without git having been told.
        let Ok(bytes) = fs::read(&source) else {
            continue;
        };
        there.retain(|path| *path != target);
        if fs::read(&target).is_ok_and(|known| known == bytes) {
            continue;
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(target, bytes)?;
    }
    there.iter().try_for_each(fs::remove_file)
}

/// Every file at or below a path.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_a_number_below_another() {
        assert_eq!("3/40".parse(), Ok(Shard { number: 3, of: 40 }));
        for odd in ["", "3", "40/40", "1/0", "a/b", "-1/2"] {
            let error = odd.parse::<Shard>().unwrap_err();
            assert!(error.contains(odd) && error.contains("0/40"), "{error}");
        }
    }

    #[test]
    fn a_name_is_no_pattern() {
        let name = "a.rs:1:2: replace < with <= in A::b -> Vec<u8>";
        let pattern = r"a\.rs:1:2: replace < with <= in A::b \-> Vec<u8>";
        assert_eq!(literal(name), pattern);
    }

    #[test]
    fn the_table_counts_by_file() {
        let mut fates = BTreeMap::new();
        let mut add = |name: &str, fate| fates.insert(format!("crates/x/src/{name}"), fate);
        add("pcp.rs:1:1: a", Fate::Caught);
        add("pcp.rs:2:1: b", Fate::TimedOut);
        add("pcp.rs:3:1: c", Fate::Missed);
        add("pcp/sizing.rs:1:1: d", Fate::Unviable);
        let lines: Vec<_> = table(&fates).lines().skip(2).map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "| pcp.rs | 1 | 1 | 1 | 0 | 66.6 |",
                "| pcp/sizing.rs | 0 | 0 | 0 | 1 | 0.0 |",
                "| all | 1 | 1 | 1 | 1 | 66.6 |",
                "",
                "crates/x/src/pcp.rs:3:1: c",
            ]
        );
    }
}
