//! What is asked, and for how many points.

use std::ops::Range;

use pfnlab_check::sim::rules;
use pfnlab_check::{Death, Finding, machines};
use pfnlab_model::MachineSpec;
use serde::Deserialize;
use toml::Spanned;

/// What is asked, and for how many points.
///
/// ```
/// let rubric = pfnlab_grade::Rubric::parse("\
/// title = \"Lab 3\"
/// machines = [\"one-node\", \"holes\"]
/// [[item]]
/// name = \"Memory is handed out\"
/// points = 10
/// serves = 100
/// gate = true
/// [[item]]
/// name = \"No frame has two owners\"
/// points = 30
/// rules = [\"LEND-02\"]
/// ")?;
/// assert_eq!((rubric.items.len(), rubric.machines.len()), (2, 2));
/// # Ok::<(), pfnlab_grade::RubricError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rubric {
    /// A name for it.
    pub title: String,
    /// On which machines; an item's points are spread over them evenly.
    pub machines: Vec<MachineSpec>,
    /// How many seeds on each, from 1 on.
    pub seeds: u64,
    /// At most so many operations for each seed.
    pub operations: u32,
    /// To shrink what is found, about so many operations are run at most, for each finding.
    pub shrink_operations: u64,
    /// What is asked.
    pub items: Vec<Item>,
}

/// One thing that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// A name for it.
    pub name: String,
    /// For how many points.
    pub points: u32,
    /// What.
    pub ask: Ask,
    /// A part of the points is given for a part of the machines; else all or nothing.
    pub partial: bool,
    /// If it does not earn all of its points, no other item earns any.
    pub gate: bool,
}

/// What an item asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// That nothing of these kinds is found: ids of rules, and words of [`DEATHS`].
    Never(Vec<String>),
    /// That it hands out at least so many percent of the frames, one by one, before it refuses.
    Serves(u32),
}

/// How an allocator ends: what an item may ask for besides rules.
pub const DEATHS: [&str; 6] = [
    Death::CRASH,
    Death::TIMEOUT,
    Death::MEMORY,
    Death::ANSWER,
    Finding::PANIC,
    Finding::DRIVER,
];

/// A text that is no rubric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RubricError {
    /// Which bytes of it are at fault.
    pub span: Range<usize>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// As a person writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    machines: Option<Vec<Spanned<String>>>,
    seeds: Option<Spanned<u64>>,
    operations: Option<Spanned<u32>>,
    item: Vec<Spanned<WrittenItem>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenItem {
    name: String,
    points: u32,
    rules: Option<Vec<Spanned<String>>>,
    serves: Option<Spanned<u32>>,
    #[serde(default = "yes")]
    partial: bool,
    #[serde(default)]
    gate: bool,
}

fn yes() -> bool {
    true
}

const MOST_SEEDS: u64 = 1000;
const MOST_OPERATIONS: u32 = 1_000_000;
const MOST_POINTS: u32 = 1_000_000;

impl Rubric {
    /// Reads a rubric in TOML.
    ///
    /// # Errors
    /// When it is none: it says where.
    pub fn parse(text: &str) -> Result<Rubric, RubricError> {
        let written: Written = toml::from_str(text).map_err(|error| RubricError {
            span: error.span().unwrap_or(0..0),
            message: error.message().to_owned(),
        })?;
        let items = written.item.into_iter().map(Item::read);
        Ok(Rubric {
            title: written.title,
            machines: chosen(written.machines)?,
            seeds: within(written.seeds, 6, MOST_SEEDS)?,
            // Fits: it is not above a number that does.
            operations: within(written.operations, 1000, MOST_OPERATIONS)?,
            shrink_operations: 100_000,
            items: items.collect::<Result<_, _>>()?,
        })
    }

    /// The points there are.
    pub fn points(&self) -> u32 {
        self.items.iter().map(|item| item.points).sum()
    }
}

impl Item {
    fn read(written: Spanned<WrittenItem>) -> Result<Item, RubricError> {
        let span = written.span();
        let wrong = |message: &str| RubricError {
            span: span.clone(),
            message: message.to_owned(),
        };
        let item = written.into_inner();
        if item.points > MOST_POINTS {
            return Err(wrong(&format!("an item has at most {MOST_POINTS} points")));
        }
        let ask = match (item.rules, item.serves) {
            (Some(rules), None) if !rules.is_empty() => {
                Ask::Never(rules.into_iter().map(kind).collect::<Result<_, _>>()?)
            }
            (None, Some(percent)) => Ask::Serves(within(Some(percent), 100, 100)?),
            (Some(_), None) => return Err(wrong("`rules` names no rule")),
            _ => return Err(wrong("an item has either `rules` or `serves`")),
        };
        Ok(Item {
            name: item.name,
            points: item.points,
            ask,
            partial: item.partial,
            gate: item.gate,
        })
    }
}

/// The id of a rule, or how an allocator ends.
fn kind(written: Spanned<String>) -> Result<String, RubricError> {
    let name = written.get_ref();
    if rules::by_id(name).is_some() || DEATHS.contains(&name.as_str()) {
        return Ok(written.into_inner());
    }
    let ids: Vec<_> = rules::ALL.iter().map(|rule| rule.id).collect();
    Err(RubricError {
        span: written.span(),
        message: format!(
            "no rule `{name}`: there are {}, and of other ends {}",
            ids.join(", "),
            DEATHS.join(", ")
        ),
    })
}

/// Machines of the suite by name; none named, all.
fn chosen(names: Option<Vec<Spanned<String>>>) -> Result<Vec<MachineSpec>, RubricError> {
    let all = machines::all();
    let Some(names) = names else { return Ok(all) };
    let machine = |name: Spanned<String>| {
        let found = all.iter().find(|machine| machine.name == *name.get_ref());
        found.cloned().ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|machine| machine.name.as_str()).collect();
            RubricError {
                span: name.span(),
                message: format!(
                    "no machine `{}`: there are {}",
                    name.get_ref(),
                    known.join(", ")
                ),
            }
        })
    };
    names.into_iter().map(machine).collect()
}

/// A number from 1 to `most`; `default` if there is none.
fn within<N: Copy + PartialOrd + From<u8> + std::fmt::Display>(
    number: Option<Spanned<N>>,
    default: N,
    most: N,
) -> Result<N, RubricError> {
    let Some(number) = number else {
        return Ok(default);
    };
    let value = *number.get_ref();
    if N::from(1) <= value && value <= most {
        return Ok(value);
    }
    Err(RubricError {
        span: number.span(),
        message: format!("{value} is not from 1 to {most}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, at: &str, says: &str) {
        let error = Rubric::parse(text).unwrap_err();
        assert_eq!(&text[error.span.clone()], at, "{error}");
        assert!(error.message.contains(says), "{error}");
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let item = "title = \"a\"\n[[item]]\nname = \"b\"\npoints = 1\n";
        refused(
            &format!("{item}rules = [\"LEND-99\"]\n"),
            "\"LEND-99\"",
            "there are LEND-01,",
        );
        refused(&format!("{item}serves = 101\n"), "101", "not from 1 to 100");
        refused(
            "title = \"a\"\nmachines = [\"big\"]\nitem = []\n",
            "\"big\"",
            "there are sixteen, one-node",
        );
        refused(
            "title = \"a\"\nseeds = 0\nitem = []\n",
            "0",
            "not from 1 to 1000",
        );
        refused("title = \"a\"\nitems = []\n", "items", "unknown field");
        let neither = Rubric::parse(item).unwrap_err();
        assert_eq!(neither.message, "an item has either `rules` or `serves`");
    }
}
