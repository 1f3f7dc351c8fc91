//! Saved snapshots: JSON, plain or compressed.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pfnlab_model::{SNAPSHOT_FORMAT, Snapshot};
use serde::Deserialize;

use crate::Error;

/// Reads a snapshot that [`save`] wrote. Compressed ones are recognised by their first bytes.
///
/// # Errors
/// When the file cannot be read, is no snapshot, or is one of another format version.
pub fn load(path: &Path) -> Result<Snapshot, Error> {
    let name = path.display().to_string();
    let read_error = |error| Error::Read {
        path: path.display().to_string(),
        error,
    };
    let mut bytes = fs::read(path).map_err(read_error)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        GzDecoder::new(&bytes[..])
            .read_to_end(&mut plain)
            .map_err(read_error)?;
        bytes = plain;
    }
    parse(&bytes).map_err(|message| Error::Snapshot {
        path: name,
        message,
    })
}

/// Writes a snapshot as JSON, compressed when the name ends in `.gz`.
///
/// # Errors
/// When the file cannot be written.
pub fn save(snapshot: &Snapshot, path: &Path) -> Result<(), Error> {
    let write_error = |error| Error::Write {
        path: path.display().to_string(),
        error,
    };
    let mut bytes = to_json(snapshot).into_bytes();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes).map_err(write_error)?;
        bytes = encoder.finish().map_err(write_error)?;
    }
    fs::write(path, bytes).map_err(write_error)
}

/// The saved form, as text.
///
/// # Panics
/// Never: a snapshot has no field JSON cannot hold.
pub fn to_json(snapshot: &Snapshot) -> String {
    serde_json::to_string(snapshot).expect("a snapshot is plain data")
}

/// The format version is looked at before anything else, so that a newer file is told apart from
/// a broken one.
fn parse(bytes: &[u8]) -> Result<Snapshot, String> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let version: Version =
        serde_json::from_slice(bytes).map_err(|error| format!("this is no snapshot: {error}"))?;
    if version.format != SNAPSHOT_FORMAT {
        return Err(format!(
            "this snapshot has format {}; only format {SNAPSHOT_FORMAT} can be read",
            version.format
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| format!("this is no snapshot: {error}"))
}
