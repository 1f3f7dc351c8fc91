//! A recorded case: the state before, the operations with what came of them, the state after.

mod error;
mod event;
mod file;
mod kernel;
mod memory_event;
mod op;
mod snapshot;
mod trace;

use std::path::{Path, PathBuf};

use pfnlab_model::Snapshot;

use crate::Difference;

pub use error::{OpProblem, RecordingError, SnapshotProblem};
pub use event::{EventFiles, RecordedEvent};
pub use op::{Got, RecordedOp, Status, ZoneAfter};
pub use snapshot::Untouched;

/// The state when the first operation starts.
const BEFORE: &str = "before.json.gz";
/// One line for every operation.
const OPS: &str = "ops.jsonl.gz";
/// The state when the last operation has ended.
const AFTER: &str = "after.json.gz";

/// What was recorded of one run of operations on a running kernel. While they ran nothing else
/// did, so `before` and `ops` lead to `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The state when the first operation started.
    pub before: Snapshot,
    /// The operations in order, each with what came of it.
    pub ops: Vec<RecordedOp>,
    /// The state when the last operation had ended.
    pub after: Snapshot,
    /// Where `after` differs from `before` in what no operation changes. Of a true recording:
    /// nowhere.
    pub disturbed: Vec<Difference>,
}

impl Recording {
    /// Reads the case in a folder: `before.json.gz`, `ops.jsonl.gz`, `after.json.gz`.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something that is not understood: nothing is skipped.
    pub fn open(case: impl AsRef<Path>) -> Result<Recording, RecordingError> {
        let case = case.as_ref();
        let before = snapshot::read(&case.join(BEFORE))?;
        let after = snapshot::read(&case.join(AFTER))?;
        let (kernel, kernel_after) = (before.kernel, after.kernel);
        if kernel.name != kernel_after.name {
            return Err(RecordingError::Kernels {
                case: case.to_owned(),
                before: kernel.name,
                after: kernel_after.name,
            });
        }
        let ops = op::read(&case.join(OPS), kernel)?;
        Ok(Recording {
            disturbed: before.untouched.differences(&after.untouched),
            before: before.snapshot,
            ops,
            after: after.snapshot,
        })
    }

    /// Whether a folder holds a case: it has a file `ops.jsonl.gz`.
    pub fn is_case(folder: impl AsRef<Path>) -> bool {
        folder.as_ref().join(OPS).is_file()
    }

    /// The folders of all cases at or below `paths`, sorted, each once. A folder that holds
    /// `ops.jsonl.gz` is a case. Links to folders are followed only when they are given.
    ///
    /// # Errors
    /// When a folder cannot be read, or when there is no case at or below one of the paths.
    pub fn find<P: AsRef<Path>>(
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Vec<PathBuf>, RecordingError> {
        let mut cases = Vec::new();
        for path in paths {
            let known = cases.len();
            find_below(path.as_ref(), &mut cases)?;
            if cases.len() == known {
                return Err(RecordingError::NoCase {
                    path: path.as_ref().to_owned(),
                });
            }
        }
        cases.sort();
        cases.dedup();
        Ok(cases)
    }
}

/// Reads a recorded state, packed (`.json.gz`) or plain.
///
/// # Errors
/// When it cannot be read, or holds something that is not understood.
pub fn read_snapshot(path: impl AsRef<Path>) -> Result<Snapshot, RecordingError> {
    snapshot::read(path.as_ref()).map(|recorded| recorded.snapshot)
}

/// Reads the rest of a recorded state: what no operation changes.
///
/// # Errors
/// As [`read_snapshot`].
pub fn read_untouched(path: impl AsRef<Path>) -> Result<Untouched, RecordingError> {
    snapshot::read(path.as_ref()).map(|recorded| recorded.untouched)
}

fn find_below(folder: &Path, cases: &mut Vec<PathBuf>) -> Result<(), RecordingError> {
    if Recording::is_case(folder) {
        cases.push(folder.to_owned());
        return Ok(());
    }
    let unreadable = |error| RecordingError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    for entry in folder.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_dir() {
            find_below(&entry.path(), cases)?;
        }
    }
    Ok(())
}
