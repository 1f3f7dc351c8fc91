//! Some seeds of a setting, and the file that keeps what they came to.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Record;
use crate::Error;

/// Seeds in a batch: few enough that little is lost, many enough that files are few.
pub(super) const BATCH: u32 = 16;

/// Some seeds of a setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) setting: u32,
    pub(super) first: u64,
    pub(super) seeds: u32,
}

impl Batch {
    pub(super) fn seeds(&self) -> Range<u64> {
        self.first..self.first.saturating_add(u64::from(self.seeds))
    }

    /// Whether these records are its own.
    fn is(&self, records: &[Record]) -> bool {
        let mine = records.iter().all(|record| record.setting == self.setting);
        mine && records.iter().map(|record| record.seed).eq(self.seeds())
    }
}

/// Where the batches of a sweep are kept: JSON lines, and a file that says of what sweep.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

const DESCRIPTION: &str = "sweep.txt";

impl Folder {
    /// Takes or makes a folder for what `description` says.
    pub(super) fn open(path: &Path, description: &str) -> Result<Folder, Error> {
        let failed = |error| Error::Write {
            path: path.display().to_string(),
            error,
        };
        fs::create_dir_all(path).map_err(failed)?;
        let file = path.join(DESCRIPTION);
        match fs::read_to_string(&file) {
            Ok(known) if known == description => {}
            Ok(_) => {
                return Err(Error::OtherSweep {
                    path: path.display().to_string(),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::write(&file, description).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Folder(path.to_owned()))
    }

    fn file(&self, batch: &Batch) -> PathBuf {
        let Batch { setting, first, .. } = batch;
        self.0.join(format!("batch-{setting:03}-{first:08}.jsonl"))
    }

    /// What a batch came to, if its file has all of it.
    pub(super) fn load(&self, batch: &Batch) -> Option<Vec<Record>> {
        let text = fs::read_to_string(self.file(batch)).ok()?;
        let records = text.lines().map(serde_json::from_str);
        let records: Vec<Record> = records.collect::<Result<_, _>>().ok()?;
        batch.is(&records).then_some(records)
    }

    /// Keeps what a batch came to. Whoever is interrupted leaves no half of a file.
    pub(super) fn save(&self, batch: &Batch, records: &[Record]) -> Result<(), Error> {
        let path = self.file(batch);
        let mut text = String::new();
        for record in records {
            text.push_str(&record.to_json());
            text.push('\n');
        }
        let unfinished = path.with_extension("unfinished");
        let written = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, &path));
        written.map_err(|error| Error::Write {
            path: path.display().to_string(),
            error,
        })
    }
}
