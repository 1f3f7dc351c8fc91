//! What `cargo bench -p pfnlab-bench` measures with.
//!
//! - [`Peer`]: what a frame allocator must do to be measured. Start here.
//! - [`peers`]: pfnlab and the others behind that trait.
//! - [`work`]: the rows of the table: what is done in one round, and what of it is timed.
//! - [`CpuTime`]: criterion's stopwatch: time of this thread, not of the wall.
//! - [`Table`]: the best round of everybody, side by side.
//! - [`callgrind`]: reads what was counted.
//! - [`simulator`]: the loop of a run, with everything a run keeps.
//! - [`counted`]: the hot paths whose instructions are counted, one by one.

pub mod work;

mod cpu_time;
mod table;

pub mod callgrind;
pub mod counted;

pub mod simulator;

pub use cpu_time::CpuTime;
pub use pfnlab_peers::{Kind, Machine, Peer, peers};
pub use table::Table;
