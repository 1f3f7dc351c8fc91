//! Boot logs that cannot be read: where, and why.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A boot log that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BootLogError {
    /// A file cannot be opened or unpacked.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line is not what its beginning promises.
    #[error("line {line}: {problem}")]
    Line {
        /// Which, from 1.
        line: u32,
        /// What is wrong.
        problem: BootLogProblem,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BootLogProblem {
    /// Something is missing, or something else is there.
    #[error("`{found}` where {expected} should be")]
    Expected {
        /// What should be there.
        expected: &'static str,
        /// The rest of the line.
        found: String,
    },
    /// A number does not fit.
    #[error("`{0}` is no number of at most 64 bits")]
    Number(String),
    /// A range ends before it starts.
    #[error("the range {start:#x}-{last:#x} runs backward")]
    Backward {
        /// Its first byte.
        start: u64,
        /// Its last byte.
        last: u64,
    },
    /// A range is not as long as is said.
    #[error("the range {start:#x}-{last:#x} does not hold {bytes:#x} bytes")]
    Size {
        /// Its first byte.
        start: u64,
        /// Its last byte.
        last: u64,
        /// How many bytes it is said to hold.
        bytes: u64,
    },
    /// There is no such node.
    #[error("node {0} is not below the limit of {limit}", limit = pfnlab_model::NodeId::LIMIT)]
    Node(u64),
    /// There is no such CPU.
    #[error("CPU {0} is not below the limit of {limit}", limit = pfnlab_model::CpuId::LIMIT)]
    Cpu(u64),
    /// A printed list has not as many entries as it says.
    #[error("the {list} list says {said} entries and shows {shown}")]
    Count {
        /// Which.
        list: &'static str,
        /// How many it says.
        said: u64,
        /// How many there are.
        shown: u64,
    },
    /// A second boot begins.
    #[error("a second boot begins here; give one boot at a time")]
    SecondBoot,
}
