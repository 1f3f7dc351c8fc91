//! A deterministic laboratory for physical memory.
//!
//! Describe a machine, boot it, run the zoned page allocator of Linux on it from a trace, and see
//! what happened. The same input gives the same bytes, everywhere.
//!
//! - [`machine`], [`kernel`]: what to boot, by name or from a file. Start here.
//! - [`boot`]: a machine becomes zones; what Linux would print about them.
//! - [`TraceFile`]: operations as text, and the state they start from. [`snapshot`]: that state, saved.
//! - [`replay`]: traces and recordings of running kernels, compared.
//! - [`events`]: what taking a CPU away, or writing a tunable, leads to; compared with kernels.
//! - [`check`]: every rule after every operation. [`explain`]: what each did, in words.
//! - [`reel`]: a trace, a recording or a scenario, operation by operation, with the state. [`draw`]:
//!   pictures of it. [`teach`]: lessons and quizzes. [`operations`]: the same as numbers, for other
//!   tools.
//! - [`scenario`]: phases of work on a machine, from a file, summed up.
//! - [`generations`]: the same on every kernel generation, side by side, and where two part.
//! - [`what_if`]: the same with a knob turned, in one table. [`HugePages`]: how many could be had.
//! - [`sweep`]: many seeds and settings of a scenario, summed up.
//! - [`exhaust`]: every state of a small world. [`bare`]: a zone with nothing around it.
//! - [`tour`]: a seeded run, summed up. [`Repro`]: one line to get it again.
//! - [`import`]: a running kernel's counts and traces become a state and operations.
//! - [`failure`]: why a request failed, from what a kernel printed about it.
//! - [`Whereabouts`]: where a frame is. [`Error`], [`TextError`]: what is wrong with the input;
//!   [`read_text`]: text from a stream.
//! - [`model`], [`mm`], [`sim`], [`linux`], [`view`], [`lesson`]: the crates below, whole.
//!
//! ```
//! use pfnlab::{Driver, Event, Op, PageAllocator, Outcome, TraceFile, check, kernel, machine, mm::Mm};
//!
//! // A machine boots.
//! let machine = machine::resolve("one-node")?;
//! let mm = Mm::boot(&machine, kernel::profile(Some("linux-6.12.y"))?, &kernel::config(None)?)?;
//!
//! // A trace says what is asked. Operations name earlier ones by ticket.
//! let text = "\
//! #pfnlab-trace 1
//! machine one-node
//! profile linux-6.12.y
//! a 1 order=3 gfp=GFP_KERNEL cpu=0
//! a 2 order=0 gfp=GFP_HIGHUSER_MOVABLE cpu=0
//! f 1 cpu=0
//! ";
//! let trace = TraceFile::parse("first.trace", text, "".as_ref())?;
//!
//! // Operations go down, events come up.
//! let mut driver = Driver::new(mm);
//! let mut tape: Vec<Event> = Vec::new();
//! for step in &trace.trace().steps {
//!     driver.step(&step.op, &mut tape)?;
//! }
//! assert!(tape.iter().any(|event| matches!(event, Event::Lent { .. })));
//!
//! // The same, with every rule checked after every operation.
//! let checked = check::check(&trace, |_| {})?;
//! assert_eq!((checked.ops, checked.breach), (3, None));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod input;
mod near;
mod text;

pub mod kernel;
pub mod machine;
pub mod snapshot;

pub mod boot;
mod otherwise;
mod trace;

mod whereabouts;

pub mod check;
pub mod counters;
pub mod draw;
pub mod events;
pub mod explain;
pub mod failure;
pub mod import;
pub mod operations;
pub mod reel;
pub mod replay;
pub mod teach;

mod mixed;
mod watch;
mod work;

mod repro;
pub mod tour;

pub mod scenario;

mod huge_pages;
pub mod sweep;
pub mod what_if;

pub mod generations;

pub mod exhaust;

pub use error::Error;
pub use huge_pages::HugePages;
pub use input::{
    read as read_text, read_packed as read_packed_text, unpacked as read_packed_bytes,
};
pub use otherwise::{KnobError, Otherwise};
pub use pfnlab_clients as clients;
pub use pfnlab_lesson as lesson;
pub use pfnlab_linux as linux;
pub use pfnlab_mm as mm;
pub use pfnlab_mm::bare;
pub use pfnlab_mm::{Config, Mm, Profile, Switch};
pub use pfnlab_model as model;
pub use pfnlab_model::{
    Block, CpuId, Event, Gfp, Inspect, Machine, MachineSpec, MigrateType, NodeId, Observer, Op,
    Order, PageAllocator, Pfn, PfnRange, Request, Snapshot, Ticket, Trace, ZoneId, ZoneKind,
};
pub use pfnlab_sim as sim;
pub use pfnlab_sim::{Driver, Fingerprint, Ledger, Outcome, Workload};
pub use pfnlab_view as view;
pub use repro::{Repro, ReproError};
pub use text::TextError;
pub use trace::TraceFile;
pub use whereabouts::Whereabouts;
pub use work::Work;

/// The example in the README works.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
