//! Shrinking: a failing trace becomes a short one that fails in the same way.
//!
//! Operations are dropped in ever smaller chunks, then those of one ticket together, then any two;
//! what is left is made plainer: lower orders, fewer flags, no nodes, CPU 0. Then very short traces
//! are tried that get the same done in another way (`anew`). A machine loses nodes, CPUs, memory and
//! holes. The same case and the same predicate give the same result. When the runs are used up, the best
//! so far is the result, and a [`Shrinking`] goes on where it ended.
//!
//! - [`shrink`]: a trace. [`shrink_case`]: a trace and its machine. [`Shrinking`]: a few runs at a time.
//! - [`renumber`]: every ticket is given out once, so that any operation can be dropped.

mod anew;
mod machines;
mod plainer;
mod renumber;
mod resume;
mod tickets;

use pfnlab_model::{MachineSpec, Step, Trace};

pub use renumber::renumber;
pub use resume::Shrinking;

/// Any two operations are dropped together only when no more than these are left.
const FEW: usize = 40;

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
pub fn shrink(trace: &Trace, runs: u32, mut fails: impl FnMut(&Trace) -> bool) -> Trace {
    let machine = MachineSpec::default();
    shrink_case(&machine, trace, runs, |_, trace| fails(trace)).1
}

/// The same for a trace and the machine it runs on, which [`Trace::start`] need not name. A machine
/// that cannot exist is taken for one that may not be changed.
pub fn shrink_case(
    machine: &MachineSpec,
    trace: &Trace,
    runs: u32,
    fails: impl FnMut(&MachineSpec, &Trace) -> bool,
) -> (MachineSpec, Trace) {
    let mut shrinking = Shrinking::new(machine, trace);
    shrinking.go_on(runs, fails);
    shrinking.best
}

struct Search<F> {
    machine: MachineSpec,
    best: Trace,
    left: u32,
    /// No trace up to this length fails, of those that can be made anew.
    shortest: usize,
    fails: F,
}

impl<F: FnMut(&MachineSpec, &Trace) -> bool> Search<F> {
    /// Until nothing changes any more, or no run is left.
    fn run(&mut self) {
        let renumbered = renumber(&self.best);
        self.accept(renumbered);
        loop {
            let mut changed = self.drop_chunks();
            changed |= self.drop_tickets();
            changed |= self.make_plainer();
            // What takes long, or takes possibilities away, comes when nothing else is left to do.
            changed = changed || self.drop_two() || self.make_anew() || self.make_smaller();
            if self.left == 0 || !changed {
                break;
            }
        }
    }

    /// Keeps a candidate if it fails too.
    fn accept(&mut self, candidate: Trace) -> bool {
        if self.left == 0 || candidate == self.best {
            return false;
        }
        self.left -= 1;
        let fails = (self.fails)(&self.machine, &candidate);
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

    /// Keeps what is left without some steps, by position, if it fails too.
    fn accept_without(&mut self, gone: &[usize]) -> bool {
        let steps = self.best.steps.iter().enumerate();
        let left = steps.filter(|(at, _)| !gone.contains(at));
        let left = left.map(|(_, step)| step.clone()).collect();
        let candidate = self.with_steps(left);
        self.accept(candidate)
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

    /// Drops all that is done with what one operation gets, and that operation.
    fn drop_tickets(&mut self) -> bool {
        let mut dropped = false;
        let mut at = self.best.steps.len();
        while at > 0 && self.left > 0 {
            at -= 1;
            let together = tickets::named_with(&self.best.steps, at);
            if together.len() > 1 && self.accept_without(&together) {
                dropped = true;
                at = at.min(self.best.steps.len());
            }
        }
        dropped
    }

    /// Drops any two operations.
    fn drop_two(&mut self) -> bool {
        let count = self.best.steps.len();
        if count > FEW {
            return false;
        }
        let pairs =
            (0..count).flat_map(|first| (first + 1..count).map(move |second| [first, second]));
        let mut pairs = pairs.collect::<Vec<_>>().into_iter().rev();
        pairs.any(|pair| self.accept_without(&pair))
    }

    /// Tries every very short trace that is made of the same parts.
    fn make_anew(&mut self) -> bool {
        let parts = anew::Parts::of(&self.best.steps);
        let longest = anew::LONGEST.min(self.best.steps.len().saturating_sub(1));
        for length in self.shortest + 1..=longest {
            for steps in parts.traces(length) {
                if self.left == 0 {
                    return false;
                }
                let candidate = self.with_steps(steps);
                if self.accept(candidate) {
                    return true;
                }
            }
            self.shortest = length;
        }
        false
    }

    /// Makes the machine as small as it can be.
    fn make_smaller(&mut self) -> bool {
        let mut changed = false;
        while let Some(machine) = self.first_smaller() {
            self.machine = machine;
            changed = true;
        }
        changed
    }

    fn first_smaller(&mut self) -> Option<MachineSpec> {
        if self.machine.build().is_err() {
            return None;
        }
        machines::smaller(&self.machine)
            .into_iter()
            .find(|machine| {
                if self.left == 0 {
                    return false;
                }
                self.left -= 1;
                (self.fails)(machine, &self.best)
            })
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
