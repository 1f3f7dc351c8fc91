//! Published results about fragmentation, asked of the model. The page "Headline results" of the
//! book says what each workload is; it was written before the first run.
//!
//! - [`huge_frames`]: how many huge frames are left after a long time (H2).
//! - [`stealing`]: what it helps to take the rest of a pageblock along (H3).
//! - [`avoidance`]: what it helps to go to another zone, and to make room early (H4).
//! - [`hygiene`]: whether movable pageblocks hold unmovable pages (H5); [`anywhere()`]: how many would if pages
//!   lay anywhere.
//! - [`fio`]: the workload of these two.
//!
//! - [`chart()`]: what was published beside what was reached.
//!
//! A placement of one's own is one function:
//!
//! - [`Placement`]: from which block of 2 MiB the next frame is taken. [`Placed`]: an allocator that
//!   asks it. [`Trees`], [`Scatter`]: two of them. [`huge_frames::placed`]: how many huge frames any of
//!   them leaves.

pub mod avoidance;
pub mod fio;
pub mod huge_frames;
pub mod hygiene;
pub mod stealing;

mod anywhere;
mod bench;
mod chart;
mod inodes;
mod machine;
mod page_cache;
mod placed;
mod scatter;
mod trees;

pub use anywhere::{Anywhere, anywhere};
pub use bench::{Fragmenting, Size, median};
pub use chart::{Change, chart};
pub use inodes::Going;
pub use placed::{Placed, Placement, Room};
pub use scatter::Scatter;
pub use trees::Trees;
