//! A divergence, explained: the operation, what was expected, what came, the state before it, and
//! what our allocator did.

use std::fmt;

use pfnlab_model::{Event, Op, Pfn, Snapshot};
use pfnlab_view::{Detail, Narrator, Style};
use serde::Serialize;

use super::lists::Involved;
use crate::Whereabouts;

/// How the story is told: as anywhere else, but in a file or on a terminal alike.
const STYLE: Style = Style {
    width: 96,
    ..Style::PLAIN
};

/// The first operation that came to something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Its position, from 0.
    pub step: u64,
    /// Its line in the file it was read from, from 1.
    pub line: u32,
    /// The operation, as a trace would say it.
    pub op: String,
    /// What is not as it should be.
    pub fields: Vec<FieldDifference>,
    /// The state before the operation, a line each: where the frames were, the zones and lists
    /// involved.
    pub before: Vec<String>,
    /// What our allocator did, a line each: the zones it asked, and why it took what it took.
    pub story: Vec<String>,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// What.
    pub field: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub got: String,
}

impl FieldDifference {
    /// The difference, if there is one.
    pub(crate) fn between<T: PartialEq>(
        field: &str,
        expected: &T,
        got: &T,
        show: impl Fn(&T) -> String,
    ) -> Option<FieldDifference> {
        (expected != got).then(|| FieldDifference {
            field: field.to_owned(),
            expected: show(expected),
            got: show(got),
        })
    }
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FieldDifference {
            field,
            expected,
            got,
        } = self;
        write!(f, "{field}: expected {expected}, got {got}")
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "operation {} (line {}): {}",
            self.step, self.line, self.op
        )?;
        for field in &self.fields {
            writeln!(f, "  {field}")?;
        }
        for (title, lines) in [
            ("before it", &self.before),
            ("what happened here", &self.story),
        ] {
            if !lines.is_empty() {
                writeln!(f, "  {title}:")?;
            }
            for line in lines {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}

/// What an operation did, and the state before it.
pub(crate) struct Scene<'a> {
    /// The operation.
    pub(crate) op: &'a Op,
    /// The state before.
    pub(crate) before: &'a Snapshot,
    /// What it told.
    pub(crate) events: &'a [Event],
}

impl Scene<'_> {
    /// The state before, as far as it matters: where the frames in question were, and the lists
    /// that these are on or that the operation touched.
    pub(super) fn context(&self, expected: &[Pfn], got: &[Pfn]) -> Vec<String> {
        self.places([("expected frame", expected), ("got frame", got)])
    }

    /// The same, where nothing is expected: `there` are the frames that another allocator chose.
    pub(crate) fn between(&self, here: &[Pfn], there: &[Pfn]) -> Vec<String> {
        let others = if here == there { &[] } else { there };
        self.places([("frame", here), ("the other's frame", others)])
    }

    fn places(&self, frames: [(&str, &[Pfn]); 2]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut involved = Involved::by(self.op, self.events);
        for (what, pfns) in frames {
            let Some(&pfn) = pfns.first() else { continue };
            let place = Whereabouts::of(pfn, self.before);
            lines.push(format!("{what} {pfn} was {place}"));
            involved.add(place);
        }
        lines.extend(involved.describe(self.before));
        lines
    }

    /// What our allocator did, from its events alone: the story `explain` tells, without its title,
    /// which is the operation.
    pub(crate) fn story(&self) -> Vec<String> {
        let mut narrator = Narrator::from(self.before.clone());
        let story = narrator.tell(self.op, self.events);
        let text = story.text(&STYLE, Detail::Brief);
        let lines = text.lines().skip_while(|line| !line.starts_with(' '));
        let lines = lines.map(|line| line.strip_prefix("  ").unwrap_or(line));
        lines.map(str::to_owned).collect()
    }
}
