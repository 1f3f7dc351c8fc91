//! A trace on several generations.

use pfnlab_mm::Profile;

use super::end::Generation;
use super::side::Side;
use crate::{Error, TraceFile};

/// Runs a trace on every one of `profiles`, whatever it says itself, operation by operation on all
/// of them.
///
/// # Errors
/// When its start is not to be had on one of them, or a step cannot be run. A trace that starts
/// from a snapshot is of one generation.
pub fn of_trace(file: &TraceFile, profiles: &[&'static Profile]) -> Result<Vec<Generation>, Error> {
    let boot = |profile: &&'static Profile| Side::boot(file, profile);
    let mut sides: Vec<Side> = profiles.iter().map(boot).collect::<Result<_, _>>()?;
    let mut parts_at: Vec<Option<u64>> = vec![None; sides.len()];
    for at in 0..file.trace().steps.len() {
        let ran = sides.iter_mut().map(|side| side.step(file, at, &mut ()));
        let outcomes = ran.collect::<Result<Vec<_>, _>>()?;
        for later in 1..sides.len() {
            let agree =
                sides[later].agrees(&outcomes[later], &sides[later - 1], &outcomes[later - 1]);
            if !agree {
                parts_at[later].get_or_insert(at as u64);
            }
        }
    }
    let ends = sides.iter().zip(parts_at);
    Ok(ends
        .map(|(side, parts_at)| Generation {
            parts_at,
            ..side.finish()
        })
        .collect())
}
