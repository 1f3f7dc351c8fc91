//! Phases: seeded stretches of a run that can be put together.
//!
//! A phase makes operations for any allocator. It knows tickets, never frames. Phases of a
//! [`Program`] run one after the other and share a [`Table`] of live tickets, so that a later one
//! works on the memory an earlier one left behind.
//!
//! - [`Phase`]: the trait. [`Kind`]: every phase there is, as plain data. Start here.
//! - [`Program`]: phases in sequence. [`Site`]: where they run. [`Table`]: what is held.
//! - [`Ask`], [`Percent`]: parts that many phases have.
//! - [`Churn`], [`Sawtooth`], [`Bursts`], [`Drift`]: memory comes and goes.
//! - [`MixedOrders`], [`MixedMobility`]: of many sizes, of many types.
//! - [`Handoff`]: one CPU allocates, another frees.
//! - [`Fill`], [`Edge`]: until there is no more.
//! - [`Checkerboard`]: every other block stays.
//! - [`Objects`]: `kmalloc` and `kfree`.
//! - [`Cpus`], [`Memory`]: CPUs and memory go and come back.
//! - [`PageCache`], [`Waiting`], [`Compaction`]: pages that can be given up, and how room is made.
//! - [`Requests`], [`Release`], [`Idle`]: a question, a clearing, a rest in between.
//!
//! ```
//! use pfnlab_sim::phase::{Checkerboard, Fill, Kind, Program};
//! let phases = [Kind::Checkerboard(Checkerboard::default()), Kind::Fill(Fill::default())];
//! let mut program = Program::new(1, 1 << 14, 2, &phases);
//! let first = program.next_op().unwrap();
//! assert_eq!(first.to_string(), "a 1 order=0 gfp=GFP_HIGHUSER_MOVABLE cpu=1");
//! ```

#[macro_use]
mod plain;

mod ask;
mod percent;
mod site;
mod table;

mod bursts;
mod checkerboard;
mod churn;
mod compaction;
mod cpus;
mod drift;
mod edge;
mod fill;
mod handoff;
mod idle;
mod memory;
mod mixed_mobility;
mod mixed_orders;
mod objects;
mod page_cache;
mod release;
mod requests;
mod sawtooth;
mod waiting;

mod kind;
mod program;

use pfnlab_model::Op;

use crate::Outcome;

pub use ask::Ask;
pub use bursts::Bursts;
pub use checkerboard::Checkerboard;
pub use churn::Churn;
pub use compaction::Compaction;
pub use cpus::Cpus;
pub use drift::Drift;
pub use edge::Edge;
pub use fill::Fill;
pub use handoff::Handoff;
pub use idle::Idle;
pub use kind::Kind;
pub use memory::Memory;
pub use mixed_mobility::MixedMobility;
pub use mixed_orders::MixedOrders;
pub use objects::Objects;
pub use page_cache::PageCache;
pub use percent::{Percent, PercentError};
pub use program::Program;
pub use release::Release;
pub use requests::Requests;
pub use sawtooth::Sawtooth;
pub use site::Site;
pub use table::{Live, Table};
pub use waiting::Waiting;

/// A stretch of a run: it says what to ask next, and is told what came of it.
pub trait Phase {
    /// The next operation; `None`: the phase is over. Tickets are taken from and named by `table`.
    fn next_op(&mut self, table: &mut Table) -> Option<Op>;

    /// What came of the latest operation. `table` knows it already.
    fn observe(&mut self, _table: &Table, _outcome: &Outcome) {}
}
