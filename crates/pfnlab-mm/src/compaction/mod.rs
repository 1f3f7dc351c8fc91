//! Compaction: what is in use is moved up, so that free blocks grow below.
//!
//! ```text
//!   zone start                                                              zone end
//!   ├─ what can be moved ──▶ migrate scanner      free scanner ◀── free blocks ─┤
//!                                     they meet: it is over
//! ```
//!
//! - `run`: one run over a zone. Start here. `sources`: what is moved; `targets`: where to.
//! - `suitable`: whether it is worth while, and whether it is done.
//! - `known`: what is remembered in between. `rule`: in what generations differ.
//! - `direct`: for a request that waits; `node`: for nobody in particular.
//!
//! - `capture`: what becomes of a block that grows while somebody waits for it.
//!
//! What it does not do: search the free lists for a place to begin (`fast_isolate_freepages`, since
//! 5.1).

mod capture;
mod direct;
mod known;
mod node;
mod resume;
mod rule;
mod run;
mod sources;
mod suitable;
mod targets;

pub(crate) use capture::Capture;
pub(crate) use direct::Priority;
pub(crate) use known::Known;
pub(crate) use resume::resume;
pub(crate) use rule::CompactionRule;
pub(crate) use suitable::COSTLY;
