//! A running kernel's data becomes a machine and a trace.
//!
//! - [`Counts`]: what `/proc` counts of every zone. Start here.
//! - [`KmemImport`]: a trace of the allocator's tracepoints as operations, with a [`KmemLedger`]:
//!   whose every frame was, and what the trace does not say.
//! - [`state`]: a state with these counts. Where blocks are nobody counted, so a seed says it: many
//!   seeds make an ensemble, and what differs between them is not known.
//! - [`Counts::take_flags`]: `/proc/kpageflags` says where they are. [`spread()`]: how far states with
//!   the same counts lie apart.
//! - [`replay()`]: the operations on such a state, and [`Ended`]: what is counted at the end.
//! - [`ensemble()`], [`compare`]: the same for many seeds, beside what was recorded.
//!
//! ```
//! use pfnlab::import::{Counts, Known, state};
//! use pfnlab::model::Inspect;
//! let zoneinfo = "\
//! Node 0, zone   Normal
//!   pages free     2048
//!         min      10
//!         low      12
//!         high     14
//!         spanned  4096
//!         present  4096
//!         managed  4000
//!         protection: (0, 0, 0, 0, 0)
//!       nr_free_pages 2048
//!   pagesets
//!     cpu: 0
//!               count: 0
//!               high:  0
//!               batch: 1
//!   vm stats threshold: 4
//!   node_unreclaimable:  0
//!   start_pfn:           1048576
//! ";
//! let counts = Counts::read(("zoneinfo", zoneinfo), None, None)?;
//! let profile = pfnlab::kernel::profile(None)?;
//! let config = pfnlab::kernel::config(None)?;
//! let one = state(&counts, profile, &config, &Known::default(), 1)?;
//! let other = state(&counts, profile, &config, &Known::default(), 2)?;
//! assert_eq!(pfnlab::linux::proc::buddyinfo(&one), pfnlab::linux::proc::buddyinfo(&other));
//! assert_ne!(one, other);
//! # Ok::<(), pfnlab::Error>(())
//! ```

mod counts;
mod ensemble;
mod flags;
mod frames;
mod kmem;
mod ledger;
mod lived_in;
mod members;
mod place;
mod replay;
mod state;

pub use counts::{Counts, FreeCount, ZoneCounts};
pub use ensemble::{Spread, compare, ensemble};
pub use flags::FlagsLedger;
pub use kmem::KmemImport;
pub use ledger::KmemLedger;
pub(crate) use lived_in::{LivedIn, lived_in};
pub use members::spread;
pub use replay::{Ended, replay};
pub use state::{Known, state};

use crate::Error;

/// Data that fits no machine, or no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A file speaks of a zone that another does not know.
    #[error("{file}: {zone} is not in the zoneinfo")]
    UnknownZone {
        /// The file.
        file: String,
        /// The zone.
        zone: pfnlab_model::ZoneId,
    },
    /// A zone lacks a number that is needed.
    #[error("{file}: {zone} says nothing of `{field}`")]
    Missing {
        /// The file.
        file: String,
        /// The zone.
        zone: pfnlab_model::ZoneId,
        /// What is missing.
        field: &'static str,
    },
    /// A zone's numbers contradict each other.
    #[error("{zone}: {what}")]
    Contradiction {
        /// The zone.
        zone: pfnlab_model::ZoneId,
        /// What is wrong.
        what: String,
    },
    /// A file is no `/proc/kpageflags`.
    #[error("{file}: {error}")]
    Flags {
        /// The file.
        file: String,
        /// Why it is none.
        error: pfnlab_linux::proc::read::KpageflagsError,
    },
    /// No zone has memory.
    #[error("{0}: no zone has memory")]
    NoMemory(String),
    /// A zone spans more frames than are laid out one by one.
    #[error("{zone}: {frames} frames are too many to lay out: at most {most}")]
    TooLarge {
        /// The zone.
        zone: pfnlab_model::ZoneId,
        /// How many it spans.
        frames: u64,
        /// How many would do.
        most: u64,
    },
    /// The blocks that are counted cannot all be in a zone, beside what is known to be in use.
    #[error("{zone}: no room for {blocks} free blocks of order {order}, beside what is in use")]
    Crowded {
        /// The zone.
        zone: pfnlab_model::ZoneId,
        /// The order.
        order: pfnlab_model::Order,
        /// How many blocks found no room.
        blocks: u64,
    },
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Error {
        Error::Import(error)
    }
}
