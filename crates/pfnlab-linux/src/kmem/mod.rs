//! The `kmem` tracepoints of the page allocator, as text: ftrace's own, `trace-cmd report`'s and
//! `perf script`'s, of every generation.
//!
//! - [`read`]: a whole text, every line accounted for in [`KmemLines`]. Start here.
//! - [`KmemRecord`], [`KmemEvent`]: who, when, and what happened.
//! - [`KmemKernel`]: what the numbers and names in it mean.
//! - [`KmemRecord::ftrace`]: the line ftrace prints, to the byte.
//!
//! ```
//! use pfnlab_linux::kmem::{self, KmemEvent, KmemKernel};
//!
//! let kernel = KmemKernel::of("linux-6.12.y").unwrap();
//! let text = "            bash-1234    [003] d..1.  1234.567890: mm_page_free: \
//!             page=00000000c0ffee00 pfn=0x1a2b3 order=0\n";
//! let trace = kmem::read(text, kernel)?;
//! assert_eq!(trace.records.len(), 1);
//! assert!(matches!(trace.records[0].event, KmemEvent::Free { .. }));
//! assert_eq!(format!("{}\n", trace.records[0].ftrace(kernel)), text);
//! # Ok::<(), pfnlab_linux::LineError>(())
//! ```

mod ftrace;
mod kernel;
mod payload;
mod prefix;
mod reader;
mod record;

pub use ftrace::FtraceLine;
pub use kernel::KmemKernel;
pub use reader::{KmemLines, KmemTrace, read};
pub use record::{KmemEvent, KmemPage, KmemRecord, KmemTime};
