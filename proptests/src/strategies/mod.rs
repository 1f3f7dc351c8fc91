//! Strategies, named for what they give.
//!
//! - [`cases()`]: a machine with a trace over it. [`cases_of`]: with a trace of a certain kind.
//! - Machines and traces themselves are those of the conformance suite.

use pfnlab_mm::Profile;
use proptest::prelude::*;

pub use pfnlab_check::choices::{Choices, Scene};
pub use pfnlab_check::strategies::{machines, traces};

use crate::Case;

/// A machine, a profile and up to `length` operations.
pub fn cases(length: usize) -> impl Strategy<Value = Case> {
    cases_of(traces(length))
}

/// A machine, a profile and such operations.
pub fn cases_of(traces: impl Strategy<Value = Choices>) -> impl Strategy<Value = Case> {
    (machines(), profiles(), traces).prop_map(|(spec, profile, choices)| {
        let machine = spec.build().expect("strategies give machines that exist");
        let steps = choices.steps(&Scene::of(&machine));
        Case::new(spec, profile, steps)
    })
}

/// Every kernel generation.
pub fn profiles() -> impl Strategy<Value = &'static Profile> {
    proptest::sample::select(Profile::ALL.to_vec())
}
