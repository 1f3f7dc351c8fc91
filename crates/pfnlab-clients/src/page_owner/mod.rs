//! Who allocated a page, and who gave it back (`page_owner=on`).
//!
//! - [`PageOwner`]: listens to an allocator and keeps a record for every page. Start here.
//! - [`Record`]: what it keeps. [`Context`]: who is at work. [`Stacks`]: call stacks, each once.
//! - [`PageFacts`]: what the text says beside the record; [`SnapshotFacts`] has it from a snapshot.
//! - [`sort`]: puts records of one text together, as `page_owner_sort` does.
//! - [`OwnerPolicy`]: what differs between generations.

mod policy;

mod record;
mod stacks;

mod owner;

mod facts;
mod text;

pub mod sort;

pub use facts::{PageFacts, SnapshotFacts};
pub use owner::{Entries, Everywhere, PageOwner};
pub use policy::{Coverage, OnFree, OnSplit, OwnerPolicy, OwnerText};
pub use record::{Context, MigrateReason, Record};
pub use stacks::{StackId, Stacks};
pub use text::{TooLong, mixed_blocks};
