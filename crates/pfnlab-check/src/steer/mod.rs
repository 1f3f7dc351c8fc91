//! Steering: what reached new states is changed a little and tried again.
//!
//! A [`Plan`] is a few [`Stretch`]es, each with [`Weights`] of its own: how often what is asked, of
//! which orders and flags. [`Steering`] makes plans; those that reach states nobody reached before are
//! kept, and most new plans are old ones, changed. One seed gives the same plans for ever, as long as
//! the allocator answers the same.

mod asking;
mod plan;
mod steering;
mod weights;

pub use asking::Asking;
pub use plan::{Plan, Stretch};
pub use steering::Steering;
pub use weights::{Ask, Weights};
