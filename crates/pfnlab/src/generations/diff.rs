//! A trace on two generations: where they part, and why.

use pfnlab_mm::Profile;
use pfnlab_model::{Event, Snapshot};
use pfnlab_sim::Outcome;
use serde::Serialize;

use super::end::Generation;
use super::lists::{self, ListDifference};
use super::side::Side;
use crate::replay::{Scene, frames, in_words};
use crate::{Error, TraceFile};

/// A trace on two generations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// How many operations it has.
    pub ops: u64,
    /// How many came to something else on the one than on the other.
    pub differing: u64,
    /// What differs as soon as both have booted; `None`: nothing that lists show.
    pub boot: Option<ListDifference>,
    /// The operation that left other lists behind although it came to the same, when that is
    /// earlier than `parting`; `None`: there is none, or the boot did.
    pub lists_parting: Option<Parting>,
    /// The first operation that came to something else; `None`: none did.
    pub parting: Option<Parting>,
    /// What differs in the end; `None`: nothing that lists show.
    pub end: Option<ListDifference>,
    /// What the trace came to on both.
    pub generations: [Generation; 2],
}

/// An operation at which two generations part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parting {
    /// Its position, from 0.
    pub step: u64,
    /// Its line in the trace, from 1.
    pub line: u32,
    /// The operation, as a trace would say it.
    pub op: String,
    /// What it left different; `None`: nothing that lists show.
    pub lists: Option<ListDifference>,
    /// What happened on either side.
    pub sides: [SideStory; 2],
}

/// What one operation did on one generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideStory {
    /// The generation.
    pub profile: &'static str,
    /// What came of it.
    pub outcome: String,
    /// The state before it, a line each: the zones and lists involved.
    pub before: Vec<String>,
    /// How it was decided, a line each.
    pub story: Vec<String>,
}

impl Diff {
    /// Whether the two came to anything else anywhere: an outcome, or the lists at the end.
    pub fn differs(&self) -> bool {
        self.differing > 0 || self.end.is_some()
    }
}

/// Runs a trace on two generations, whatever it says itself, and compares.
///
/// # Errors
/// When its start is not to be had on one of them, or a step cannot be run. A trace that starts
/// from a snapshot is of one generation.
pub fn diff(file: &TraceFile, profiles: [&'static Profile; 2]) -> Result<Diff, Error> {
    let count = file.trace().steps.len();
    let pair = Pair { file, profiles };
    let mut sides = pair.boot()?;
    let boot = differing(&sides);
    let (mut different, mut first) = (0, None);
    for at in 0..count {
        if !pair.step(&mut sides, at)? {
            different += 1;
            first.get_or_insert(at);
        }
    }
    let end = differing(&sides);
    let hidden = match (&boot, first) {
        (Some(_), _) => None,
        (None, Some(at)) => pair.first_lists(at)?.filter(|&hidden| hidden < at),
        (None, None) if end.is_some() => pair.first_lists(count - 1)?,
        (None, None) => None,
    };
    Ok(Diff {
        ops: count as u64,
        differing: different,
        boot,
        lists_parting: hidden.map(|at| pair.tell(at)).transpose()?,
        parting: first.map(|at| pair.tell(at)).transpose()?,
        end,
        generations: [sides[0].finish(), sides[1].finish()],
    })
}

fn differing(sides: &[Side; 2]) -> Option<ListDifference> {
    lists::difference(&sides[0].snapshot(), &sides[1].snapshot())
}

/// A trace and the two generations it runs on.
struct Pair<'a> {
    file: &'a TraceFile,
    profiles: [&'static Profile; 2],
}

impl Pair<'_> {
    fn boot(&self) -> Result<[Side; 2], Error> {
        let [one, other] = self.profiles;
        Ok([Side::boot(self.file, one)?, Side::boot(self.file, other)?])
    }

    /// Runs an operation on both; whether it came to the same.
    fn step(&self, sides: &mut [Side; 2], at: usize) -> Result<bool, Error> {
        let [one, other] = sides;
        let outcome = one.step(self.file, at, &mut ())?;
        let others = other.step(self.file, at, &mut ())?;
        Ok(one.agrees(&outcome, other, &others))
    }

    /// Both, before an operation.
    fn before(&self, at: usize) -> Result<[Side; 2], Error> {
        let mut sides = self.boot()?;
        for earlier in 0..at {
            self.step(&mut sides, earlier)?;
        }
        Ok(sides)
    }

    /// An operation, up to the one at `last`, after which lists differ that did not before it;
    /// `None`: they are alike after it, too. Looks at half of what is left again and again, so that
    /// a long trace is run a few times and not compared at every step.
    fn first_lists(&self, last: usize) -> Result<Option<usize>, Error> {
        let differ_after =
            |at: usize| -> Result<bool, Error> { Ok(differing(&self.before(at + 1)?).is_some()) };
        if !differ_after(last)? {
            return Ok(None);
        }
        let (mut first, mut last) = (0, last);
        while first < last {
            let middle = first + (last - first) / 2;
            if differ_after(middle)? {
                last = middle;
            } else {
                first = middle + 1;
            }
        }
        Ok(Some(last))
    }

    /// What an operation did on both sides.
    fn tell(&self, at: usize) -> Result<Parting, Error> {
        let mut sides = self.before(at)?;
        let states = [sides[0].snapshot(), sides[1].snapshot()];
        let mut ran = Vec::new();
        for side in &mut sides {
            let mut events: Vec<Event> = Vec::new();
            let outcome = side.step(self.file, at, &mut events)?;
            ran.push((outcome, events));
        }
        let step = &self.file.trace().steps[at];
        let answers =
            [0, 1].map(|side: usize| ran[side].0.as_expectation(sides[side].driver().pages()));
        let told = |side: usize| {
            let (outcome, events): &(Outcome, Vec<Event>) = &ran[side];
            let before: &Snapshot = &states[side];
            let scene = Scene {
                op: &step.op,
                before,
                events,
            };
            let (own, others) = (&answers[side], &answers[1 - side]);
            let pfns = |answer| frames(Option::as_ref(answer));
            SideStory {
                profile: sides[side].name(),
                outcome: in_words(outcome, own.as_ref()),
                before: scene.between(pfns(own), pfns(others)),
                story: scene.story(),
            }
        };
        Ok(Parting {
            step: at as u64,
            line: self.file.line(at),
            op: step.op.to_string(),
            lists: differing(&sides),
            sides: [told(0), told(1)],
        })
    }
}
