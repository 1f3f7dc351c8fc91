//! What `/proc` and `/sys` said after a boot: sections of text, each under a line `=== NAME`, or
//! the description of a recorded machine.

use serde_json::Value;

/// Files read on a running machine, in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsFile {
    sections: Vec<(String, String)>,
}

impl FactsFile {
    /// Takes the text apart.
    ///
    /// ```
    /// use pfnlab::boot::facts::FactsFile;
    /// let file = FactsFile::parse("=== node/online\n0-1\n=== EOF\n");
    /// assert_eq!(file.section("node/online"), Some("0-1\n"));
    /// ```
    pub fn parse(text: &str) -> FactsFile {
        if let Some(recorded) = recorded(text) {
            return recorded;
        }
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("=== ") {
                sections.push((name.trim().to_owned(), String::new()));
            } else if let Some((_, section)) = sections.last_mut() {
                section.push_str(line);
                section.push('\n');
            }
        }
        FactsFile { sections }
    }

    /// The text under a name.
    pub fn section(&self, name: &str) -> Option<&str> {
        let found = self.sections.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| &text[..])
    }

    /// Whether a file was read before another.
    pub(super) fn is_before(&self, name: &str, other: &str) -> bool {
        let at = |name| self.sections.iter().position(|(known, _)| known == name);
        at(name)
            .zip(at(other))
            .is_some_and(|(name, other)| name < other)
    }

    /// By node the distance to every node, when every node says it.
    pub fn distances(&self) -> Option<Vec<Vec<u8>>> {
        let mut rows = Vec::new();
        while let Some(node) = self.node(rows.len()) {
            let row = node.lines().nth(1)?.split_whitespace();
            rows.push(
                row.map(|distance| distance.parse().ok())
                    .collect::<Option<_>>()?,
            );
        }
        (!rows.is_empty()).then_some(rows)
    }

    /// What a node says of itself: its CPUs, its distances.
    pub(super) fn node(&self, number: usize) -> Option<&str> {
        self.section(&format!("/sys/devices/system/node/node{number}"))
    }
}

/// The facts of a recorded machine (`machine.json`), under the names of the files they are from;
/// `None`: the text is something else.
fn recorded(text: &str) -> Option<FactsFile> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let machine: Value = serde_json::from_str(text).ok()?;
    let facts = machine.get("facts")?.get("boot")?;
    let fact = |name: &str| facts.get(name).and_then(Value::as_str);
    // In the order in which they were read.
    let files = [
        ("zoneinfo", "/proc/zoneinfo"),
        ("vmstat", "/proc/vmstat"),
        ("meminfo", "/proc/meminfo"),
    ];
    let files = files
        .iter()
        .filter_map(|&(name, path)| Some((path.to_owned(), fact(name)?.to_owned())));
    let mut sections: Vec<(String, String)> = files.collect();
    let tunables = fact("sysctl_vm").unwrap_or("").lines();
    sections.extend(tunables.filter_map(|line| {
        let (name, value) = line.split_once(' ')?;
        Some((format!("/proc/sys/vm/{name}"), format!("{value}\n")))
    }));
    let nodes = fact("nodes").unwrap_or("").lines();
    sections.extend(nodes.filter_map(node));
    for name in ["memblocks", "dmesg"] {
        sections.extend(fact(name).map(|text| (name.to_owned(), text.to_owned())));
    }
    Some(FactsFile { sections })
}

/// `node0 cpumap=03 dist=10 20`
fn node(line: &str) -> Option<(String, String)> {
    let (node, rest) = line.split_once(" cpumap=")?;
    let (cpus, distances) = rest.split_once(" dist=")?;
    // Words of 32 CPUs, the highest first.
    let digits: String = cpus.chars().filter(|digit| *digit != ',').collect();
    let mask = u64::from_str_radix(&digits, 16).ok()?;
    let cpus: Vec<u16> = (0..64).filter(|cpu| mask >> cpu & 1 == 1).collect();
    Some((
        format!("/sys/devices/system/node/{node}"),
        format!("{}\n{distances}\n", super::nodes::list(&cpus)),
    ))
}
