//! The loop: take an input, change it, feed it, keep it if it reached something new.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use pfnlab_check::catch;

use crate::{Mutator, Reached, Target};

/// So many shorter versions of an input are tried before it is kept.
const SHORTER: usize = 60;

/// Feeds a target with more and more inputs.
#[derive(Debug)]
pub struct Explorer {
    target: &'static Target,
    mutator: Mutator,
    kept: Vec<Vec<u8>>,
    reached: Reached,
    executions: u64,
    folder: PathBuf,
    /// Holds the input that is fed just now, for whoever finds this process dead.
    current: File,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How often the target was fed.
    pub executions: u64,
    /// Inputs that are kept.
    pub kept: usize,
    /// What all of them reached.
    pub reached: usize,
}

impl Explorer {
    /// The file, in the folder, with the input that was fed last.
    pub const CURRENT: &str = "current";

    /// Feeds `inputs` first. The folder, which must exist, is for files of its own and of the
    /// target.
    ///
    /// # Errors
    /// When the folder cannot be written to. The inner error is an input at which the target panics,
    /// and the message.
    pub fn new(
        target: &'static Target,
        seed: u64,
        folder: &Path,
        inputs: Vec<Vec<u8>>,
    ) -> io::Result<Result<Explorer, (Vec<u8>, String)>> {
        let mut explorer = Explorer {
            target,
            mutator: Mutator::new(seed),
            kept: Vec::new(),
            reached: Reached::default(),
            executions: 0,
            folder: folder.to_owned(),
            current: File::create(folder.join(Explorer::CURRENT))?,
        };
        for input in inputs {
            match explorer.feed(&input)? {
                Ok(reached) => {
                    if reached.add_to(&mut explorer.reached) > 0 {
                        explorer.kept.push(input);
                    }
                }
                Err(message) => return Ok(Err((input, message))),
            }
        }
        if explorer.kept.is_empty() {
            explorer.kept.push(Vec::new());
        }
        Ok(Ok(explorer))
    }

    /// Changes some input and feeds it.
    ///
    /// # Errors
    /// As [`Explorer::new`].
    pub fn once(&mut self) -> io::Result<Result<(), (Vec<u8>, String)>> {
        // What was kept last is the most promising as often as not.
        let last = self.kept.len().saturating_sub(8);
        let chosen = match self.mutator.below(2) {
            0 => self.mutator.below(self.kept.len()),
            _ => last + self.mutator.below(self.kept.len() - last),
        };
        let other = self.mutator.below(self.kept.len());
        let mut input = self.kept[chosen].clone();
        self.mutator
            .mutate(&mut input, &self.kept[other], self.target.most);
        let reached = match self.feed(&input)? {
            Ok(reached) => reached,
            Err(message) => return Ok(Err((input, message))),
        };
        if !reached.within(&self.reached) {
            let new = reached.without(&self.reached);
            reached.add_to(&mut self.reached);
            let input = self.shorten(input, &new)?;
            self.kept.push(input);
        }
        Ok(Ok(()))
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        Progress {
            executions: self.executions,
            kept: self.kept.len(),
            reached: self.reached.len(),
        }
    }

    /// The fewest inputs, short ones first, that reach all that was reached.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn minimised(mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut inputs = std::mem::take(&mut self.kept);
        inputs.sort_by_key(|input| (input.len(), input.clone()));
        let (mut all, mut needed) = (Reached::default(), Vec::new());
        for input in inputs {
            if let Ok(reached) = self.feed(&input)?
                && reached.add_to(&mut all) > 0
            {
                needed.push(input);
            }
        }
        Ok(needed)
    }

    fn feed(&mut self, input: &[u8]) -> io::Result<Result<Reached, String>> {
        self.current.set_len(0)?;
        self.current.seek(SeekFrom::Start(0))?;
        self.current.write_all(input)?;
        self.executions += 1;
        let (feed, folder) = (self.target.feed, &self.folder);
        Ok(catch(|| {
            let mut reached = Reached::default();
            feed(input, folder, &mut reached);
            reached
        }))
    }

    /// An input without parts that are not needed to reach the same.
    fn shorten(&mut self, mut input: Vec<u8>, new: &Reached) -> io::Result<Vec<u8>> {
        let mut length = input.len() / 2;
        let mut left = SHORTER;
        while length > 0 && left > 0 {
            let mut end = input.len();
            while end >= length && left > 0 {
                left -= 1;
                let shorter = [&input[..end - length], &input[end..]].concat();
                let fed = self.feed(&shorter)?;
                if fed.is_ok_and(|reached| new.within(&reached)) {
                    input = shorter;
                }
                end -= length;
            }
            length /= 2;
        }
        Ok(input)
    }
}
