//! A search, saved: the way to every state, six bytes each.

use std::io::{self, BufRead, Read, Write};

use pfnlab_model::PageAllocator;
use rayon::prelude::*;

use super::WorldError;
use super::form::Name;
use super::search::{Search, State, Walker};
use super::world::{Asked, World};

const FORMAT: &str = "pfnlab-exhaust 1";

/// A saved search that cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is none.
    #[error("this is no saved search: line {line} should be {expected}")]
    Line {
        /// Which, from 1.
        line: u32,
        /// What should stand there.
        expected: String,
    },
    /// Its states do not come of each other in this world.
    #[error("state {0} does not come of its parent in this world: it was saved by another version")]
    State(usize),
    /// The world cannot be searched.
    #[error(transparent)]
    World(#[from] WorldError),
}

impl<A: PageAllocator + Clone + Send + Sync> Search<A> {
    /// Saves the search. `world` names its world in one line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, world: &str, out: &mut impl Write) -> io::Result<()> {
        let counts = [
            self.states.len() as u64,
            self.done as u64,
            self.transitions,
            self.refused,
        ];
        let counts = counts.map(|count| count.to_string()).join(" ");
        writeln!(out, "{FORMAT}\n{world}\n{counts}")?;
        for State { parent, step, .. } in &self.states {
            out.write_all(&parent.to_le_bytes())?;
            out.write_all(step)?;
        }
        Ok(())
    }

    /// Goes on with a search that was saved. Every state is reached again to learn its name.
    ///
    /// # Errors
    /// When it is none, or one of another world.
    pub fn resume(
        world: World<A>,
        name: &str,
        input: &mut impl BufRead,
    ) -> Result<Search<A>, SavedError> {
        let mut search = Search::new(world)?;
        line(input, 1, FORMAT)?;
        line(input, 2, name)?;
        let mut counts = String::new();
        input.read_line(&mut counts)?;
        let numbers = counts.split_whitespace().map(str::parse);
        let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().unwrap_or_default();
        let [states, done, transitions, refused] = numbers[..] else {
            let expected = "four numbers".to_owned();
            return Err(SavedError::Line { line: 3, expected });
        };
        search.states = read_states(input, states)?;
        search.done = usize::try_from(done)
            .unwrap_or(usize::MAX)
            .min(search.states.len());
        (search.transitions, search.refused) = (transitions, refused);
        let names = names_of(&search);
        for (state, name) in names.into_iter().enumerate().skip(1) {
            let entered = name.and_then(|(name, arrangement)| search.enter(name, arrangement));
            search.states[state].ask = entered.ok_or(SavedError::State(state))?;
        }
        Ok(search)
    }
}

fn line(input: &mut impl BufRead, line: u32, expected: &str) -> Result<(), SavedError> {
    let mut text = String::new();
    // A file that is none may have no end of line.
    input.take(1 << 12).read_line(&mut text)?;
    match text.trim_end() == expected {
        true => Ok(()),
        false => Err(SavedError::Line {
            line,
            expected: format!("`{expected}`"),
        }),
    }
}

fn read_states(input: &mut impl BufRead, count: u64) -> Result<Vec<State>, SavedError> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let (states, rest) = bytes.as_chunks::<6>();
    if states.len() as u64 != count || !rest.is_empty() || count == 0 {
        let expected = format!("followed by {count} states of 6 bytes, one at least");
        return Err(SavedError::Line { line: 3, expected });
    }
    let states = states.iter().enumerate();
    let states = states.map(|(number, &[a, b, c, d, e, f])| {
        let parent = u32::from_le_bytes([a, b, c, d]);
        let before = number == 0 || (parent as usize) < number;
        let (step, ask) = ([e, f], true);
        let state = State { parent, step, ask };
        before.then_some(state).ok_or(SavedError::State(number))
    });
    states.collect()
}

/// What every state is called, and its arrangement; `None`: there is no such move.
fn names_of<A: PageAllocator + Clone + Send + Sync>(
    search: &Search<A>,
) -> Vec<Option<(Name, Option<Name>)>> {
    let count = search.states.len();
    let runs: Vec<usize> = (0..count).step_by(1 << 10).collect();
    let names = runs.into_par_iter().flat_map_iter(|from| {
        let mut walker = Walker::new(search);
        (from..count.min(from + (1 << 10))).map(move |state| {
            let position = crate::catch(|| {
                let position = walker.walk_to(state);
                let (inspect, held) = (position.inspect(), &position.held);
                let arrangements = search.world.asked == Asked::Arrangements;
                let arrangement = arrangements.then(|| search.form.arrangement(inspect, held));
                (search.form.name(inspect, held), arrangement)
            });
            position.ok()
        })
    });
    names.collect()
}
