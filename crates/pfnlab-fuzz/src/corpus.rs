//! The inputs that are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pfnlab::linux::read_unpacked;
use xxhash_rust::xxh3::xxh3_64;

use crate::Target;

/// A folder of inputs for a target, each a file named by a hash of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    folder: PathBuf,
}

impl Corpus {
    /// The one in the repository.
    pub fn of(target: &Target) -> Corpus {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        Corpus::at(folder.join(target.name))
    }

    /// The one in a folder. It need not exist before something is kept.
    pub fn at(folder: impl Into<PathBuf>) -> Corpus {
        Corpus {
            folder: folder.into(),
        }
    }

    /// Every input, by name.
    ///
    /// # Errors
    /// When the folder or a file cannot be read.
    pub fn inputs(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut inputs = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            inputs.push((name.into_owned(), fs::read(&path)?));
        }
        inputs.sort();
        Ok(inputs)
    }

    /// Keeps an input, and says where.
    ///
    /// # Errors
    /// When the folder cannot be made, or the file not written.
    pub fn keep(&self, input: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(name(input));
        fs::create_dir_all(&self.folder)?;
        fs::write(&path, input)?;
        Ok(path)
    }

    /// Keeps these inputs and no others.
    ///
    /// # Errors
    /// When a file cannot be written or removed.
    pub fn keep_only(&self, inputs: &[Vec<u8>]) -> io::Result<()> {
        let names: Vec<_> = inputs.iter().map(|input| name(input)).collect();
        for (old, _) in self.inputs()? {
            if !names.contains(&old) {
                fs::remove_file(self.folder.join(old))?;
            }
        }
        inputs
            .iter()
            .try_for_each(|input| self.keep(input).map(drop))
    }
}

fn name(input: &[u8]) -> String {
    format!("{:016x}", xxh3_64(input))
}

/// The files of this repository a target begins with, unpacked; the allocator's and the snapshot's
/// are made.
///
/// # Errors
/// When one cannot be read.
pub fn seeds(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |seed: &&str| read_unpacked(fs::File::open(root.join(seed))?);
    let mut inputs: Vec<Vec<u8>> = target.seeds.iter().map(read).collect::<Result<_, _>>()?;
    inputs.extend((target.made)());
    inputs
        .iter_mut()
        .for_each(|input| input.truncate(target.most));
    Ok(inputs)
}
