//! Files, packed or plain.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::RecordingError;

/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The text of a file, unpacked when it is packed.
pub(super) fn text(path: &Path) -> Result<String, RecordingError> {
    let unreadable = |error| RecordingError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let bytes = fs::read(path).map_err(unreadable)?;
    let mut text = String::new();
    let read = if bytes.starts_with(&GZIP) {
        MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)
    } else {
        (&bytes[..]).read_to_string(&mut text)
    };
    read.map_err(unreadable)?;
    Ok(text)
}
