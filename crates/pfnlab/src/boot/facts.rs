//! Facts of a real boot, each as the kernel has it and as we derive it.
//!
//! - [`check`]: every fact of a log and of what `/proc` and `/sys` said afterwards. Start here.
//! - [`FactsFile`]: the latter. One file below for each source of facts.

mod file;
mod log_lines;
mod memblock;
mod memory_blocks;
mod memory_line;
mod mminit;
mod nodes;
mod reservations;
mod totals;
mod zoneinfo;

use std::fmt;

use serde::Serialize;

use super::log::BootedLog;

pub use file::FactsFile;

/// Something a kernel says about a boot, and what we make of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about, such as `node 0 zone DMA32 present`.
    pub name: String,
    /// What the kernel says; empty: nothing.
    pub kernel: String,
    /// What we derive; empty: nothing.
    pub ours: String,
}

impl Fact {
    /// Whether both say the same.
    pub fn is_derived(&self) -> bool {
        self.kernel == self.ours
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |text: &str| match text {
            "" => "nothing".to_owned(),
            text => text.to_owned(),
        };
        let (kernel, ours) = (said(&self.kernel), said(&self.ours));
        write!(f, "{}: the kernel has {kernel}, we have {ours}", self.name)
    }
}

/// Every fact of a log, and of a facts file if there is one.
pub fn check(log: &BootedLog, file: Option<&FactsFile>) -> Vec<Fact> {
    let mut facts = Facts::default();
    memblock::facts(&mut facts, log);
    log_lines::facts(&mut facts, log);
    if let Some(file) = file {
        zoneinfo::facts(&mut facts, log, file);
        nodes::facts(&mut facts, log, file);
        memory_blocks::facts(&mut facts, log, file);
    }
    facts.0
}

/// How many facts are derived, in one line: `derived 212/212 facts`.
pub fn closing_line(facts: &[Fact]) -> String {
    let derived = facts.iter().filter(|fact| fact.is_derived()).count();
    format!("derived {derived}/{} facts", facts.len())
}

/// Facts being collected.
#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers are handed over as they are"
    )]
    fn add(&mut self, name: impl Into<String>, kernel: impl ToString, ours: impl ToString) {
        self.0.push(Fact {
            name: name.into(),
            kernel: kernel.to_string(),
            ours: ours.to_string(),
        });
    }

    /// One fact for every position of either list.
    fn list(&mut self, name: &str, kernel: &[String], ours: &[String]) {
        for at in 0..kernel.len().max(ours.len()) {
            let item = |list: &[String]| list.get(at).cloned().unwrap_or_default();
            self.add(format!("{name} {}", at + 1), item(kernel), item(ours));
        }
    }
}
