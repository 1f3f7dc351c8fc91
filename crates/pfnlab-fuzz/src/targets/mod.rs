//! The targets, by what they read.

pub(crate) mod allocator;
pub(crate) mod linux;
pub(crate) mod recorded;
pub(crate) mod saved;
pub(crate) mod written;

use std::borrow::Cow;

/// Bytes as text, as a reader of files has them.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
