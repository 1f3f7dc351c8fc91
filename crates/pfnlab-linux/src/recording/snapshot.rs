//! The JSON of a recorded state becomes a [`Snapshot`].

mod convert;
mod json;
mod number;
mod sections;
mod untouched;
mod zone;

use std::path::Path;

use pfnlab_model::Snapshot;

use super::kernel::Kernel;
use super::{RecordingError, file};

pub use untouched::Untouched;

/// What one file says.
pub(super) struct Recorded {
    /// Of which kernel.
    pub(super) kernel: &'static Kernel,
    /// What the allocator can change.
    pub(super) snapshot: Snapshot,
    /// What it cannot.
    pub(super) untouched: Untouched,
}

/// Reads a recorded state.
pub(super) fn read(path: &Path) -> Result<Recorded, RecordingError> {
    let text = file::text(path)?;
    let mut state: json::State =
        serde_json::from_str(&text).map_err(|error| RecordingError::Json {
            path: path.to_owned(),
            error,
        })?;
    let offline = sections::offline(&state);
    let untouched = Untouched::of(&mut state);
    let (kernel, mut snapshot) =
        convert::snapshot(state).map_err(|(at, problem)| RecordingError::Snapshot {
            path: path.to_owned(),
            at,
            problem,
        })?;
    snapshot.offline = offline;
    Ok(Recorded {
        kernel,
        snapshot,
        untouched,
    })
}
