//! The project's own chores, run as `cargo xtask <verb>`.
//!
//! - [`book`]: the book, its pictures drawn from traces.
//! - [`conformance`]: recordings of running kernels, replayed and tabled.
//! - [`mutants`]: the allocator altered, to see whether a test notices.
//! - [`switches`]: kernel generations stay data: no switch is matched twice, no version compared.
//! - [`terminal`]: `pfnlab tui`, with keys pressed and the screen read.
//! - [`tidy`]: what the source must look like; `cargo test` runs it, too.

pub mod book;
pub mod boot_logs;
pub mod conformance;
pub mod events;
pub mod mutants;
pub mod switches;
pub mod terminal;
pub mod tidy;
