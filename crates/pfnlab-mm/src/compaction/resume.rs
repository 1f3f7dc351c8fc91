//! What compaction remembers, from a snapshot.

use alloc::boxed::Box;
use alloc::format;

use pfnlab_model::Snapshot;

use super::Known;
use crate::{Mm, ResumeError};

/// Takes over what compaction remembers.
///
/// # Errors
/// When it speaks of a zone twice, or of one without memory, or counts what cannot be.
pub(crate) fn resume(mm: &mut Mm, snapshot: &Snapshot) -> Result<(), ResumeError> {
    for state in &snapshot.compaction {
        let inconsistent = |why| ResumeError::Inconsistent {
            what: format!("compaction of {}", state.zone),
            why,
        };
        let zone = mm.zones.iter_mut().find(|zone| zone.id == state.zone);
        let zone = zone
            .filter(|zone| zone.is_populated() && zone.compaction.is_none())
            .ok_or_else(|| inconsistent("a zone with memory, once"))?;
        if state.shift > 6 || state.considered > 64 || state.least > 11 {
            return Err(inconsistent(
                "shift up to 6, considered up to 64, least up to 11",
            ));
        }
        if !state.skipped.is_sorted_by(|a, b| a < b) {
            return Err(inconsistent("skipped pageblocks ascending"));
        }
        zone.compaction = Some(Box::new(Known::of(state)));
    }
    Ok(())
}
