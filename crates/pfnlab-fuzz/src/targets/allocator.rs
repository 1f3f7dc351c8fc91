//! The allocator itself.

use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};

use pfnlab::sim::Checker;
use pfnlab::{Event, Mm, Observer, Profile, kernel};
use pfnlab_check::choices::{Choices, Scene};
use pfnlab_check::machines;

use crate::Reached;

/// Kinds of events.
struct Kinds<'a>(&'a mut Reached);

impl Observer for Kinds<'_> {
    fn event(&mut self, event: Event) {
        self.0.kind(&event);
    }
}

/// Every kernel generation, with a little of everything.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let generations = 0..Profile::ALL.len() as u8;
    generations
        .map(|number| {
            let rest = (0..=255_u8).map(|byte| byte.wrapping_mul(37 + 2 * number));
            [number, number].into_iter().chain(rest).collect()
        })
        .collect()
}

/// The first byte chooses a kernel generation, the second a machine; the others are choices.
///
/// # Panics
/// When a rule is broken.
pub(crate) fn feed(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let [profile, machine, rest @ ..] = bytes else {
        return;
    };
    let profile = Profile::ALL[usize::from(*profile) % Profile::ALL.len()];
    let machines = machines::all();
    let machine = &machines[usize::from(*machine) % machines.len()];
    let machine = machine.build().expect("a machine of the suite");
    let config = kernel::config(None).expect("there is a default");
    let Ok(mm) = Mm::boot(&machine, profile, &config) else {
        return reached.mark(format!("{} does not boot", machine.name()));
    };
    let Ok(choices) = Choices::arbitrary_take_rest(Unstructured::new(rest)) else {
        return reached.mark("no choices");
    };
    let mut checker = Checker::new(mm).unwrap_or_else(|failure| panic!("{failure}"));
    for step in choices.steps(&Scene::of(&machine)) {
        match checker.step(&step.op, &mut Kinds(reached)) {
            Ok(outcome) => reached.kind(&outcome),
            Err(failure) if failure.breach().is_some() => panic!("{failure}"),
            Err(failure) => {
                return reached.mark(format!("{failure}").split(':').next_back().unwrap_or(""));
            }
        }
    }
    checker
        .finish()
        .unwrap_or_else(|failure| panic!("{failure}"));
}
