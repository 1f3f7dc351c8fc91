//! The same request, asked again of states with the report's counts.

use pfnlab_linux::failure_report::FailureReport;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CompactGoal, CpuId, Gfp, MemoryOp, MigrateType, NodeId, Order, PageAllocator, PfnRange,
    Request, Snapshot, ZoneId, ZoneKind,
};
use rayon::prelude::*;
use serde::Serialize;

use super::counts::{NoStates, counts, is_arm64};
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
pub(super) fn ask(diagnosis: &mut Diagnosis, means: &Means, seeds: u32) {
    if seeds == 0 {
        return;
    }
    let changes: Vec<Option<Change>> = std::iter::once(None)
        .chain(diagnosis.what_if.iter().map(|row| Some(row.change)))
        .collect();
    let rules = diagnosis.asked.rules;
    let report = &diagnosis.report;
    let profile = kernel::profile(Some(rules)).expect("the profile of a rule is one");
    let all: Result<Vec<Vec<bool>>, NoStates> = (1..=u64::from(seeds))
        .into_par_iter()
        .map(|seed| {
            let mut member = Member::new(report, profile, seed)?;
            let count = changes.len();
            let changes = (1..).zip(&changes);
            changes
                .map(|(number, change)| member.serves(means, *change, number == count))
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
    /// Somebody has these pages.
    pages: LivedIn,
    /// The state in which they are handed out, until nobody asks for it any more.
    lived_in: Option<Mm>,
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
        let config = match is_arm64(&counts) {
            true => Config {
                arch: Config::ARM64.arch,
                ..config
            },
            false => config,
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
            lived_in: Some(resumed(&owned)?),
            state,
            pages,
            nodes: counts.nodes(),
        })
    }

    /// The state in which pages are handed out. It is large: whoever asks last has the only one.
    fn lived_in(&mut self, last: bool) -> Mm {
        let lived_in = match last {
            true => self.lived_in.take(),
            false => self.lived_in.clone(),
        };
        lived_in.expect("it is taken last")
    }

    /// Whether the request is served, with something otherwise; `last`: nothing is asked after that.
    fn serves(
        &mut self,
        means: &Means,
        change: Option<Change>,
        last: bool,
    ) -> Result<bool, NoStates> {
        let mut means = *means;
        let mut mm = match change {
            // Of a table that is hardly used most is never there: cheaper made anew than copied.
            None | Some(Change::Order(_) | Change::Atomic | Change::Movable) => {
                resumed(&self.state)?
            }
            Some(Change::Compacted) => {
                let mm = self.lived_in(last);
                let LivedIn { files, others } = &self.pages;
                compacted(mm, self.nodes, Owners::of(files.iter().chain(others)))?
            }
            Some(Change::DroppedAndCompacted) => {
                let mut mm = self.lived_in(last);
                for page in self.pages.files.iter().map(|pfn| Block::page(*pfn)) {
                    let freed = mm.free(page, CPU, &mut ());
                    freed.expect("it is handed out in this state");
                }
                compacted(mm, self.nodes, Owners::of(self.pages.others.iter()))?
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
