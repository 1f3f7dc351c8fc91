//! One HTML page about a run: what became of memory, drawn. It needs no network and no script.
//!
//! - [`Film`]: a trace runs, and its memory is looked at again and again. Start here.
//! - [`figures`]: the film as pictures, each with its numbers as a table: [`Figure`].
//! - [`page`]: figures as one page; of several runs, one below the other.
//!
//! ```
//! use pfnlab::{Otherwise, TraceFile};
//! use pfnlab_report::{Film, Section, figures, page};
//! let text = "#pfnlab-trace 1\nmachine one-node\na 1 order=9\na 2 order=0 gfp=GFP_KERNEL\nf 1\n";
//! let trace = TraceFile::parse("a.trace", text, "".as_ref())?;
//! let film = Film::shoot(&trace, &Otherwise::default(), 100)?;
//! let section = Section { setting: "as it is".to_owned(), figures: figures(&film) };
//! let html = page("a.trace", &[section]);
//! assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("http://www.example"));
//! # Ok::<(), pfnlab::Error>(())
//! ```

mod figure;
mod film;
mod html;
mod svg;

pub use figure::{Figure, figures};
pub use film::{Film, Frame, ZoneFrame};
pub use html::{Section, page};
