//! Steering: which plan comes next.

use pfnlab_sim::Stream;
use pfnlab_sim::coverage::{State, States};

use super::Plan;

/// One plan in so many is none of those that were kept, changed. With one in four, bugs of the zoo
/// were found later: what was kept is run again and again.
const FRESH: u32 = 2;

/// Makes plans out of those that reached new states.
#[derive(Clone, Debug)]
pub struct Steering {
    stream: Stream,
    /// None is kept: each plan is drawn anew.
    anew: bool,
    kept: Vec<Plan>,
    reached: States,
    /// Operations of the run that goes on.
    operations: u64,
    /// After how many of them a state was reached that is new.
    latest: u64,
}

impl Steering {
    /// The plans of a seed.
    pub fn new(seed: u64) -> Steering {
        Steering {
            stream: Stream::new(seed, "steering"),
            anew: false,
            kept: Vec::new(),
            reached: States::default(),
            operations: 0,
            latest: 0,
        }
    }

    /// Plans that are all drawn anew, whatever they reach: to see what steering is worth.
    pub fn unsteered(seed: u64) -> Steering {
        Steering {
            anew: true,
            ..Steering::new(seed)
        }
    }

    /// The next plan. [`Steering::see`] must be told of its operations, and [`Steering::end`] of its
    /// end.
    pub fn plan(&mut self) -> Plan {
        (self.latest, self.operations) = (0, 0);
        if self.kept.is_empty() || self.stream.below(FRESH) == 0 {
            return Plan::random(&mut self.stream);
        }
        // Fits: so many plans are never kept.
        let which = self.stream.below(self.kept.len() as u32) as usize;
        let mut plan = self.kept[which].clone();
        // The same weights, not the same operations once more.
        plan.seed = u64::from(self.stream.draw());
        plan.changed(&mut self.stream)
    }

    /// An operation was run; the state it was in, if any.
    pub fn see(&mut self, state: Option<State>) {
        self.operations += 1;
        if let Some(state) = state {
            if !self.reached.contains(&state) {
                self.latest = self.operations;
            }
            self.reached.add(state, 1);
        }
    }

    /// A plan was run. It is kept, up to the last new state, if it reached one.
    pub fn end(&mut self, plan: Plan) {
        if self.latest > 0 && !self.anew {
            self.kept.push(plan.cut(self.latest));
        }
    }

    /// What all plans reached.
    pub fn reached(&self) -> &States {
        &self.reached
    }

    /// How many plans were kept.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }
}
