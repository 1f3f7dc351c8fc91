//! What `/proc` and `/sys` said after a boot: sections of text, each under a line `=== NAME`.

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
