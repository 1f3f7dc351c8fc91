//! The project's own chores, run as `cargo xtask <verb>`.
//!
//! - [`tidy`]: what the source must look like; `cargo test` runs it, too.

pub mod tidy;
