//! The inputs that are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pfnlab::linux::read_unpacked;
use xxhash_rust::xxh3::xxh3_64;

use crate::Target;

/// Inputs for a target, all in one file, short ones first. Before each stands a line that says how
/// many bytes it has:
///
/// ```text
/// === 5 bytes
/// drain
/// === 7 bytes
/// drain 0
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    path: PathBuf,
}

impl Corpus {
    /// The one in the repository: together these reach all that was reached.
    pub fn of(target: &Target) -> Corpus {
        Corpus::at(folder().join(format!("{}.inputs", target.name)))
    }

    /// What once broke something. These stay, whatever they reach.
    pub fn mended(target: &Target) -> Corpus {
        Corpus::at(folder().join(format!("{}.mended", target.name)))
    }

    /// The one in a file. It need not exist before something is kept.
    pub fn at(path: impl Into<PathBuf>) -> Corpus {
        Corpus { path: path.into() }
    }

    /// Every input, in order.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of this kind.
    pub fn inputs(&self) -> io::Result<Vec<Vec<u8>>> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            bytes => bytes?,
        };
        let mut rest = &bytes[..];
        let mut inputs = Vec::new();
        while !rest.is_empty() {
            let Some((input, others)) = first(rest) else {
                let at = bytes.len() - rest.len();
                let path = self.path.display();
                let what = format!(
                    "{path}: byte {at}: expected `=== N bytes`, a line, N bytes, a line's end"
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            };
            inputs.push(input.to_vec());
            rest = others;
        }
        Ok(inputs)
    }

    /// Keeps these inputs and no others.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, inputs: &[Vec<u8>]) -> io::Result<()> {
        let mut inputs: Vec<_> = inputs.iter().collect();
        inputs.sort_by_key(|input| (input.len(), *input));
        let mut bytes = Vec::new();
        for input in inputs {
            bytes.extend_from_slice(format!("{MARK}{}{UNIT}", input.len()).as_bytes());
            bytes.extend_from_slice(input);
            bytes.push(b'\n');
        }
        fs::write(&self.path, bytes)
    }
}

const MARK: &str = "=== ";
const UNIT: &str = " bytes\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The first input, and what stands behind it.
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')? + 1;
    let line = str::from_utf8(&bytes[..end]).ok()?;
    let length: usize = line.strip_prefix(MARK)?.strip_suffix(UNIT)?.parse().ok()?;
    let (input, rest) = bytes[end..].split_at_checked(length)?;
    Some((input, rest.strip_prefix(b"\n")?))
}

/// Writes one input into a folder, named by a hash of what is in it, and says where.
///
/// # Errors
/// When the folder cannot be made, or the file not written.
pub(crate) fn save(folder: &Path, input: &[u8]) -> io::Result<PathBuf> {
    let path = folder.join(format!("{:016x}", xxh3_64(input)));
    fs::create_dir_all(folder)?;
    fs::write(&path, input)?;
    Ok(path)
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
