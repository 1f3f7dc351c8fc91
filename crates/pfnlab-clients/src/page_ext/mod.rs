//! The extension of page descriptors (`page_ext`): a table of its own for every section of memory.
//!
//! - [`PageExt`]: the tables of a machine: made at boot, looked up, and made and given back as
//!   memory comes and goes. Start here.
//! - [`Needs`] → [`Entry`]: who wants to keep something, and where in an entry it is.
//! - [`SectionMap`]: what the walk over memory asks; [`Sections`] is that as a trait.
//! - [`FlatTable`]: the form for kernels without sections.
//! - [`PageExtPolicy`]: what differs between generations.

mod entry;
mod policy;

mod sections;

mod flat;
mod table;

mod machine;

pub use entry::{Entry, Needs};
pub use flat::{EarlyMemory, FlatTable};
pub use machine::{BootReport, PageExt, PageExtError, Visit, VisitOutcome};
pub use policy::{Client, ClientKind, EntryRule, Flag, PageExtPolicy, PresenceCheck, Rollback};
pub use sections::{HoleRule, SectionMap, Sections};
pub use table::{TableSource, VMALLOC_START};
