//! A conformance suite for any page-frame allocator.
//!
//! Write a `PageAllocator` for yours (two methods), and ask:
//!
//! ```no_run
//! # use pfnlab_check::model::{AllocError, Block, CpuId, FreeError, Machine, Observer, PageAllocator, Request};
//! # struct MyAllocator;
//! # impl MyAllocator { fn new(_: &Machine) -> MyAllocator { MyAllocator } }
//! # impl PageAllocator for MyAllocator {
//! #     fn alloc(&mut self, _: &Request, _: &mut impl Observer) -> Result<Block, AllocError> { Err(AllocError::NoZone) }
//! #     fn free(&mut self, b: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> { Err(FreeError::NotLent(b)) }
//! # }
//! // in a test:
//! pfnlab_check::suite(|machine| MyAllocator::new(machine));
//! ```
//!
//! What the allocator does not offer is not asked of it. What is found is shrunk, explained, and
//! kept as a `*.trace` file that the same test replays from then on.
//!
//! - [`suite`], [`Suite`]: ask. Start here.
//! - [`Finding`]: what is wrong. [`Report`]: the same, explained. [`Summary`]: nothing is.
//! - [`Case`]: a machine and what is asked on it, as a file. [`Corpus`]: a folder of these.
//! - [`machines`]: the machines. [`work`]: what is asked on them.
//! - [`steer`]: what reached new states is changed and tried again.
//! - [`check`]: one case, once. [`catch`], [`Patience`]: panics and endless loops are findings.
//!   [`Death`]: so is the end of an allocator that runs elsewhere.
//! - [`exhaust`]: every state of a small world. [`contest`]: several allocators on one case.
//! - [`choices`]: operations before it is known on what machine: from bytes (feature `arbitrary`), or
//!   from `strategies` for proptest (feature `proptest`); `state_machine` is a harness for
//!   proptest-state-machine (feature `state-machine`).
//! - [`model`], [`sim`]: the words, and what drives an allocator.

mod case;

mod quiet;

mod patience;

mod death;
mod finding;

mod probe;

pub mod machines;

pub mod work;

pub mod steer;

pub mod choices;

#[cfg(feature = "proptest")]
pub mod strategies;

#[cfg(feature = "state-machine")]
pub mod state_machine;

mod explore;

mod corpus;

mod report;

mod suite;

pub mod exhaust;

pub mod contest;

pub use case::{Case, CaseError};
pub use corpus::{Corpus, CorpusError};
pub use death::Death;
pub use finding::Finding;
pub use patience::{Patience, Tape};
pub use pfnlab_model as model;
pub use pfnlab_sim as sim;
pub use probe::check;
pub use quiet::catch;
pub use report::Report;
pub use suite::{Plans, Search, Suite, SuiteError, Summary, suite};
