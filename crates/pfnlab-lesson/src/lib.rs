//! Draws physical memory as SVG, and makes lessons of it.
//!
//! Nothing here runs an allocator: snapshots and events go in, text comes out. The same input gives
//! the same bytes.
//!
//! - [`Picture`]: what of a state, or of what an operation did, is drawn. Start here. [`View`]: its
//!   parts. [`Change`]: what an operation did.
//! - [`animated()`]: pictures one after the other, in one file.
//! - [`png()`]: any of them as a bitmap (feature `png`).
//! - [`Lesson`]: a page to step through operations, forward and back. [`Told`]: one of them.
//! - [`Question`]: what to ask before an operation is shown. [`mod@print`]: on paper, for mdBook, for Moodle.

mod look;
mod svg;

mod change;
mod occupancy;

mod picture;

mod animation;
#[cfg(feature = "png")]
mod png;

mod question;

mod page;

pub use animation::animated;
pub use change::Change;
pub use page::{Lesson, Told};
pub use picture::{Picture, PictureError, View};
#[cfg(feature = "png")]
pub use png::{PngError, png};
pub use question::{Question, QuestionKind, print};
