//! The same request, asked again of states with the report's counts.

use pfnlab_linux::failure_report::FailureReport;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CompactGoal, CpuId, Gfp, MemoryOp, MigrateType, NodeId, Order, PageAllocator, PfnRange,
    Request, Snapshot, ZoneId, ZoneKind,
};
use rayon::prelude::*;
use serde::Serialize;

use super::counts::{NoStates, counts};
use super::owners::Owners;
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
        .map(|seed| {
            let member = Member::new(report, profile, seed)?;
            let changes = changes.iter();
            changes
                .map(|change| member.serves(means, *change))
                .collect()
        })
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

/// A state with a report's counts.
struct Member {
    state: Snapshot,
    mm: Mm,
    /// Somebody has these pages.
    pages: LivedIn,
    /// The state in which they are handed out.
    lived_in: Mm,
    nodes: u16,
}

impl Member {
    fn new(
        report: &FailureReport,
        profile: &'static Profile,
        seed: u64,
    ) -> Result<Member, NoStates> {
        let counts = counts(report, seed)?;
        let mut free = counts.zones.iter().flat_map(|zone| &zone.free);
        let config = match free.any(|free| free.mt == Some(MigrateType::Cma)) {
            true => Config::X86_64_CMA,
            false => Config::X86_64,
        };
        let state = import::state(&counts, profile, &config, &Known::default(), seed);
        let mut state = state.map_err(|error| NoStates(error.to_string()))?;
        // The report's kernel may have other zones than a PC's, and so lists other reserves.
        let kinds: Vec<ZoneKind> = state.zones.iter().map(|zone| zone.id.kind).collect();
        for zone in &mut state.zones {
            if let Some(reported) = report.zones.iter().find(|other| other.id == zone.id) {
                for (pages, kind) in zone.lowmem_reserve.iter_mut().zip(&kinds) {
                    *pages = reserve(report, reported, *kind);
                }
            }
        }
        let wanted = |id: ZoneId| {
            let zone = counts.zones.iter().find(|zone| zone.id == id);
            let value = |name| zone.and_then(|zone| zone.value(name)).unwrap_or(0);
            (
                value("nr_zone_inactive_file"),
                value("nr_zone_inactive_anon"),
            )
        };
        let mut owned = state.clone();
        let pages = lived_in(&mut owned, wanted, seed);
        Ok(Member {
            mm: resumed(&state)?,
            lived_in: resumed(&owned)?,
            state,
            pages,
            nodes: counts.nodes(),
        })
    }

    /// Whether the request is served, with something otherwise.
    fn serves(&self, means: &Means, change: Option<Change>) -> Result<bool, NoStates> {
        let mut means = *means;
        let LivedIn { files, others } = &self.pages;
        let mut mm = match change {
            None | Some(Change::Order(_) | Change::Atomic | Change::Movable) => self.mm.clone(),
            Some(Change::Compacted) => {
                let owners = Owners::of(files.iter().chain(others));
                compacted(self.lived_in.clone(), self.nodes, owners)?
            }
            Some(Change::DroppedAndCompacted) => {
                let mut mm = self.lived_in.clone();
                for page in files.iter().map(|pfn| Block::page(*pfn)) {
                    let freed = mm.free(page, CPU, &mut ());
                    freed.expect("it is handed out in this state");
                }
                compacted(mm, self.nodes, Owners::of(others))?
            }
            Some(knob) => resumed(&turned(&self.state, knob))?,
        };
        match change {
            Some(Change::Order(order)) => means.order = order,
            Some(Change::Atomic) => means.gfp = means.atomic(),
            Some(Change::Movable) => means.gfp = means.movable(),
            _ => {}
        }
        let Ok(order) = Order::new(means.order) else {
            return Ok(false);
        };
        let request = Request {
            order,
            ..Request::new(means.gfp)
        };
        Ok(mm.alloc(&request, &mut ()).is_ok())
    }
}

/// The CPU everything is done on: a report does not say how many there are.
const CPU: CpuId = CpuId(0);

fn resumed(state: &Snapshot) -> Result<Mm, NoStates> {
    Mm::resume(state).map_err(|error| NoStates(error.to_string()))
}

/// Everything compacted that can be.
fn compacted(mut mm: Mm, nodes: u16, mut owners: Owners) -> Result<Mm, NoStates> {
    for node in (0..nodes).map(NodeId) {
        let (goal, cpu) = (CompactGoal::All, CPU);
        let op = MemoryOp::Compact { node, goal, cpu };
        let done = mm.memory(&op, PfnRange::default(), &mut owners, &mut ());
        done.map_err(|error| NoStates(error.to_string()))?;
    }
    Ok(mm)
}

/// The state, with a knob turned.
fn turned(state: &Snapshot, change: Change) -> Snapshot {
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
            _ => {}
        }
    }
    state
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
