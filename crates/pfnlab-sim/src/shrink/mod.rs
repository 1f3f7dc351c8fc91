//! Shrinking: a failing trace becomes a short one that fails in the same way.
//!
//! Operations are dropped in ever smaller chunks, then what is left is made plainer: lower orders,
//! fewer flags, no nodes, CPU 0. The same trace and the same predicate give the same result.
//!
//! - [`shrink`]: all of it.
//! - [`renumber`]: every ticket is given out once, so that any operation can be dropped.

mod plainer;
mod renumber;

use pfnlab_model::{Step, Trace};

pub use renumber::renumber;

/// The shortest trace found for which `fails` still holds, in at most `runs` calls of it. The
/// trace itself is taken to fail.
///
/// ```
/// # use pfnlab_model::Trace;
/// let text = "#pfnlab-trace 1\nmachine m\na 1 order=3\na 2 order=4 gfp=GFP_USER cpu=1\nf 1\n";
/// let trace = Trace::parse(text).unwrap().trace;
/// let short = pfnlab_sim::shrink(&trace, 100, |trace| trace.to_string().contains("order=4"));
/// assert_eq!(
///     short.to_string(),
///     "#pfnlab-trace 1\nmachine m\na 1 order=4 gfp=GFP_KERNEL cpu=0\n"
/// );
/// ```
pub fn shrink(trace: &Trace, runs: u32, fails: impl FnMut(&Trace) -> bool) -> Trace {
    let mut search = Search {
        best: trace.clone(),
        left: runs,
        fails,
    };
    search.accept(renumber(trace));
    loop {
        let before = search.best.steps.len();
        let dropped = search.drop_chunks();
        let changed = search.make_plainer();
        let shorter = search.best.steps.len() < before;
        if search.left == 0 || !(dropped || changed || shorter) {
            break;
        }
    }
    // The last look is free: it costs one run more than asked for at most.
    search.left = 1;
    search.accept(renumber(&search.best));
    search.best
}

struct Search<F> {
    best: Trace,
    left: u32,
    fails: F,
}

impl<F: FnMut(&Trace) -> bool> Search<F> {
    /// Keeps a candidate if it fails too.
    fn accept(&mut self, candidate: Trace) -> bool {
        if self.left == 0 || candidate == self.best {
            return false;
        }
        self.left -= 1;
        let fails = (self.fails)(&candidate);
        if fails {
            self.best = candidate;
        }
        fails
    }

    fn with_steps(&self, steps: Vec<Step>) -> Trace {
        Trace {
            steps,
            ..self.best.clone()
        }
    }

    /// Drops halves, then quarters, then eighths …, down to single operations. The end goes
    /// first: what follows a failure is of no use.
    fn drop_chunks(&mut self) -> bool {
        let mut dropped = false;
        let mut chunk = self.best.steps.len().div_ceil(2);
        while chunk > 0 && self.left > 0 {
            let mut end = self.best.steps.len();
            while end > 0 && self.left > 0 {
                let start = end.saturating_sub(chunk);
                let mut steps = self.best.steps.clone();
                steps.drain(start..end);
                let candidate = self.with_steps(steps);
                dropped |= self.accept(candidate);
                end = start;
            }
            chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2) };
        }
        dropped
    }

    /// Makes every operation as plain as it can be.
    fn make_plainer(&mut self) -> bool {
        let mut changed = false;
        for at in 0..self.best.steps.len() {
            while let Some(step) = self.first_plainer(at) {
                self.best.steps[at] = step;
                changed = true;
            }
        }
        changed
    }

    fn first_plainer(&mut self, at: usize) -> Option<Step> {
        let current = self.best.steps[at].clone();
        plainer::steps(&current).into_iter().find(|step| {
            let mut steps = self.best.steps.clone();
            steps[at] = step.clone();
            let candidate = self.with_steps(steps);
            self.accept(candidate)
        })
    }
}
