//! The JSON of a recorded state becomes a [`Snapshot`].

mod convert;
mod json;
mod number;
mod zone;

use std::path::Path;

use pfnlab_model::Snapshot;

use super::kernel::Kernel;
use super::{RecordingError, file};

/// Reads a recorded state, and says of which kernel.
pub(super) fn read(path: &Path) -> Result<(&'static Kernel, Snapshot), RecordingError> {
    let text = file::text(path)?;
    let state: json::State = serde_json::from_str(&text).map_err(|error| RecordingError::Json {
        path: path.to_owned(),
        error,
    })?;
    convert::snapshot(state).map_err(|(at, problem)| RecordingError::Snapshot {
        path: path.to_owned(),
        at,
        problem,
    })
}
