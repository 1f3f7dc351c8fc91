//! Files and streams as text.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pfnlab_linux::{read_bytes, read_unpacked};

use crate::{Error, TextError};

/// The text of a file.
///
/// # Errors
/// When it cannot be read, is larger than 1 GiB, or is not UTF-8. The last points at the first byte
/// at fault.
pub(crate) fn text(path: &Path) -> Result<String, Error> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => read(&name, file),
        Err(error) => Err(Error::Read { path: name, error }),
    }
}

/// The text that `reader` gives; errors call it `name`.
///
/// ```
/// assert_eq!(pfnlab::read_text("<stdin>", &b"drain"[..]).unwrap(), "drain");
/// let error = pfnlab::read_text("<stdin>", &b"drain\n\xff"[..]).unwrap_err();
/// assert!(error.to_string().starts_with("<stdin>:2:1: "), "{error}");
/// ```
///
/// # Errors
/// When it cannot be read, gives more than 1 GiB, or what it gives is not UTF-8. The last points
/// at the first byte at fault.
pub fn read(name: &str, reader: impl Read) -> Result<String, Error> {
    let bytes = read_bytes(reader).map_err(|error| Error::Read {
        path: name.to_owned(),
        error,
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[start];
        let text = String::from_utf8_lossy(error.as_bytes());
        let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
        let message = format!("byte {byte:#04x} is not UTF-8: this is no text");
        TextError::new(name, text, start..end, message).into()
    })
}

/// The bytes of a file, unpacked when it is gzip.
///
/// # Errors
/// When it cannot be read or unpacked, or is too large.
pub fn unpacked(path: &Path) -> Result<Vec<u8>, Error> {
    File::open(path)
        .and_then(read_unpacked)
        .map_err(|error| Error::Read {
            path: path.display().to_string(),
            error,
        })
}

/// The text of a file, unpacked when it is gzip.
///
/// # Errors
/// When it cannot be read or unpacked, is too large, or is not UTF-8.
pub fn read_packed(path: &Path) -> Result<String, Error> {
    read(&path.display().to_string(), &unpacked(path)?[..])
}
