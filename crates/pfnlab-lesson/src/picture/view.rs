//! The parts a picture can have.

use std::fmt;
use std::str::FromStr;

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// What was split and merged, the buddies' PFNs in binary. Only of an operation.
    Arithmetic,
    /// All memory: nodes, their zones, and holes as walls.
    Zones,
    /// The frames, row below row.
    Strip,
    /// The blocks by order: halves below their whole.
    Tree,
    /// The free lists, in their order.
    Lists,
    /// The migratetypes of the pageblocks.
    Pageblocks,
    /// The per-CPU lists.
    Cpus,
    /// How much is free, beside the watermarks.
    Marks,
}

impl View {
    /// Every part, in the order of a picture that has them all.
    pub const ALL: [View; 8] = [
        View::Arithmetic,
        View::Zones,
        View::Strip,
        View::Tree,
        View::Lists,
        View::Cpus,
        View::Pageblocks,
        View::Marks,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            View::Arithmetic => "arithmetic",
            View::Zones => "zones",
            View::Strip => "strip",
            View::Tree => "tree",
            View::Lists => "lists",
            View::Pageblocks => "pageblocks",
            View::Cpus => "cpus",
            View::Marks => "marks",
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for View {
    type Err = String;

    fn from_str(name: &str) -> Result<View, String> {
        let found = View::ALL.into_iter().find(|view| view.name() == name);
        found.ok_or_else(|| {
            let known = View::ALL.map(View::name).join(", ");
            format!("no view `{name}`: there are {known}")
        })
    }
}
