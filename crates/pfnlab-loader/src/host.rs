//! The program that runs a library in a child.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use pfnlab_model::Machine;

use crate::{Limits, Remote};

/// A library, and the program that runs it in a child: one that calls [`serve`](crate::serve) with
/// its last two arguments, the library and the memory limit in MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    program: PathBuf,
    arguments: Vec<OsString>,
    library: PathBuf,
    limits: Limits,
}

/// A library that cannot be tested.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The program does not start.
    #[error("{}: {error}", program.display())]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The library cannot be used.
    #[error("{}: {reason}", library.display())]
    Library {
        /// Which.
        library: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Host {
    /// A library under limits, run by a program.
    pub fn new(program: impl Into<PathBuf>, library: impl Into<PathBuf>, limits: Limits) -> Host {
        Host {
            program: program.into(),
            arguments: Vec::new(),
            library: library.into(),
            limits,
        }
    }

    /// With an argument for the program, before those [`Host`] gives it.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Host {
        self.arguments.push(argument.into());
        self
    }

    /// The library.
    pub fn library(&self) -> &std::path::Path {
        &self.library
    }

    /// What a child may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether the library can be used at all.
    ///
    /// # Errors
    /// When the program does not start, the library is not there, is none, lacks a function, speaks
    /// another version, or dies while it is loaded.
    pub fn probe(&self) -> Result<(), HostError> {
        Remote::load(self).map(drop)
    }

    /// An allocator on a machine, in a child of its own.
    ///
    /// # Panics
    /// With a [`Death`](pfnlab_check::Death) when it does not come to life.
    pub fn start(&self, machine: &Machine) -> Remote {
        Remote::start(self, machine)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .arg(self.file())
            .arg(self.limits.memory_mib.to_string());
        command
    }

    /// A name without a slash means a file here, not one of the system's libraries.
    fn file(&self) -> PathBuf {
        match self.library.components().count() {
            1 => PathBuf::from(".").join(&self.library),
            _ => self.library.clone(),
        }
    }

    pub(crate) fn no_program(&self, error: std::io::Error) -> HostError {
        HostError::Program {
            program: self.program.clone(),
            error,
        }
    }

    pub(crate) fn no_library(&self, reason: String) -> HostError {
        HostError::Library {
            library: self.library.clone(),
            reason,
        }
    }
}
