//! Why a machine can have no memory map.

use core::fmt;

use crate::Arch;
use crate::descriptor::LayoutError;
use crate::memory_model::{GeometryError, ModelError};

/// A memory map that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemMapError {
    /// The memory model cannot describe the memory.
    Model(ModelError),
    /// The sizes do not go together.
    Geometry(GeometryError),
    /// The flags word has no room.
    Layout(LayoutError),
    /// A section of so many frames: no power of two.
    Section(u64),
    /// The architecture has no room for a virtual array of descriptors.
    NoVirtualArray(Arch),
    /// The machine has no memory left for so many bytes of its own description.
    NoRoom(u64),
}

impl From<ModelError> for MemMapError {
    fn from(error: ModelError) -> MemMapError {
        MemMapError::Model(error)
    }
}

impl From<GeometryError> for MemMapError {
    fn from(error: GeometryError) -> MemMapError {
        MemMapError::Geometry(error)
    }
}

impl From<LayoutError> for MemMapError {
    fn from(error: LayoutError) -> MemMapError {
        MemMapError::Layout(error)
    }
}

impl fmt::Display for MemMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemMapError::Model(error) => error.fmt(f),
            MemMapError::Geometry(error) => error.fmt(f),
            MemMapError::Layout(error) => error.fmt(f),
            MemMapError::Section(frames) => {
                write!(f, "a section has a power of two of frames, not {frames}")
            }
            MemMapError::NoVirtualArray(arch) => write!(
                f,
                "{arch:?} has no room for a virtual array of page descriptors"
            ),
            MemMapError::NoRoom(bytes) => {
                write!(f, "no memory is left for {bytes} bytes of the memory map")
            }
        }
    }
}

impl core::error::Error for MemMapError {}
