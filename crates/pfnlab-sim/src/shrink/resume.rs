//! Shrinking a few runs at a time.

use pfnlab_model::{MachineSpec, Trace};

use super::{Search, renumber};

/// Shrinking that can be interrupted and goes on where it ended. What is tried next follows from the
/// case and from what came of the runs so far, so those answers are all it has to remember.
///
/// ```
/// # use pfnlab_model::{MachineSpec, Trace};
/// use pfnlab_sim::shrink::{Shrinking, shrink};
/// let text = "#pfnlab-trace 1\nmachine m\na 1 order=3\na 2 order=4\nf 1\na 3 order=4\n";
/// let trace = Trace::parse(text).unwrap().trace;
/// let fails = |trace: &Trace| trace.to_string().contains("order=4");
/// let mut shrinking = Shrinking::new(&MachineSpec::default(), &trace);
/// while !shrinking.is_done() {
///     shrinking.go_on(3, |_, trace| fails(trace));
/// }
/// assert_eq!(shrinking.best().1, shrink(&trace, 1000, fails));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrinking {
    machine: MachineSpec,
    trace: Trace,
    /// Whether the candidates failed, in the order in which they were tried.
    answers: Vec<bool>,
    pub(super) best: (MachineSpec, Trace),
    done: bool,
}

impl Shrinking {
    /// Of a case that is taken to fail.
    pub fn new(machine: &MachineSpec, trace: &Trace) -> Shrinking {
        Shrinking::resume(machine, trace, Vec::new())
    }

    /// Of the same case, after runs that were answered so: [`Shrinking::answers`] of one that was
    /// interrupted. Others give another shrinking, that is all.
    pub fn resume(machine: &MachineSpec, trace: &Trace, answers: Vec<bool>) -> Shrinking {
        Shrinking {
            machine: machine.clone(),
            trace: trace.clone(),
            answers,
            best: (machine.clone(), trace.clone()),
            done: false,
        }
    }

    /// Calls `fails` at most so many times, and once more for the last look.
    pub fn go_on(&mut self, runs: u32, mut fails: impl FnMut(&MachineSpec, &Trace) -> bool) {
        let answers = &mut self.answers;
        // More answers than fit are never there: each was a run.
        let known = answers.len() as u32;
        let mut asked = 0;
        let mut search = Search {
            machine: self.machine.clone(),
            best: self.trace.clone(),
            left: known.saturating_add(runs),
            shortest: 0,
            fails: |machine: &MachineSpec, trace: &Trace| {
                if asked == answers.len() {
                    answers.push(fails(machine, trace));
                }
                asked += 1;
                answers[asked - 1]
            },
        };
        search.run();
        let Search {
            machine,
            best,
            left,
            ..
        } = search;
        self.done = left > 0;
        // What was dropped left gaps between the numbers of tickets.
        let renumbered = renumber(&best);
        let plain = renumbered != best && fails(&machine, &renumbered);
        self.best = (machine, if plain { renumbered } else { best });
    }

    /// The shortest case so far.
    pub fn best(&self) -> &(MachineSpec, Trace) {
        &self.best
    }

    /// Whether there is nothing left to try.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// What came of the runs so far, for [`Shrinking::resume`].
    pub fn answers(&self) -> &[bool] {
        &self.answers
    }
}
