//! Sections: fixed pieces of physical memory that have descriptors or have not (`mm/sparse.c`).
//!
//! - [`SectionEra`]: what changed between generations. [`SectionsSpec`]: all that is chosen once.
//! - [`SectionWord`]: one section in one word. [`Subsections`]: which 2 MiB of it are there.
//! - [`UsageLayout`]: what a section keeps beside its word, in bytes.
//! - `table`: two levels of sections, or one. [`Sections`]: the table and what is asked of it.
//! - `boot`: announced, grouped, given maps. `hotplug`: activated and deactivated.

mod boot;
mod era;
mod hotplug;
mod sections;
mod subsections;
mod table;
mod usage;
mod word;

pub use boot::Group;
pub(super) use boot::Maps;
pub use era::SectionEra;
pub use hotplug::{ActivateError, DeactivateError, Deactivated};
pub use sections::{Sections, SectionsSpec};
pub use subsections::Subsections;
pub use table::{Root, RootArray, Section, SectionTable};
pub use usage::UsageLayout;
pub use word::{SectionFlags, SectionWord, SectionWordLayout};
