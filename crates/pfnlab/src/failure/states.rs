//! The same request, asked again of states with the report's counts.

use pfnlab_linux::failure_report::FailureReport;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CompactGoal, CpuId, Gfp, MemoryOp, MigrateType, NodeId, Op, Order, Request, Snapshot, Ticket,
    ZoneId, ZoneKind,
};
use pfnlab_sim::{Driver, Outcome};
use rayon::prelude::*;
use serde::Serialize;

use super::counts::{NoStates, counts};
use super::zone::{Means, reserve};
use super::{Change, Diagnosis};
use crate::import::{self, Known, LivedIn, lived_in};
use crate::kernel;

/// An ensemble of states with a report's counts, and what a request came to in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "are")]
pub enum States {
    /// Nobody asked for any.
    NotAsked,
    /// None can be made of this report.
    Impossible {
        /// Why.
        why: String,
    },
    /// They were asked. What came of each change is said with it ([`WhatIf`](super::WhatIf)).
    Asked {
        /// How many there are: of the seeds from 1 on.
        seeds: u32,
        /// In how many the request was served as it was.
        served: u32,
    },
}

/// Where the names of frames begin that somebody has.
const OWNED: u64 = 1 << 32;

/// Asks the states of `seeds` seeds, with nothing changed and with each of the diagnosis' changes.
pub(super) fn ask(diagnosis: &mut Diagnosis, report: &FailureReport, means: &Means, seeds: u32) {
    if seeds == 0 {
        return;
    }
    let changes: Vec<Option<Change>> = std::iter::once(None)
        .chain(diagnosis.what_if.iter().map(|row| Some(row.change)))
        .collect();
    let rules = diagnosis.asked.rules;
    let profile = kernel::profile(Some(rules)).expect("the profile of a rule is one");
    let all: Result<Vec<Vec<bool>>, NoStates> = (1..=u64::from(seeds))
        .into_par_iter()
        .map(|seed| one(report, profile, means, &changes, seed))
        .collect();
    match all {
        Err(NoStates(why)) => diagnosis.states = States::Impossible { why },
        Ok(all) => {
            // Fits: there are no more states than seeds.
            let served = |at: usize| all.iter().filter(|state| state[at]).count() as u32;
            diagnosis.states = States::Asked {
                seeds,
                served: served(0),
            };
            for (at, row) in diagnosis.what_if.iter_mut().enumerate() {
                row.states = Some(served(at + 1));
            }
        }
    }
}

/// What one state comes to, change by change.
fn one(
    report: &FailureReport,
    profile: &'static Profile,
    means: &Means,
    changes: &[Option<Change>],
    seed: u64,
) -> Result<Vec<bool>, NoStates> {
    let refused = |error: crate::Error| NoStates(error.to_string());
    let counts = counts(report, seed)?;
    let cma = counts.zones.iter().flat_map(|zone| &zone.free);
    let cma = cma.clone().any(|free| free.mt == Some(MigrateType::Cma));
    let config = match cma {
        true => Config::X86_64_CMA,
        false => Config::X86_64,
    };
    let state = import::state(&counts, profile, &config, &Known::default(), seed);
    let mut state = state.map_err(refused)?;
    // The report's kernel may have other zones than a PC's, and so lists other reserves.
    let kinds: Vec<ZoneKind> = state.zones.iter().map(|zone| zone.id.kind).collect();
    for zone in &mut state.zones {
        if let Some(reported) = report.zones.iter().find(|other| other.id == zone.id) {
            for (pages, kind) in zone.lowmem_reserve.iter_mut().zip(&kinds) {
                *pages = reserve(report, reported, *kind);
            }
        }
    }
    let state = state;
    let wanted = |id: ZoneId| {
        let zone = counts.zones.iter().find(|zone| zone.id == id);
        let value = |name| zone.and_then(|zone| zone.value(name)).unwrap_or(0);
        (
            value("nr_zone_inactive_file"),
            value("nr_zone_inactive_anon"),
        )
    };
    let mut owned = state.clone();
    let owners = lived_in(&mut owned, wanted, seed);
    let outcome = |change: &Option<Change>| match change {
        None => asked(&state, means, None, &LivedIn::default()),
        Some(change @ (Change::Compacted | Change::DroppedAndCompacted)) => {
            asked(&owned, means, Some(*change), &owners)
        }
        Some(change) => asked(&state, means, Some(*change), &LivedIn::default()),
    };
    changes.iter().map(outcome).collect()
}

/// Whether a state serves the request.
fn asked(
    state: &Snapshot,
    means: &Means,
    change: Option<Change>,
    owners: &LivedIn,
) -> Result<bool, NoStates> {
    let mut means = *means;
    let mut changed = None;
    match change {
        Some(Change::Order(order)) => means.order = order,
        Some(Change::Atomic) => means.gfp = means.atomic(),
        Some(Change::Movable) => means.gfp = means.movable(),
        Some(other) => changed = turned(state, other),
        None => {}
    }
    let mm = Mm::resume(changed.as_ref().unwrap_or(state));
    let mm = mm.map_err(|error| NoStates(error.to_string()))?;
    let mut driver = Driver::new(mm);
    let files = (OWNED..).zip(&owners.files);
    let others = (OWNED + owners.files.len() as u64..).zip(&owners.others);
    for (ticket, block) in files.chain(others) {
        driver.hold(Ticket(ticket), *block, true);
    }
    let mut step = |op: Op| {
        let outcome = driver.step_told(&op, &mut ());
        outcome.map_err(|error| NoStates(error.to_string()))
    };
    let cpu = CpuId(0);
    if change == Some(Change::DroppedAndCompacted) {
        for ticket in (OWNED..).take(owners.files.len()).map(Ticket) {
            let cold = false;
            step(Op::Free { ticket, cpu, cold })?;
        }
    }
    if let Some(Change::Compacted | Change::DroppedAndCompacted) = change {
        let nodes = state.zones.iter().map(|zone| zone.id.node.0).max();
        for node in (0..=nodes.unwrap_or(0)).map(NodeId) {
            let goal = CompactGoal::All;
            step(Op::Memory(MemoryOp::Compact { node, goal, cpu }))?;
        }
    }
    let Ok(order) = Order::new(means.order) else {
        return Ok(false);
    };
    let request = Request {
        order,
        ..Request::new(means.gfp)
    };
    let outcome = step(Op::Alloc {
        ticket: Ticket(0),
        request,
    })?;
    Ok(matches!(outcome, Outcome::Lent(_)))
}

/// The state, with a knob turned.
fn turned(state: &Snapshot, change: Change) -> Option<Snapshot> {
    let mut state = state.clone();
    for zone in &mut state.zones {
        match change {
            Change::HalfMinFree => zone.watermarks.min /= 2,
            Change::NoLowmemReserve => zone.lowmem_reserve.fill(0),
            Change::NoBoost => zone.boost = 0,
            Change::NoHighatomic => {
                for list in &mut zone.free_lists {
                    if list.mt == MigrateType::HighAtomic {
                        list.mt = MigrateType::Unmovable;
                    }
                }
                zone.highatomic_reserved = 0;
                zone.highatomic_free = zone.highatomic_free.map(|_| 0);
            }
            _ => return None,
        }
    }
    Some(state)
}

impl Means {
    /// The flags of one who may use atomic reserves.
    pub(super) fn atomic(&self) -> Gfp {
        self.gfp.without(Gfp::DIRECT_RECLAIM | Gfp::NOMEMALLOC) | Gfp::GFP_ATOMIC
    }

    /// The flags of one whose pages can be moved.
    pub(super) fn movable(&self) -> Gfp {
        self.gfp.without(Gfp::RECLAIMABLE) | Gfp::MOVABLE
    }
}
