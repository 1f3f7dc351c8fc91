//! Text of a kernel that cannot be read: where, and why; and how a line is taken apart.

mod cursor;

pub(crate) use cursor::Cursor;

use thiserror::Error;

/// A line that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct LineError {
    /// Which, from 1.
    pub line: u32,
    /// Where in it, in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub problem: LineProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// Something is missing, or something else is there.
    #[error("`{found}` where {expected} should be")]
    Expected {
        /// What should be there.
        expected: &'static str,
        /// The rest of the line.
        found: String,
    },
    /// A number does not fit.
    #[error("`{text}` is above the largest {what}, {most}")]
    Large {
        /// The number, as it is written.
        text: String,
        /// What it counts.
        what: &'static str,
        /// The most it may be.
        most: u64,
    },
    /// A name of a flag that the kernel does not have.
    #[error("no flag is called `{0}` in this kernel")]
    Flag(String),
    /// Something that is there only once in such a text is there again.
    #[error("{0} again")]
    Twice(String),
    /// Something that was said before contradicts it.
    #[error("{0}")]
    Contradicts(String),
}
