//! Draws snapshots and events as text, and tells in words what an operation did.
//!
//! Nothing here knows a terminal: a [`Style`] says how wide the text may be, whether it is
//! coloured, and whether it keeps to ASCII. The same input gives the same bytes. Frames are
//! printed in hex, counts in decimal.
//!
//! - [`Style`]: how to draw. Start here.
//! - [`zone()`]: a zone: a strip of cells, blocks by order, its free lists, its per-CPU lists, its
//!   pageblocks. [`blocks()`]: its blocks, and who has each.
//! - [`operation()`]: what one operation split and merged, buddies in binary. [`chains()`]: the same
//!   as blocks. [`buddies()`]: any two.
//! - [`Narrator`], [`Story`]: one operation in words and pictures, fed by its events.

mod style;

mod text;

mod generation;
mod names;

mod binary;
mod ladder;

mod zone;

mod story;

mod operation;

pub use operation::{Chain, buddies, chains, operation};
pub use story::{Detail, Narrator, Story};
pub use style::Style;
pub use zone::{Holder, ZonePicture, blocks, zone};
