//! A scenario on several generations.

use pfnlab_mm::Profile;

use super::end::{FreeMemory, Generation};
use crate::Error;
use crate::scenario::{Scenario, ScenarioOptions, ScenarioSummary};
use crate::tour::TourError;

/// Runs a scenario on every one of `profiles`, whatever it says itself. Phases go by what came of
/// their operations, so that these need not be the same everywhere: a recorded trace's are.
///
/// # Errors
/// When the config is not to be had, or the machine does not boot.
///
/// # Panics
/// When an allocator does not take back what it handed out: a bug in it.
pub fn of_scenario(
    scenario: &Scenario,
    options: &ScenarioOptions,
    profiles: &[&'static Profile],
) -> Result<Vec<Generation>, Error> {
    let run = |profile: &&'static Profile| {
        let mut run = scenario.start(&ScenarioOptions {
            profile: Some(profile.name().to_owned()),
            ..options.clone()
        })?;
        match run.drive(|_| {}) {
            Ok(()) => Ok(generation(profile, &run.summary())),
            Err(error @ (TourError::Driver { .. } | TourError::Write(_))) => panic!("{error}"),
        }
    };
    profiles.iter().map(run).collect()
}

fn generation(profile: &'static Profile, summary: &ScenarioSummary) -> Generation {
    let sum = |count: fn(&crate::scenario::PhaseSummary) -> u64| -> u64 {
        summary.phases.iter().map(count).sum()
    };
    let free = FreeMemory::of(&summary.last);
    Generation {
        profile: profile.name(),
        ops: summary.tally.ops,
        lacking: summary.tally.unsupported,
        refused: summary.tally.refused,
        fallbacks: sum(|phase| phase.fell_back),
        claimed: sum(|phase| phase.claimed),
        mixed_pageblocks: summary.phases.last().map_or(0, |phase| phase.mixed),
        free: free.frames,
        free_huge: free.huge,
        unusable: free.unusable,
        parts_at: None,
        fingerprint: format!("{:016x}", summary.repro.fingerprint),
    }
}
