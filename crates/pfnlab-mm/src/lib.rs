//! The Linux zoned page allocator: machine and profile in, page frames out.
//!
//! `no_std` with `alloc`; no clock, no randomness, no I/O, and no heap memory asked for once a
//! machine is booted, but for memory that comes and goes and for compaction. Calls go down, events come up.
//!
//! - [`Profile`], [`Config`]: which kernel, and how it was built. Data.
//! - [`boot`]: a machine becomes zones and free lists. Start here.
//! - [`Mm`]: the allocator. Requests come in here.
//! - `at_once`: the way nearly every request goes.
//! - `slowpath`: the list of attempts; `slowpath_once`: the shorter one of old. Where there are
//!   owners to ask: `slowpath_blocking`, `slowpath_rebalancing`. `walk`: one pass
//!   over a zonelist; `walk_past_full`: how it goes on where full zones are remembered.
//! - `zonelist`: the order in which zones are asked; `zonelist_order`: by node or by kind;
//!   `zonelist_cache`: which were full lately. `watermark`: may this request go so low?
//! - `zone`: the one place where decisions become changes, by what changes: `rmqueue` takes,
//!   `robbing` and, up to 3.8, `take_largest` take from other types, `freeing` gives back, `moving`
//!   moves between types. `pcp`: the per-CPU lists in front. `draining`: back from them.
//! - `fallback`: whose blocks may be robbed, and of how much. `highatomic`, `kept`: what is kept
//!   back. `cma`: what is lent to movable requests meanwhile. `boost`: room is to be made.
//! - `isolation`, `isolated_range`: nothing is handed out from there any more; `migrating`: what is
//!   in use goes elsewhere. On them `contig`: a certain range, `area`: frames in a row, and
//!   `hotplug`: memory comes and goes.
//! - `limits`, `pagesets`: the marks that follow from how much memory there is, and from the
//!   `tunables`.
//! - `buddy`: split on the way down, merge on the way up. `frames`: where the lists live.
//! - `pageblock`, `zone_map`, `kswapd` and what it does, `balance`, `vmstat`, `numa_events`, `node_reclaim`: what stands beside.
//! - [`bare`]: the buddy alone, to look at.
//! - `arrange`: the order of a list is changed from outside.
//! - `cpu_hotplug`: CPUs come and go: what they held does not.
//! - `compaction`: what is in use is moved together; [`Deferral`]: when that is put off.
//! - [`memmap`]: which frames have a page descriptor, and what it says. From [`memory_model`],
//!   [`descriptor`], [`pageblock_bits`]: where a kernel keeps all that, bit for bit.

#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

mod arch;
mod config;
mod numbering;
mod profile;

pub mod bare;
pub mod boot;

mod at_once;
mod balance;
mod bulk;
mod exact;
mod mm;
mod slowpath;
mod slowpath_blocking;
mod slowpath_once;
mod slowpath_rebalancing;
mod walk;
mod walk_past_full;

mod alloc_flags;
mod gfp_zone;
mod watermark;
mod zonelist;
mod zonelist_build;
mod zonelist_cache;
mod zonelist_order;

mod area;
mod boost;
mod cma;
mod contig;
mod draining;
mod fallback;
mod freeing;
mod guard;
mod highatomic;
mod isolated_range;
mod isolation;
mod kept;
mod migrating;
mod moving;
mod pcp;
mod rmqueue;
mod robbing;
mod take_largest;
mod zone;

mod buddy;
mod frames;
mod free_list;

mod compaction;
mod cpu_hotplug;
mod deferral;
mod kswapd;
mod node_reclaim;
mod numa_events;
mod pageblock;
mod pressure;
mod vmstat;
mod zone_map;

pub mod descriptor;
pub mod memmap;
pub mod memory_model;
pub mod pageblock_bits;

mod hotplug;

mod arrange;
mod inspect;
mod limits;
mod options;
mod pagesets;
mod resume;
mod snapshot;
mod tunables;

pub use arch::Arch;
pub use boot::BootError;
pub use config::Config;
pub use deferral::Deferral;
pub use mm::Mm;
pub use node_reclaim::{NodeReclaim, NodeReclaimMarks};
pub use profile::{Profile, Switch};
pub use resume::ResumeError;
pub use vmstat::pressure_threshold;
