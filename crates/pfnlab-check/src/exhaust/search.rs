//! The search.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use pfnlab_model::{Block, CpuId, Op, PageAllocator, Ticket};
use rayon::prelude::*;

use super::expand::{Broken, Expanded, expand};
use super::form::{Form, Name};
use super::position::Position;
use super::world::{Lists, Move, World, WorldError};
use crate::Finding;

/// So many states are looked at by one thread, one after the other: what follows the same way is
/// walked only once.
const RUN: usize = 128;

/// A search through a world, breadth first. Its result does not depend on how many threads there
/// are: states are numbered in the order in which one thread would find them.
pub struct Search<A> {
    pub(super) world: World<A>,
    pub(super) form: Form,
    pub(super) states: Vec<State>,
    seen: Seen,
    /// The arrangements of blocks in which rules are asked, where they are asked in one state of
    /// each.
    arrangements: Seen,
    /// So many states were looked at.
    pub(super) done: usize,
    pub(super) transitions: u64,
    pub(super) refused: u64,
}

/// A state: how it was reached first.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// The state before. The first is its own.
    pub(super) parent: u32,
    pub(super) step: [u8; 2],
    /// Rules are asked in it.
    pub(super) ask: bool,
}

/// The names of all states. Nobody walks through it, so its order does not matter.
#[expect(
    clippy::disallowed_types,
    reason = "it is never walked through, and not seeded"
)]
type Seen = std::collections::HashSet<Name, BuildHasherDefault<AsItIs>>;

/// A name is a fingerprint already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|&byte| self.0 = self.0 << 8 | u64::from(byte));
    }

    fn write_u128(&mut self, name: u128) {
        self.0 = name as u64;
    }
}

/// What a search saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// States.
    pub states: u64,
    /// Those that were looked at; the others were only reached.
    pub looked_at: u64,
    /// Pairs of a request, or of a block given back, and a state that came of it, from all states.
    pub transitions: u64,
    /// Those that were a request refused.
    pub refused: u64,
    /// Moves to the state that is hardest to reach.
    pub depth: u64,
}

/// What is wrong, and the shortest way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is wrong.
    pub finding: Finding,
    /// What was done, in order: the operation, and which free block was brought to the head of its
    /// list before it.
    pub way: Vec<(Option<Block>, Op)>,
}

impl<A: PageAllocator + Clone + Send + Sync> Search<A> {
    /// Begins.
    ///
    /// # Errors
    /// When the world is not small, or nobody can look into it.
    pub fn new(world: World<A>) -> Result<Search<A>, WorldError> {
        let first = Position::first(&world);
        let inspect = first.allocator.inspect().ok_or(WorldError::Closed)?;
        let pageblocks = world.pageblocks(&inspect.snapshot())?;
        let form = Form::new(&world, inspect, pageblocks);
        let name = form.name(inspect, &[]);
        let arrangement = form.arrangement(inspect, &[]);
        Ok(Search {
            world,
            form,
            states: vec![State {
                parent: 0,
                step: [0; 2],
                ask: true,
            }],
            arrangements: Seen::from_iter([arrangement]),
            seen: Seen::from_iter([name]),
            done: 0,
            transitions: 0,
            refused: 0,
        })
    }

    /// Looks at `most` more states, on the threads of the pool it is called in. `false`: there were
    /// no more.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn advance(&mut self, most: usize) -> Result<bool, Box<Found>> {
        let end = self.states.len().min(self.done.saturating_add(most));
        let runs: Vec<usize> = (self.done..end).step_by(RUN).collect();
        let expanded: Vec<Vec<Result<Expanded, Broken>>> = runs
            .into_par_iter()
            .map(|from| self.look_at(from, end.min(from + RUN)))
            .collect();
        for result in expanded.into_iter().flatten() {
            let state = self.done;
            let expanded = result.map_err(|broken| Box::new(self.found(state, broken)))?;
            self.transitions += expanded.transitions;
            self.refused += expanded.refused;
            for child in expanded.children {
                if let Some(ask) = self.enter(child.name, child.arrangement) {
                    // Fits: 2^32 names would take 64 GiB.
                    let parent = state as u32;
                    let step = child.step.bytes();
                    self.states.push(State { parent, step, ask });
                }
            }
            self.done += 1;
        }
        Ok(self.done < self.states.len())
    }

    /// Looks at all states there are.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn finish(&mut self) -> Result<Counts, Box<Found>> {
        while self.advance(1 << 14)? {}
        Ok(self.counts())
    }

    /// What was seen so far.
    pub fn counts(&self) -> Counts {
        Counts {
            states: self.states.len() as u64,
            looked_at: self.done as u64,
            transitions: self.transitions,
            refused: self.refused,
            depth: self.way(self.states.len() - 1).len() as u64,
        }
    }

    /// Looks at some states, one after the other, up to the first with which something is wrong.
    fn look_at(&self, from: usize, to: usize) -> Vec<Result<Expanded, Broken>> {
        let mut walker = Walker::new(self);
        let mut all = Vec::with_capacity(to - from);
        for state in from..to {
            let position = walker.walk_to(state);
            let ask = self.states[state].ask;
            let expanded = expand(position, &self.world, &self.form, ask, |name| {
                self.seen.contains(name)
            });
            let ends = expanded.is_err();
            all.push(expanded);
            if ends {
                break;
            }
        }
        all
    }

    /// The moves that lead to a state.
    fn way(&self, state: usize) -> Vec<Move> {
        let mut way = Vec::new();
        let mut at = state;
        while at > 0 {
            let State { parent, step, .. } = self.states[at];
            way.push(Move::from_bytes(step));
            at = parent as usize;
        }
        way.reverse();
        way
    }

    /// Enters a state, and says whether rules are asked in it; `None`: it was known.
    pub(super) fn enter(&mut self, name: Name, arrangement: Option<Name>) -> Option<bool> {
        let new = self.seen.insert(name);
        new.then(|| arrangement.is_none_or(|arrangement| self.arrangements.insert(arrangement)))
    }

    fn found(&self, state: usize, (step, mut finding): Broken) -> Found {
        let mut way = self.way(state);
        way.extend(step);
        finding.step = way.len().checked_sub(1);
        let mut position = Position::first(&self.world);
        let mut tickets: BTreeMap<Block, Ticket> = BTreeMap::new();
        let mut told = Vec::new();
        for (number, step) in (1..).zip(&way) {
            let ticket = Ticket(number);
            let (head, op) = match *step {
                Move::Ask { request, head } => {
                    let request = self.world.requests[usize::from(request)];
                    let head = head.and_then(|head| position.free_block(head));
                    (head, Op::Alloc { ticket, request })
                }
                Move::GiveBack { held } => {
                    let ticket = tickets.remove(&position.held[usize::from(held)]);
                    let ticket = ticket.unwrap_or(Ticket(0));
                    let (cpu, cold) = (CpuId(0), false);
                    (None, Op::Free { ticket, cpu, cold })
                }
            };
            told.push((head, op));
            if number as usize == way.len() {
                // What is wrong may be a panic.
                break;
            }
            position.play(*step, &self.world);
            let held = position.held.iter();
            held.for_each(|&block| {
                tickets.entry(block).or_insert(ticket);
            });
        }
        Found { finding, way: told }
    }
}

/// Walks from state to state. What was found one after the other mostly comes of the same state, and
/// its way is walked once.
pub(super) struct Walker<'a, A> {
    search: &'a Search<A>,
    parent: Option<(u32, Position<A>)>,
    here: Position<A>,
}

impl<'a, A: PageAllocator + Clone + Send + Sync> Walker<'a, A> {
    pub(super) fn new(search: &'a Search<A>) -> Walker<'a, A> {
        Walker {
            search,
            parent: None,
            here: Position::first(&search.world),
        }
    }

    pub(super) fn walk_to(&mut self, state: usize) -> &Position<A> {
        if state == 0 {
            self.here = Position::first(&self.search.world);
            return &self.here;
        }
        let State { parent, step, .. } = self.search.states[state];
        let known = self.parent.take().filter(|(known, _)| *known == parent);
        let (_, before) = self.parent.insert(known.unwrap_or_else(|| {
            let mut position = Position::first(&self.search.world);
            for step in self.search.way(parent as usize) {
                position.play(step, &self.search.world);
            }
            (parent, position)
        }));
        self.here = before.clone();
        self.here.play(Move::from_bytes(step), &self.search.world);
        &self.here
    }
}

impl<A> Search<A> {
    /// Whether the order of lists is part of a state.
    pub fn is_ordered(&self) -> bool {
        matches!(self.world.lists, Lists::Ordered)
    }
}

impl Found {
    /// The way, as lines of a trace; what no operation does is a comment.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (head, op) in &self.way {
            lines.extend(head.map(|head| format!("# {head} is brought to the head of its list")));
            lines.push(op.to_string());
        }
        lines
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.finding)?;
        let lines = self.lines();
        lines.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
