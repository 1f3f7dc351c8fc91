//! Page-frame allocators in shared libraries, run in a child process.
//!
//! An allocator in C (or in anything that exports C functions) is described by
//! `include/pfnlab.h`. It runs in a child, which is killed when it takes too long or dies of what it
//! does; either is a finding of [`pfnlab_check`] like a broken rule, and is made short like one.
//!
//! ```no_run
//! use pfnlab_check::Suite;
//! use pfnlab_loader::{Host, Limits};
//!
//! let host = Host::new("pfnlab-host", "./liballoc.so", Limits::default());
//! host.probe()?;
//! match Suite::default().run(|machine| host.start(machine)) {
//!     Ok(summary) => println!("{summary}"),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok::<(), pfnlab_loader::HostError>(())
//! ```
//!
//! - [`Host`]: the program that runs in the child, the library, the [`Limits`]. Start here.
//! - [`Remote`]: an allocator in a child, as the one trait.
//! - [`serve`]: what the child does: lines in, calls, lines out.
//!
//! Each allocator has a child of its own: what a library keeps in variables of its own is gone with
//! it, and what it writes to by mistake is not ours. `unsafe` stands in two private modules, `library`
//! (calls) and `reap` (how a child ended), and nowhere else in the workspace.

mod abi;

mod message;

mod library;

mod limits;

mod serve;

mod reap;

mod host;

mod remote;

pub use host::{Host, HostError};
pub use limits::Limits;
pub use remote::Remote;
pub use serve::serve;

/// The header that describes the functions a library exports.
pub const HEADER: &str = include_str!("../include/pfnlab.h");
