//! What a booting kernel prints about its memory: read, and written.
//!
//! - [`read`], [`read_file`]: a log becomes a [`BootScript`]. Start here.
//! - [`messages`]: what was said, line by line, without time stamps.
//! - `line`: one line without its time stamp. `old_lines`: ranges up to 3.8. `memblock_line`: what `memblock=debug` prints.
//!   `dump`: its lists. `facts`: the map and the nodes. `cpus`: which CPU is where.
//! - [`zone_ranges`]: the lines in which a kernel says where its zones are.

mod line;
mod old_lines;

mod cpus;
mod dump;
mod facts;
mod memblock_line;

mod error;
mod reader;

mod zone_lines;

pub use error::{BootLogError, BootLogProblem};
pub use reader::{messages, read, read_file};
pub use zone_lines::{ZoneLines, zone_ranges};

#[cfg(doc)]
use pfnlab_model::BootScript;
