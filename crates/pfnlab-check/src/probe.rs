//! One case, run once.

use pfnlab_model::{Machine, PageAllocator};
use pfnlab_sim::{Checker, Failure};

use crate::quiet::survive;
use crate::{Case, Finding, Patience};

/// Runs a case with every rule asked after every operation. A panic is a finding like any other.
///
/// # Errors
/// At the first thing that is wrong.
pub fn check<A: PageAllocator>(case: &Case, make: impl Fn(&Machine) -> A) -> Result<(), Finding> {
    let mut step = None;
    let run = survive(|| -> Result<(), Failure> {
        let mut checker = Checker::new(make(case.machine()))?.on(case.machine());
        let mut patience = Patience::default();
        for (number, each) in case.steps().iter().enumerate() {
            step = Some(number);
            checker.step(&each.op, &mut patience)?;
        }
        checker.finish()
    });
    match run {
        Ok(result) => result.map_err(Finding::from),
        Err(death) => Err(Finding::death(step, death)),
    }
}
