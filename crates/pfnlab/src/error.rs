//! What can be wrong with what the laboratory is given.

use std::io;

use crate::near::hint;
use crate::text::TextError;
use pfnlab_check::exhaust::SavedError;
use pfnlab_linux::RecordingError;
use pfnlab_mm::{BootError, ResumeError};
use pfnlab_sim::DriverError;

/// Input the laboratory cannot work with. A property that fails or a replay that diverges is no
/// error but a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A machine or a trace is not written as it should be.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A name that names nothing.
    #[error("no {what} `{name}`{}: there are {known}", hint(name, known))]
    Unknown {
        /// What it should have named, such as a profile.
        what: &'static str,
        /// The name.
        name: String,
        /// The names there are, joined by commas.
        known: String,
    },
    /// A kernel release that no profile is called after.
    #[error("no profile `{name}`: nearest to that release is `{nearest}`; there are {known}")]
    Release {
        /// The release.
        name: String,
        /// The profile of the newest generation that is not newer, or of the oldest there is.
        nearest: &'static str,
        /// The names there are, joined by commas.
        known: String,
    },
    /// A file is no snapshot.
    #[error("{path}: {message}")]
    Snapshot {
        /// Which file, and where in it.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// A trace begins with a snapshot of another kernel generation than is asked for.
    #[error(
        "the trace is to run on {asked}, but it begins in a state of {found}, {path}: only that \
         generation and its variants can go on from there"
    )]
    ProfileDiffers {
        /// The snapshot's file.
        path: String,
        /// What is asked for.
        asked: String,
        /// What the snapshot says.
        found: String,
    },
    /// The machine does not boot.
    #[error("machine {machine} does not boot: {error}")]
    Boot {
        /// Which machine.
        machine: String,
        /// Why.
        error: BootError,
    },
    /// No allocator can be in the state of the snapshot.
    #[error("{path}: {error}")]
    Resume {
        /// The snapshot's file.
        path: String,
        /// Why.
        error: ResumeError,
    },
    /// A folder with neither a trace nor a recorded case.
    #[error(
        "{path}: nothing to replay here or below: no file that ends in .trace, no folder that holds \
         ops.jsonl.gz"
    )]
    NothingToReplay {
        /// Which folder.
        path: String,
    },
    /// A saved search cannot be gone on with.
    #[error("{path}: {error}")]
    Search {
        /// Its file.
        path: String,
        /// Why not.
        error: SavedError,
    },
    /// So many jobs cannot run at a time.
    #[error("{jobs} jobs cannot run at a time: {reason}")]
    Jobs {
        /// How many.
        jobs: usize,
        /// Why not.
        reason: String,
    },
    /// An operation of a recording cannot be run.
    #[error("{path}: operation {step}: {error}")]
    Step {
        /// The folder of the recording.
        path: String,
        /// Which operation, from 0.
        step: u64,
        /// Why not.
        error: DriverError,
    },
    /// There is nothing to draw.
    #[error(transparent)]
    Picture(#[from] pfnlab_lesson::PictureError),
    /// A picture cannot be made a bitmap.
    #[cfg(feature = "png")]
    #[error(transparent)]
    Png(#[from] pfnlab_lesson::PngError),
    /// A folder holds the results of something else.
    #[error("{path} holds another sweep: name another folder, or remove it")]
    OtherSweep {
        /// Which folder.
        path: String,
    },
    /// A knob cannot be turned so.
    #[error(transparent)]
    Knob(crate::otherwise::KnobError),
    /// A kernel's data fits no machine, or no state.
    #[error(transparent)]
    Import(crate::import::ImportError),
    /// A recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}
