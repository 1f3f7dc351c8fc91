//! The project's own chores, run as `cargo xtask <verb>`.
//!
//! - [`conformance`]: recordings of running kernels, replayed and tabled.
//! - [`tidy`]: what the source must look like; `cargo test` runs it, too.

pub mod boot_logs;
pub mod conformance;
pub mod tidy;
