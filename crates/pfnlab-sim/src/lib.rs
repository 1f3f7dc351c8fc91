//! Drives any page allocator, and watches it.
//!
//! Nothing here knows an allocator: everything is written over
//! [`PageAllocator`](pfnlab_model::PageAllocator), so the same operations, rules and workloads run
//! on the core, on a first-fit model in a test, or on yours.
//!
//! - [`Driver`]: operations by ticket become calls; what came of one is an [`Outcome`]. Start here.
//! - [`Around`]: the allocator's clients in a run: caches of objects, LRU batches.
//! - [`Displaced`]: what an operation moved, or took from its owner.
//! - [`run`], [`Report`], [`Tally`]: a whole trace, counted and compared with what it expects.
//! - [`Fingerprint`]: 64 bits over a run. [`Log`]: what came of every operation.
//! - [`Ledger`]: the books, kept from events alone.
//! - [`rules`], [`Checker`]: what must hold, asked after every operation.
//! - [`first_difference`]: where two snapshots part.
//! - [`coverage`]: which states a run has reached.
//! - [`shrink()`]: a failing trace becomes a short one.
//! - [`Stream`], [`Workload`]: seeded operations without end.
//! - [`phase`]: seeded operations with an end, put together to programs.
//! - [`index`]: how fragmented free memory is.

#![deny(clippy::float_arithmetic)]

mod outcome;
mod tenants;
mod tickets;

mod around;

mod driver;

mod tally;

mod run;

mod encode;
mod fingerprint;
mod log;

pub mod ledger;

mod differ;

pub mod coverage;

mod clients;
mod objects;
mod seen;

pub mod rules;

mod checker;

pub mod shrink;

mod stream;
mod workload;

pub mod phase;

pub mod index;

pub use around::{Around, Move};
pub use checker::{Checker, Failure, check};
pub use clients::Clients;
pub use coverage::Coverage;
pub use differ::{Difference, first_difference};
pub use driver::{Driver, DriverError};
pub use encode::encode;
pub use fingerprint::Fingerprint;
pub use ledger::Ledger;
pub use log::Log;
pub use objects::Objects;
pub use outcome::Outcome;
pub use rules::{Breach, Rule, View};
pub use run::{Divergence, Report, RunError, run};
pub use seen::Seen;
pub use shrink::{shrink, shrink_case};
pub use stream::Stream;
pub use tally::{RefusalKind, Tally};
pub use tenants::Displaced;
pub use tickets::Held;
pub use workload::{Setting, Workload};
