//! Speaks Linux's own text: what a kernel prints, and what was recorded of one.
//!
//! - [`Recording`]: operations recorded on a running kernel, with its state before and after.
//!   Start here.
//! - [`EventFiles`]: what was done to a machine between two recorded states.
//! - [`read_snapshot`]: a recorded state on its own. [`read_untouched`]: the rest of it.
//! - [`differences`]: where two snapshots are not the same.
//! - [`proc`]: `/proc/buddyinfo`, `/proc/pagetypeinfo` and `/proc/zoneinfo` of a snapshot,
//!   and of a running kernel.
//! - [`read_bytes`], [`read_unpacked`]: files, packed or plain, never without bound.
//! - [`bootlog`]: what a booting kernel prints about its memory, read and written.
//! - [`kmem`]: traces of the page allocator's tracepoints, read and written.
//! - [`failure_report`]: what a kernel prints when it has no memory to give.
//! - [`LineError`]: which line of a kernel's text makes no sense, where, and why.

mod recording;

mod compare;

mod bytes;
mod form;
mod text;

pub mod bootlog;
pub mod failure_report;
pub mod kmem;
pub mod proc;

pub use bytes::{read_bytes, read_unpacked};
pub use compare::{Difference, NOT_COMPARED, differences};
pub use recording::{
    EventFiles, Got, OpProblem, RecordedEvent, RecordedOp, Recording, RecordingError,
    SnapshotProblem, Status, Untouched, ZoneAfter, read_snapshot, read_untouched,
};
pub use text::{LineError, LineProblem};
