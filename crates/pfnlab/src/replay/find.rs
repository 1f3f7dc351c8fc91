//! What there is to replay: traces and recorded cases, by file or by folder.

use std::fs;
use std::path::{Path, PathBuf};

use pfnlab_linux::Recording;

use super::{CaseReplay, TraceReplay, recording, trace};
use crate::{Error, TraceFile};

/// What the name of a trace ends in.
const TRACE: &str = "trace";

/// Something that can be replayed.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The trace in a file.
    TraceFile(PathBuf),
    /// A trace that was read already.
    Trace(TraceFile),
    /// The recorded case in a folder.
    Case(PathBuf),
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Replayed {
    /// A trace.
    Trace {
        /// The file it came from.
        name: String,
        /// What came of it.
        replay: Box<TraceReplay>,
    },
    /// A recorded case.
    Case(CaseReplay),
}

impl Subject {
    /// Everything at or below `folders`: the traces (`*.trace`) sorted by name, then the recorded
    /// cases sorted by name; each once. Below a case nothing is looked for, and links to folders
    /// are followed only when they are given.
    ///
    /// # Errors
    /// When a folder cannot be read, or there is nothing at or below one of them.
    pub fn below<P: AsRef<Path>>(
        folders: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Subject>, Error> {
        let (mut traces, mut cases) = (Vec::new(), Vec::new());
        for folder in folders {
            let known = (traces.len(), cases.len());
            look(folder.as_ref(), &mut traces, &mut cases)?;
            if known == (traces.len(), cases.len()) {
                let path = folder.as_ref().display().to_string();
                return Err(Error::NothingToReplay { path });
            }
        }
        traces.sort();
        traces.dedup();
        cases.sort();
        cases.dedup();
        let traces = traces.into_iter().map(Subject::TraceFile);
        Ok(traces.chain(cases.into_iter().map(Subject::Case)).collect())
    }

    /// Replays it.
    ///
    /// # Errors
    /// When it cannot be read, or its start is not to be had.
    pub fn replay(&self) -> Result<Replayed, Error> {
        let silent = |_| {};
        let replay_trace = |file: &TraceFile| {
            Ok(Replayed::Trace {
                name: file.name().to_owned(),
                replay: Box::new(trace(file, silent)?),
            })
        };
        match self {
            Subject::TraceFile(path) => replay_trace(&TraceFile::open(path)?),
            Subject::Trace(file) => replay_trace(file),
            Subject::Case(folder) => Ok(Replayed::Case(recording(folder, silent)?)),
        }
    }
}

fn look(folder: &Path, traces: &mut Vec<PathBuf>, cases: &mut Vec<PathBuf>) -> Result<(), Error> {
    if Recording::is_case(folder) {
        cases.push(folder.to_owned());
        return Ok(());
    }
    let unreadable = |error| Error::Read {
        path: folder.display().to_string(),
        error,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if entry.file_type().map_err(unreadable)?.is_dir() {
            look(&path, traces, cases)?;
        } else if path.extension().is_some_and(|extension| extension == TRACE) {
            traces.push(path);
        }
    }
    Ok(())
}
