//! A folder of cases that once failed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Case, CaseError, Finding};

/// A folder of cases that once failed, each a `*.trace` file. They are replayed for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    folder: PathBuf,
}

/// A corpus that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or the folder.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file that is no case.
    #[error("{}: {error}", path.display())]
    Case {
        /// Which.
        path: PathBuf,
        /// Why.
        error: Box<CaseError>,
    },
}

impl Corpus {
    /// The cases in a folder. It need not exist before something is kept.
    pub fn at(folder: impl Into<PathBuf>) -> Corpus {
        Corpus {
            folder: folder.into(),
        }
    }

    /// Every case, by file name.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or one is no case.
    pub fn cases(&self) -> Result<Vec<(PathBuf, Case)>, CorpusError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.io(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| self.io(error))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "trace")
            {
                paths.push(path);
            }
        }
        paths.sort();
        paths
            .into_iter()
            .map(|path| Corpus::read(&path).map(|case| (path, case)))
            .collect()
    }

    /// The case in a file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Case, CorpusError> {
        let path = path.to_owned();
        match fs::read_to_string(&path) {
            Ok(text) => Case::parse(&text).map_err(|error| CorpusError::Case {
                path,
                error: Box::new(error),
            }),
            Err(error) => Err(CorpusError::Io { path, error }),
        }
    }

    /// Keeps a case under the name of what it breaks, and says where.
    ///
    /// # Errors
    /// When the folder cannot be made, or the file not written.
    pub fn keep(&self, case: &Case, finding: &Finding) -> Result<PathBuf, CorpusError> {
        let text = case.to_string();
        let kind = finding.kind.to_lowercase();
        let mut path = self.folder.join(format!("{kind}.trace"));
        let mut number = 2;
        while fs::read_to_string(&path).is_ok_and(|other| other != text) {
            path = self.folder.join(format!("{kind}-{number}.trace"));
            number += 1;
        }
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| self.io(error))?;
        Ok(path)
    }

    fn io(&self, error: io::Error) -> CorpusError {
        let path = self.folder.clone();
        CorpusError::Io { path, error }
    }
}
