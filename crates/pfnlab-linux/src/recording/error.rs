//! Recordings that cannot be read: which file, where, and why.

use std::io;
use std::path::{Path, PathBuf};

use pfnlab_model::{BlockError, NodeId, OrderError, Pfn};
use thiserror::Error;

/// A recording that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// A file or folder cannot be opened, unpacked or decoded.
    #[error("{}: cannot be read: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A snapshot is not the JSON it should be.
    #[error("{}:{}:{}: {}", path.display(), error.line(), error.column(), reason(error))]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where in the text.
        error: serde_json::Error,
    },
    /// A snapshot says something that cannot be.
    #[error("{}: {at}: {problem}", path.display())]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// In which part of the snapshot, such as `zones[1].pcp[0]`.
        at: String,
        /// What is wrong.
        problem: SnapshotProblem,
    },
    /// A line of the operations is not understood.
    #[error("{}:{line}{}: {problem}", path.display(), problem.column_suffix())]
    Op {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
        /// What is wrong.
        problem: OpProblem,
    },
    /// The two snapshots of a case come from different kernels.
    #[error("{}: before comes from kernel {before}, after from {after}", case.display())]
    Kernels {
        /// The folder.
        case: PathBuf,
        /// The kernel of `before`.
        before: &'static str,
        /// The kernel of `after`.
        after: &'static str,
    },
    /// There is no case at or below a path.
    #[error("{}: no recorded case here or below: none of the folders holds ops.jsonl.gz", path.display())]
    NoCase {
        /// Where there is none.
        path: PathBuf,
    },
}

impl RecordingError {
    /// The file or folder at fault.
    pub fn path(&self) -> &Path {
        match self {
            RecordingError::Unreadable { path, .. }
            | RecordingError::Json { path, .. }
            | RecordingError::Snapshot { path, .. }
            | RecordingError::Op { path, .. }
            | RecordingError::Kernels { case: path, .. }
            | RecordingError::NoCase { path } => path,
        }
    }

    /// The line at fault, from 1, in the unpacked text.
    pub fn line(&self) -> Option<u32> {
        match self {
            RecordingError::Op { line, .. } => Some(*line),
            RecordingError::Json { error, .. } => u32::try_from(error.line()).ok(),
            _ => None,
        }
    }
}

impl OpProblem {
    /// `:7` when it is known in which column.
    fn column_suffix(&self) -> String {
        match self {
            OpProblem::Json(error) => format!(":{}", error.column()),
            _ => String::new(),
        }
    }
}

/// What is wrong, without the place.
fn reason(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    text.strip_suffix(&place).map(str::to_owned).unwrap_or(text)
}

/// Something in a snapshot that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotProblem {
    /// The layout has a version we do not know.
    #[error("format {0} is not known: 1 is")]
    Format(u32),
    /// The kernel is none we know.
    #[error("kernel `{0}` is not known")]
    Kernel(String),
    /// The kernel was built with other zones or migratetypes than we know of.
    #[error("{name} is {value}, but this kernel has {known}")]
    Build {
        /// The name of the number.
        name: &'static str,
        /// What the snapshot says.
        value: u64,
        /// What we know.
        known: u64,
    },
    /// A number is outside of what its type can hold.
    #[error("{name} {value} is out of range")]
    Range {
        /// The name of the number.
        name: &'static str,
        /// Its value.
        value: i64,
    },
    /// An order above the largest.
    #[error("{0}")]
    Order(#[from] OrderError),
    /// A block that cannot start where it does.
    #[error("{0}")]
    Block(#[from] BlockError),
    /// A zone index the kernel does not have.
    #[error("{0} is no zone index of this kernel")]
    Zone(u64),
    /// A migratetype the kernel does not have.
    #[error("`{0}` is no migratetype of this kernel")]
    MigrateType(String),
    /// A zone has flags of which this kernel has none, or which belong to reclaim.
    #[error("{0:#x} are no zone flags of this kernel")]
    ZoneFlags(u32),
    /// A zone has other counters than the kernel, or in another order.
    #[error("{found} stands where this kernel has {known}")]
    Counter {
        /// What is there.
        found: String,
        /// What should be.
        known: String,
    },
    /// A field this kernel does not have.
    #[error("{name} is no field of this kernel")]
    Field {
        /// Which.
        name: &'static str,
    },
    /// Two numbers that must be equal are not.
    #[error("{name} is {said}, but {held} are there")]
    Count {
        /// The name of the number.
        name: &'static str,
        /// What the snapshot says.
        said: i64,
        /// What it holds.
        held: i64,
    },
    /// The same thing is there twice.
    #[error("{name} is there twice")]
    Twice {
        /// What.
        name: &'static str,
    },
    /// A field that goes with another is missing.
    #[error("{name} is missing")]
    Missing {
        /// Which.
        name: &'static str,
    },
}

/// Something in an operation's line that is not understood.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpProblem {
    /// The line is no JSON object.
    #[error("no JSON object: {}", reason(.0))]
    Json(serde_json::Error),
    /// A field that the operation needs is missing.
    #[error("field `{0}` is missing")]
    Missing(&'static str),
    /// A field has a value it cannot have.
    #[error("field `{name}`: {error}")]
    Value {
        /// The field.
        name: &'static str,
        /// Why not.
        error: serde_json::Error,
    },
    /// A field that no operation of this name has.
    #[error("field `{0}` is not known here")]
    Field(String),
    /// An operation we do not know.
    #[error("operation `{0}` is not known")]
    Op(String),
    /// A result we do not know, or that this operation cannot have.
    #[error("status `{0}` is not known here")]
    Status(String),
    /// The operations are not numbered from 0 without gaps.
    #[error("operation {found} follows where {expected} should")]
    Index {
        /// The number that should be here.
        expected: u32,
        /// The number that is.
        found: u32,
    },
    /// A CPU number above the limit.
    #[error("{0} is no CPU")]
    Cpu(u16),
    /// A node number that cannot be.
    #[error("{0} is no node: nodes are below {limit}", limit = NodeId::LIMIT)]
    Node(i64),
    /// A zone index the kernel does not have.
    #[error("{0} is no zone index of this kernel")]
    Zone(u64),
    /// A migratetype the kernel does not have.
    #[error("{0} is no migratetype of this kernel")]
    MigrateType(u64),
    /// A zone has flags of which this kernel has none, or which belong to reclaim.
    #[error("{0:#x} are no zone flags of this kernel")]
    ZoneFlags(u32),
    /// An order above the largest.
    #[error("{0}")]
    Order(#[from] OrderError),
    /// A frame above every machine.
    #[error("frame {0:#x} is not below {limit}", limit = Pfn::LIMIT)]
    Pfn(u64),
    /// A name that is no GFP flag.
    #[error("`{0}` is no GFP flag")]
    Gfp(String),
    /// The names and the mask really passed contradict each other.
    #[error("the names stand for mask {names:#x}, but {raw:#x} was passed")]
    RawGfp {
        /// The mask of the names.
        names: u32,
        /// The mask that was passed.
        raw: u32,
    },
    /// A bulk allocation says another number of frames than it lists.
    #[error("{said} frames were given, but {listed} are listed")]
    Bulk {
        /// What `got` says.
        said: u32,
        /// How many there are.
        listed: u32,
    },
}
