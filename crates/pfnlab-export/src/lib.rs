//! Tables and traces for other tools. The same table gives the same bytes, every time.
//!
//! - [`Table`]: named columns of integers or texts. Start here.
//! - [`csv()`], [`json_lines`], `parquet`: a table as a file. The last needs the feature of its name.
//! - [`ChromeTrace`]: what happened on which CPU, for `ui.perfetto.dev` and `chrome://tracing`.
//!
//! ```
//! use pfnlab_export::{Column, Table, Values};
//! let table = Table::new(vec![
//!     Column::new("seed", Values::Integers(vec![1, 2])),
//!     Column::new("setting", Values::Texts(vec!["as it is".into(), "a, b".into()])),
//! ]);
//! let mut out = Vec::new();
//! pfnlab_export::csv(&table, &mut out)?;
//! assert_eq!(out, b"seed,setting\n1,as it is\n2,\"a, b\"\n");
//! # Ok::<(), pfnlab_export::ExportError>(())
//! ```

mod chrome;
mod json_lines;
#[cfg(feature = "parquet")]
mod parquet_file;
mod separated;
mod table;

pub use chrome::ChromeTrace;
pub use json_lines::json_lines;
#[cfg(feature = "parquet")]
pub use parquet_file::parquet;
pub use separated::csv;
pub use table::{Column, Table, Values};

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The output does not take it.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// The format's own library refuses.
    #[error("{0}")]
    Format(String),
}
