//! Saved snapshots: JSON, plain or compressed.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use pfnlab_model::{SNAPSHOT_FORMAT, Snapshot};
use serde::Deserialize;

use crate::{Error, input};

/// Reads a snapshot that [`save`] wrote. Compressed ones are recognised by their first bytes.
///
/// # Errors
/// When the file cannot be read, is no snapshot, or is one of another format version.
pub fn load(path: &Path) -> Result<Snapshot, Error> {
    let bytes = input::unpacked(path)?;
    parse(&bytes).map_err(|error| error.into_error(path))
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

/// The snapshot that [`to_json`] made into text.
///
/// # Errors
/// When it is no snapshot, or is one of another format version. Errors call it `name`.
pub fn from_json(name: &str, text: &str) -> Result<Snapshot, Error> {
    parse(text.as_bytes()).map_err(|error| error.into_error(Path::new(name)))
}

/// What is wrong with a file that should be a snapshot.
enum Problem {
    Json(serde_json::Error),
    Format(u32),
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        Problem::Json(error)
    }
}

impl Problem {
    fn into_error(self, path: &Path) -> Error {
        let path = path.display();
        match self {
            Problem::Json(error) => {
                let (line, column) = (error.line(), error.column());
                let place = format!(" at line {line} column {column}");
                let reason = error.to_string();
                let reason = reason.strip_suffix(&place).unwrap_or(&reason);
                Error::Snapshot {
                    path: format!("{path}:{line}:{column}"),
                    message: format!("this is no snapshot: {reason}"),
                }
            }
            Problem::Format(format) => Error::Snapshot {
                path: path.to_string(),
                message: format!(
                    "this snapshot has format {format}; only format {SNAPSHOT_FORMAT} can be read"
                ),
            },
        }
    }
}

/// The format version is looked at before anything else, so that a newer file is told apart from
/// a broken one.
fn parse(bytes: &[u8]) -> Result<Snapshot, Problem> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let version: Version = serde_json::from_slice(bytes)?;
    if version.format != SNAPSHOT_FORMAT {
        return Err(Problem::Format(version.format));
    }
    Ok(serde_json::from_slice(bytes)?)
}
