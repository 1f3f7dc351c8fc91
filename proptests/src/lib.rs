//! Property suites: generated machines and traces against everything that must hold.
//!
//! - [`strategies`]: machines, and traces over them. Every choice is in the value.
//! - [`Case`]: a machine, a profile and a trace; as text, it is a file that `pfnlab check` runs.
//! - [`hold`]: asks for many cases whether something holds; the first for which it does not is
//!   shrunk, and printed as that text.
//! - [`for_all`]: the same question about anything else than a case.
//!
//! Cases are the same in every run. `PFNLAB_CASES=N` asks for more of them, `PFNLAB_SEED=N` for
//! others.

pub mod strategies;

mod case;
mod suite;

pub use case::Case;
pub use pfnlab_check::{Patience, Tape};
pub use suite::{Broken, for_all, hold};
