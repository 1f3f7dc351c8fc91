//! Strategies, named for what they give.
//!
//! - [`machines`]: small machines that exist, with every irregularity there is.
//! - [`traces`]: operations over tickets; any of them can be dropped.
//! - [`cases()`]: a machine with a trace over it.

mod machines;
mod traces;

use pfnlab_mm::Profile;
use proptest::prelude::*;

pub use machines::machines;
pub use traces::{Choices, traces};

use crate::Case;

/// A machine, a profile and up to `length` operations.
pub fn cases(length: usize) -> impl Strategy<Value = Case> {
    let profiles = proptest::sample::select(Profile::ALL.to_vec());
    let choices = (machines(), profiles, traces(length));
    choices.prop_map(|(spec, profile, choices)| {
        let cpus: usize = spec.nodes.iter().map(|node| node.cpus.len()).sum();
        let steps = choices.steps(cpus as u16, spec.nodes.len() as u16);
        Case::new(spec, profile, steps)
    })
}
