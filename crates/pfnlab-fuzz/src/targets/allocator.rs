//! The allocator itself.

use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};

use pfnlab::model::{Trace, TraceStart};
use pfnlab::sim::{Checker, Failure};
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
/// When a rule is broken; the message holds the trace that breaks it.
pub(crate) fn feed(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let [profile, machine, rest @ ..] = bytes else {
        return;
    };
    let profile = Profile::ALL[usize::from(*profile) % Profile::ALL.len()];
    let machines = machines::all();
    let spec = &machines[usize::from(*machine) % machines.len()];
    let machine = spec.build().expect("a machine of the suite");
    let config = kernel::config(None).expect("there is a default");
    let Ok(mm) = Mm::boot(&machine, profile, &config) else {
        return reached.mark(format!("{} does not boot", machine.name()));
    };
    let Ok(choices) = Choices::arbitrary_take_rest(Unstructured::new(rest)) else {
        return reached.mark("no choices");
    };
    let steps = choices.steps(&Scene::of(&machine));
    let broken = |failure: Failure| -> ! {
        let start = TraceStart::Inline(spec.to_string());
        let profile = Some(profile.name().to_owned());
        let trace = Trace {
            start,
            profile,
            config: None,
            steps: steps.clone(),
        };
        panic!("{failure}\n{trace}")
    };
    let mut checker = Checker::new(mm).unwrap_or_else(|failure| broken(failure));
    for step in &steps {
        match checker.step(&step.op, &mut Kinds(reached)) {
            Ok(outcome) => reached.kind(&outcome),
            Err(failure) if failure.breach().is_some() => broken(failure),
            Err(failure) => {
                return reached.mark(format!("{failure}").split(':').next_back().unwrap_or(""));
            }
        }
    }
    checker.finish().unwrap_or_else(|failure| broken(failure));
}
