//! One state, and what comes of it.

use std::cell::Cell;
use std::collections::BTreeSet;

use pfnlab_model::{CpuId, Op, PageAllocator, Ticket};
use pfnlab_sim::{Checker, Outcome};

use super::form::{Form, Name};
use super::position::{Came, Position};
use super::world::{Asked, Lists, Move, World};
use crate::quiet::survive;
use crate::{Finding, Patience};

/// What a block is called that is just asked for or given back. High, where names cost no table.
const NAMED: Ticket = Ticket(1 << 40);

/// What comes of a state.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// Pairs of what happened, and the state that came of it.
    pub(super) transitions: u64,
    /// Those that were a request refused.
    pub(super) refused: u64,
    /// The states that were not known before, each once.
    pub(super) children: Vec<Child>,
}

/// A state that was not known before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    pub(super) step: Move,
    pub(super) name: Name,
    /// What it is called but for the order of lists, if that matters.
    pub(super) arrangement: Option<Name>,
}

/// What is wrong, and with which move of the state; `None`: with the state itself.
pub(super) type Broken = (Option<Move>, Finding);

/// Asks every rule in a state, if they are to be asked there, and makes every move. `known` says
/// which states are not new.
pub(super) fn expand<A: PageAllocator + Clone>(
    position: &Position<A>,
    world: &World<A>,
    form: &Form,
    ask: bool,
    known: impl Fn(&Name) -> bool,
) -> Result<Expanded, Broken> {
    let latest = Cell::new(None);
    let expanded = survive(|| all_moves(position, world, form, ask, &known, &latest));
    expanded.unwrap_or_else(|death| Err((latest.get(), Finding::death(None, death))))
}

fn all_moves<A: PageAllocator + Clone>(
    position: &Position<A>,
    world: &World<A>,
    form: &Form,
    ask: bool,
    known: &impl Fn(&Name) -> bool,
    latest: &Cell<Option<Move>>,
) -> Result<Expanded, Broken> {
    let broken = |step| move |finding| (step, finding);
    let checker = match ask {
        true => Some(checker(position).map_err(broken(None))?),
        false => None,
    };
    let mut expanded = Expanded::default();
    let mut came_of_it = BTreeSet::new();
    for steps in moves(position, world) {
        came_of_it.clear();
        for step in steps {
            latest.set(Some(step));
            let (next, came) = match (&checker, world.asked) {
                (Some(checker), Asked::Moves) => checked(checker, position, step, world),
                _ => played(position, step, world),
            }
            .map_err(broken(Some(step)))?;
            let name = form.name(next.inspect(), &next.held);
            if !came_of_it.insert(name) {
                continue;
            }
            expanded.transitions += 1;
            expanded.refused += u64::from(matches!(came, Came::Refused));
            if !known(&name) && expanded.children.iter().all(|other| other.name != name) {
                let arrangement = || form.arrangement(next.inspect(), &next.held);
                expanded.children.push(Child {
                    step,
                    name,
                    arrangement: (world.asked == Asked::Arrangements).then(arrangement),
                });
            }
        }
    }
    Ok(expanded)
}

/// Every move there is, those together that differ only in which block is at the head of its list.
fn moves<A: PageAllocator + Clone>(position: &Position<A>, world: &World<A>) -> Vec<Vec<Move>> {
    let free = match world.lists {
        Lists::Ordered => Vec::new(),
        Lists::AnyHead(_) => position.free(),
    };
    // Fits: a world is small.
    let asked = (0..world.requests.len() as u8).map(|request| {
        let order = world.requests[usize::from(request)].order;
        // Nothing changes by bringing the head to the head, or a block that is too small.
        let heads = (1..free.len()).filter(|&at| {
            let same_list = (free[at].0, free[at].1) == (free[at - 1].0, free[at - 1].1);
            same_list && order <= free[at].0
        });
        let heads = [None].into_iter().chain(heads.map(|at| Some(at as u8)));
        heads.map(|head| Move::Ask { request, head }).collect()
    });
    let given_back = (0..position.held.len() as u8).map(|held| vec![Move::GiveBack { held }]);
    asked.chain(given_back).collect()
}

/// Whoever asks every rule from this state on.
fn checker<A: PageAllocator + Clone>(position: &Position<A>) -> Result<Checker<A>, Finding> {
    Ok(Checker::new(position.allocator.clone())?)
}

/// Makes a move with every rule asked after it.
fn checked<A: PageAllocator + Clone>(
    from: &Checker<A>,
    position: &Position<A>,
    step: Move,
    world: &World<A>,
) -> Result<(Position<A>, Came), Finding> {
    let mut held = position.held.clone();
    let (op, mut after) = match step {
        Move::Ask { request, head } => {
            let request = world.requests[usize::from(request)];
            let ticket = NAMED;
            let after = match head {
                None => from.clone(),
                Some(head) => {
                    let mut other = position.clone();
                    other.bring_to_head(head, world);
                    checker(&other)?
                }
            };
            (Op::Alloc { ticket, request }, after)
        }
        Move::GiveBack { held: at } => {
            let block = held.remove(usize::from(at));
            let ticket = NAMED;
            let mut after = from.clone();
            after.name(ticket, block);
            let (cpu, cold) = (CpuId(0), false);
            (Op::Free { ticket, cpu, cold }, after)
        }
    };
    let outcome = after.step(&op, &mut Patience::default())?;
    let allocator = after.into_allocator();
    let mut next = Position { allocator, held };
    let came = match outcome {
        Outcome::Lent(block) => next.take(Ok(block)),
        Outcome::Refused(error) => next.take(Err(error)),
        _ => Came::Moved,
    };
    Ok((next, came))
}

/// Makes a move and nothing else.
fn played<A: PageAllocator + Clone>(
    position: &Position<A>,
    step: Move,
    world: &World<A>,
) -> Result<(Position<A>, Came), Finding> {
    let mut next = position.clone();
    match next.play(step, world) {
        Came::NotTaken(block, error) => Err(Finding {
            kind: Finding::DRIVER.to_owned(),
            step: None,
            what: format!("{block} was not taken back: {error}"),
        }),
        came => Ok((next, came)),
    }
}
