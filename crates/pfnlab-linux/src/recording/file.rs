//! Files, packed or plain, as text.

use std::fs::File;
use std::io;
use std::path::Path;

use super::RecordingError;
use crate::read_unpacked;

/// The text of a file, unpacked when it is packed.
pub(super) fn text(path: &Path) -> Result<String, RecordingError> {
    let unreadable = |error| RecordingError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let bytes = File::open(path)
        .and_then(read_unpacked)
        .map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let message = format!("line {line} is not UTF-8 text");
        unreadable(io::Error::new(io::ErrorKind::InvalidData, message))
    })
}
