//! Plans: stretches of operations, each with weights of its own.

use pfnlab_sim::Stream;

use super::Weights;

/// No plan has more stretches.
const STRETCHES: usize = 6;
/// A stretch has at least so many operations …
const SHORTEST: u32 = 8;
/// … and at most so many times twice that.
const DOUBLINGS: u32 = 5;

/// What is asked in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is drawn by weight is drawn with this.
    pub seed: u64,
    /// One after the other, on the memory that those before left behind.
    pub stretches: Vec<Stretch>,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// How many operations.
    pub operations: u32,
    /// How often what is asked.
    pub weights: Weights,
}

impl Plan {
    /// Any plan.
    pub fn random(stream: &mut Stream) -> Plan {
        let count = 1 + stream.geometric(STRETCHES as u32 / 2 - 1);
        Plan {
            seed: u64::from(stream.draw()),
            stretches: (0..count).map(|_| Stretch::random(stream)).collect(),
        }
    }

    /// How many operations it has at most.
    pub fn operations(&self) -> u64 {
        let stretches = self.stretches.iter();
        stretches.map(|stretch| u64::from(stretch.operations)).sum()
    }

    /// The same up to an operation.
    #[must_use]
    pub fn cut(mut self, operations: u64) -> Plan {
        let mut left = operations;
        for stretch in &mut self.stretches {
            // Fits: it is no more than there was.
            stretch.operations = u64::from(stretch.operations).min(left) as u32;
            left -= u64::from(stretch.operations);
        }
        self.stretches.retain(|stretch| stretch.operations > 0);
        self
    }

    /// The same with a change or two.
    #[must_use]
    pub fn changed(mut self, stream: &mut Stream) -> Plan {
        for _ in 0..=stream.below(2) {
            self.change(stream);
        }
        self
    }

    fn change(&mut self, stream: &mut Stream) {
        let count = self.stretches.len();
        let at = stream.below(count as u32) as usize;
        match stream.below(8) {
            // What comes after new states may be new, too.
            0..=2 if count < STRETCHES => self.stretches.push(Stretch::random(stream)),
            3 if count > 1 => {
                self.stretches.remove(at);
            }
            4 => self.seed = u64::from(stream.draw()),
            _ => match self.stretches.get_mut(at) {
                Some(stretch) => stretch.change(stream),
                None => self.stretches.push(Stretch::random(stream)),
            },
        }
    }
}

impl Stretch {
    fn random(stream: &mut Stream) -> Stretch {
        Stretch {
            operations: SHORTEST << stream.below(DOUBLINGS),
            weights: Weights::random(stream),
        }
    }

    fn change(&mut self, stream: &mut Stream) {
        match stream.below(4) {
            0 => self.operations = SHORTEST << stream.below(DOUBLINGS),
            _ => self.weights.change(stream),
        }
    }
}
