//! The page descriptor (`struct page`), bit for bit, derived on demand: nothing is stored for a
//! frame.
//!
//! ```text
//!   flags     | SECTION | NODE | ZONE | LAST_CPUPID | KASAN | LRU_GEN | LRU_REFS | … | FLAGS |
//!   cell      a mapcount, or what type of page this is
//!   refcount  who uses it
//!   private   the order of a free block
//!   words     list links, or the head of a compound page
//! ```
//!
//! - [`DescriptorEra`]: what changed between generations; it names all of the below.
//! - [`FlagsLayout`]: where section, node and zone stand in the flags word. [`LayoutReport`]: the
//!   lines a kernel prints about it. [`SectionNodes`]: the table for nodes that found no room.
//! - [`PageFlag`], [`FlagNumbers`], [`FlagAlias`]: the flags, and their numbers in one kernel.
//! - [`TypeEncoding`], [`PageType`]: the cell that says what a page is.
//! - [`Refcount`]: taking and giving references, and their misuse.
//! - [`Compound`]: heads and tails.
//! - [`Descriptor`], [`FrameState`]: one descriptor, and what it is derived from.
//! - [`check_free`], [`check_new`]: what must not be set when a page comes or goes.

mod alias;
mod checks;
mod compound;
mod era;
mod flag;
mod flag_order;
mod layout;
mod links;
mod node_table;
mod numbers;
mod page;
mod page_type;
mod refcount;
mod report;

pub use alias::FlagAlias;
pub use checks::{BadPage, check_free, check_new, checked_at_free, checked_at_new};
pub use compound::{Compound, CompoundError, CompoundLinks};
pub use era::DescriptorEra;
pub use flag::PageFlag;
pub use layout::{Field, FlagsLayout, LayoutError, LayoutSpec};
pub use links::{Links, LinksError, ZoneIdForm};
pub use node_table::SectionNodes;
pub use numbers::{FlagNumbers, FlagOptions};
pub use page::{Descriptor, FrameState};
pub use page_type::{PageType, TypeEncoding, TypeError};
pub use refcount::{GetCheck, RefError, Refcount};
pub use report::{LayoutReport, ReportForm};
