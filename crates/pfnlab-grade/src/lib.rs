//! Points for a page-frame allocator.
//!
//! A teacher writes a [`Rubric`]: items with points, each about rules of [`pfnlab_check`], about
//! staying alive, or about handing memory out at all. [`Rubric::grade`] runs the allocator on every
//! machine, gives an item the share of its points by the machines on which it holds, and shows the
//! smallest counter-example found for whatever is broken.
//!
//! The allocator is anything that is a `PageAllocator`: one in this process, or one in a shared
//! library in a child process of its own (`pfnlab-loader`), where a crash costs points and nothing
//! else.
//!
//! - [`Rubric`], [`Item`]: what is asked, and for how much. Start here.
//! - [`Grade`], [`ItemGrade`], [`Counterexample`]: what came of it. Serializes as JSON.
//! - [`page`]: the same as an HTML page of its own. [`Points`]: whole points and hundredths.

mod points;

mod rubric;

mod exam;

mod grade;

mod picture;

mod page;

pub use grade::{Counterexample, Grade, ItemGrade};
pub use page::page;
pub use points::Points;
pub use rubric::{Ask, DEATHS, Item, Rubric, RubricError};
