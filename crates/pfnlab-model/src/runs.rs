//! Runs of frames, ascending, no two of which touch: what is left when frames go, and come.

use alloc::vec::Vec;

use crate::PfnRange;

/// What is left of `runs` without the frames of `range`.
///
/// ```
/// use pfnlab_model::{Pfn, PfnRange, runs};
/// let run = |start, end| PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap();
/// assert_eq!(runs::without(&[run(0, 8)], run(2, 3)), [run(0, 2), run(3, 8)]);
/// ```
pub fn without(runs: &[PfnRange], range: PfnRange) -> Vec<PfnRange> {
    let parts = runs.iter().flat_map(|run| {
        let before = PfnRange::new(run.start(), run.end().min(range.start()));
        let behind = PfnRange::new(run.start().max(range.end()), run.end());
        [before, behind]
    });
    let parts = parts.flatten();
    parts.filter(|part| !part.is_empty()).collect()
}

/// `runs` and `range`, which shares no frame with them; runs that touch become one.
///
/// ```
/// use pfnlab_model::{Pfn, PfnRange, runs};
/// let run = |start, end| PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap();
/// assert_eq!(runs::with(&[run(0, 2), run(3, 8)], run(2, 3)), [run(0, 8)]);
/// ```
pub fn with(runs: &[PfnRange], range: PfnRange) -> Vec<PfnRange> {
    let mut all: Vec<PfnRange> = runs.iter().copied().chain([range]).collect();
    all.sort_unstable();
    let mut joined: Vec<PfnRange> = Vec::new();
    for run in all {
        match joined.last_mut() {
            Some(last) if last.end() == run.start() => {
                *last = PfnRange::sized(last.start(), last.frames() + run.frames());
            }
            _ => joined.push(run),
        }
    }
    joined
}

/// How many frames of `range` are in `runs`.
pub fn shared(runs: &[PfnRange], range: PfnRange) -> u64 {
    runs.iter()
        .map(|run| run.intersection(range).frames())
        .sum()
}
