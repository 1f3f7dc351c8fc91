//! The states of a run, counted and in words.

use std::collections::BTreeMap;
use std::fmt;

use pfnlab_model::Order;

use super::State;

/// States, and how many operations were in each.
///
/// ```
/// use pfnlab_sim::coverage::States;
/// let none = States::default();
/// assert!(none.is_empty());
/// assert!(none.to_string().starts_with("0 states"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States(BTreeMap<State, u64>);

impl States {
    /// So many operations were in a state.
    pub fn add(&mut self, state: State, operations: u64) {
        *self.0.entry(state).or_default() += operations;
    }

    /// Adds what another run reached.
    pub fn extend(&mut self, other: &States) {
        other
            .iter()
            .for_each(|(state, count)| self.add(*state, count));
    }

    /// Every state in order, and how many operations were in it.
    pub fn iter(&self) -> impl Iterator<Item = (&State, u64)> {
        self.0.iter().map(|(state, &count)| (state, count))
    }

    /// Whether some operation was in this state.
    pub fn contains(&self, state: &State) -> bool {
        self.0.contains_key(state)
    }

    /// How many states there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none: no operation asked anything of lists.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the states are made of, part by part.
    pub fn dimensions(&self) -> Vec<Dimension> {
        PARTS.iter().map(|part| self.dimension(part)).collect()
    }

    fn dimension(&self, &(name, value): &Part) -> Dimension {
        let mut values: BTreeMap<(u32, String), u64> = BTreeMap::new();
        for (state, count) in self.iter() {
            if let Some(value) = value(state) {
                *values.entry(value).or_default() += count;
            }
        }
        let values = values.into_iter().map(|((_, words), count)| (words, count));
        Dimension {
            name,
            values: values.collect(),
        }
    }
}

/// One part of all states: its values, and how many operations had each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// What it is.
    pub name: &'static str,
    /// Its values in words, in their order, and how many operations had each. Where a state has
    /// none, nothing is counted.
    pub values: Vec<(String, u64)>,
}

/// A value of a state and the words for it; values are told in the order of the numbers.
type Value = Option<(u32, String)>;

/// What a dimension is called, and how it is told.
type Part = (&'static str, fn(&State) -> Value);

const PARTS: [Part; 9] = [
    ("asked", |state| {
        Some((state.asked as u32, state.asked.name().to_owned()))
    }),
    ("order", |state| Some(number(state.order.get()))),
    ("type", |state| {
        state.mt.map(|mt| (mt as u32, mt.name().to_owned()))
    }),
    ("list", |state| {
        state.list.map(|list| (list as u32, list.name().to_owned()))
    }),
    ("split", |state| {
        (state.split > 0).then(|| number(state.split))
    }),
    ("merged", |state| {
        (state.merged > 0).then(|| number(state.merged))
    }),
    ("fallback", |state| {
        let (fallback, mt) = (state.fallback?, state.mt?);
        let claimed = if fallback.claimed { ", claimed" } else { "" };
        let words = format!("{} from {}{claimed}", mt.name(), fallback.from.name());
        let order = mt as u32 * 100 + fallback.from as u32 * 10 + u32::from(fallback.claimed);
        Some((order, words))
    }),
    ("zone passed over", |state| {
        state
            .passed
            .map(|passed| (passed as u32, passed.name().to_owned()))
    }),
    ("refused", |state| {
        state
            .refused
            .map(|refused| (refused as u32, refused.name().to_owned()))
    }),
];

fn number(number: u8) -> (u32, String) {
    (u32::from(number), number.to_string())
}

/// One line: how many states, and how much of each dimension. What was never seen is left out: an
/// allocator may not show it.
impl fmt::Display for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dimensions = self.dimensions();
        let values = |name| {
            let mut all = dimensions.iter();
            let found = all.find(|dimension| dimension.name == name);
            found.map_or(0, |dimension| dimension.values.len())
        };
        let deepest = |part: fn(&State) -> u8| self.0.keys().map(part).max().unwrap_or(0);
        write!(f, "{} states: ", self.len())?;
        write!(f, "{} of {} orders", values("order"), Order::COUNT)?;
        for (name, many) in [
            ("type", "types"),
            ("fallback", "fallbacks"),
            ("refused", "refusals"),
        ] {
            match values(name) {
                0 => {}
                1 => write!(f, ", 1 {}", &many[..many.len() - 1])?,
                count => write!(f, ", {count} {many}")?,
            }
        }
        for (what, depth) in [
            ("splits", deepest(|state| state.split)),
            ("merges", deepest(|state| state.merged)),
        ] {
            if depth > 0 {
                write!(f, ", {what} to {depth}")?;
            }
        }
        Ok(())
    }
}
