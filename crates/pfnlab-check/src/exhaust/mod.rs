//! Small worlds, exhaustively: every state that an allocator can reach, and every rule in each.
//!
//! A [`World`] is an allocator and a few requests that may be made of it. From its first state
//! every request is made and every block that is held is given back, and so from each state that
//! comes of it, breadth first, until nothing new comes. States are told apart by their canonical
//! form (`form`): the free blocks, the blocks that are held, the types of the pageblocks.
//!
//! A state is known by the way to it: its parent, and one move more. To look at it again the way is
//! walked from the start, so that any allocator that can be cloned will do, and what is found is
//! found with the shortest way there is.
//!
//! - [`World`], [`Lists`]: what is searched. [`Asked`]: how thoroughly rules are asked.
//! - [`Search`]: the search; it can be stopped, saved and gone on with. [`Counts`]: what it saw.
//! - [`Found`]: what is wrong, and the way to it.
//! - `position`: an allocator on its way; `expand`: one state, and what comes of it.

mod expand;
mod form;
mod position;
mod saved;
mod search;
mod world;

pub use saved::SavedError;
pub use search::{Counts, Found, Search};
pub use world::{Asked, Lists, Move, World, WorldError};
