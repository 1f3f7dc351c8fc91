//! What is wrong with a snapshot that cannot be resumed.

use alloc::format;
use alloc::string::String;
use core::fmt;

use pfnlab_model::SNAPSHOT_FORMAT;

use crate::memmap::MemMapError;

/// A snapshot that no allocator can be in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumeError {
    /// It is of a version this library does not read.
    Format(u32),
    /// There is no such kernel generation.
    Profile(String),
    /// No kernel is built like that: the zones, migratetypes or orders are of no known config.
    Config(&'static str),
    /// Its machine can have no memory map.
    MemMap(MemMapError),
    /// Two parts do not go together.
    Inconsistent {
        /// The part, as a path.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResumeError::Format(format) => {
                write!(f, "snapshot format {format} is not {SNAPSHOT_FORMAT}")
            }
            ResumeError::Profile(name) => write!(f, "no profile `{name}`"),
            ResumeError::Config(what) => write!(f, "no kernel is built with such {what}"),
            ResumeError::MemMap(error) => error.fmt(f),
            ResumeError::Inconsistent { what, why } => write!(f, "{what}: {why}"),
        }
    }
}

impl core::error::Error for ResumeError {}

pub(super) fn inconsistent(what: impl fmt::Display, why: &'static str) -> ResumeError {
    ResumeError::Inconsistent {
        what: format!("{what}"),
        why,
    }
}
