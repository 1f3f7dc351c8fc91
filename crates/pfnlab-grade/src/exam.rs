//! An allocator on every machine of a rubric.

use std::collections::BTreeMap;

use pfnlab_check::{Case, Finding, Suite, catch};
use pfnlab_model::{Block, Gfp, Machine, MachineSpec, PageAllocator, Request};

use crate::rubric::{DEATHS, Rubric};

/// What was found on a machine.
pub(crate) struct Sitting {
    pub(crate) machine: String,
    /// By kind the first finding.
    pub(crate) found: BTreeMap<String, (Case, Finding)>,
    /// It lived through the work of one seed at least; else nothing was shown.
    pub(crate) survived: bool,
    /// The share of the frames that it hands out, in percent.
    pub(crate) serves: u32,
}

/// After so many deaths on a machine, it is enough.
const DEATHS_ENOUGH: u32 = 2;

/// An allocator on every machine; `done` is told after each.
pub(crate) fn sit<A: PageAllocator>(
    rubric: &Rubric,
    make: &impl Fn(&Machine) -> A,
    mut done: impl FnMut(&str),
) -> Vec<Sitting> {
    let sit = |spec: &MachineSpec| {
        let sitting = on(rubric, spec, make);
        done(&spec.name);
        sitting
    };
    rubric.machines.iter().map(sit).collect()
}

fn on<A: PageAllocator>(
    rubric: &Rubric,
    spec: &MachineSpec,
    make: &impl Fn(&Machine) -> A,
) -> Sitting {
    let mut sitting = Sitting {
        machine: spec.name.clone(),
        found: BTreeMap::new(),
        survived: false,
        serves: spec.build().map_or(0, |machine| served(&machine, make)),
    };
    let suite = suite(rubric).machines(vec![spec.clone()]).seeds(1);
    let mut deaths = 0;
    for seed in 1..=rubric.seeds {
        let Some((case, finding)) = suite.clone().first_seed(seed).first(make) else {
            sitting.survived = true;
            continue;
        };
        if DEATHS.contains(&finding.kind.as_str()) {
            deaths += 1;
        } else {
            sitting.survived = true;
        }
        let kind = finding.kind.clone();
        sitting.found.entry(kind).or_insert((case, finding));
        if deaths == DEATHS_ENOUGH {
            break;
        }
    }
    sitting
}

/// The suite a rubric asks for.
pub(crate) fn suite(rubric: &Rubric) -> Suite {
    Suite::default()
        .operations(rubric.operations)
        .shrink_operations(rubric.shrink_operations)
}

/// The share of the frames that an allocator hands out one by one, in percent. A frame that is
/// handed out twice, or is none, does not count.
fn served<A: PageAllocator>(machine: &Machine, make: &impl Fn(&Machine) -> A) -> u32 {
    let memory: Vec<_> = machine.free_ranges().map(|memory| memory.range).collect();
    let frames: u64 = memory.iter().map(|range| range.frames()).sum();
    let served = catch(|| {
        let mut allocator = make(machine);
        let request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE);
        let blocks = (0..frames).map_while(|_| allocator.alloc(&request, &mut ()).ok());
        let mut frames: Vec<_> = blocks.map(Block::start).collect();
        frames.retain(|&frame| memory.iter().any(|range| range.contains(frame)));
        frames.sort_unstable();
        frames.dedup();
        frames.len() as u64
    });
    // Fits: it is at most 100.
    (served.unwrap_or(0) * 100 / frames.max(1)) as u32
}
