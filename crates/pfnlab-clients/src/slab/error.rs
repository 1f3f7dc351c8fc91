//! What a client can do wrong with objects.

use core::fmt;

use pfnlab_model::{Address, AllocError, CacheId, FreeError};

/// A cache that cannot be made or unmade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheError {
    /// An object of no bytes, or of more than the largest block has.
    Size(u32),
    /// An alignment that is no power of two, or above a page.
    Align(u32),
    /// A cache with this number is there.
    Known(CacheId),
    /// There is no such cache.
    Unknown(CacheId),
    /// So many of its objects are in use.
    InUse(CacheId, u32),
    /// The allocator does not take a slab back.
    NotTaken(FreeError),
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CacheError::Size(size) => {
                write!(f, "an object of {size} bytes: there are 1 to 4194304")
            }
            CacheError::Align(align) => {
                write!(f, "alignment {align} is no power of two up to 4096")
            }
            CacheError::Known(cache) => write!(f, "{cache} is there already"),
            CacheError::Unknown(cache) => write!(f, "there is no {cache}"),
            CacheError::InUse(cache, objects) => {
                write!(f, "{objects} objects of {cache} are in use")
            }
            CacheError::NotTaken(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CacheError {}

impl From<FreeError> for CacheError {
    fn from(error: FreeError) -> CacheError {
        CacheError::NotTaken(error)
    }
}

/// An object that cannot be handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LendError {
    /// No object was asked for: 0 bytes.
    Nothing,
    /// There is no such cache.
    Unknown(CacheId),
    /// The allocator has no block for another slab.
    Refused(AllocError),
    /// The allocator does not take back a slab that was put away on the way.
    NotTaken(FreeError),
}

impl fmt::Display for LendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LendError::Nothing => f.write_str("no bytes are no object"),
            LendError::Unknown(cache) => write!(f, "there is no {cache}"),
            LendError::Refused(error) => error.fmt(f),
            LendError::NotTaken(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for LendError {}

impl From<AllocError> for LendError {
    fn from(error: AllocError) -> LendError {
        LendError::Refused(error)
    }
}

impl From<FreeError> for LendError {
    fn from(error: FreeError) -> LendError {
        LendError::NotTaken(error)
    }
}

/// An object that cannot be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveBackError {
    /// No object in use begins there.
    NoObject(Address),
    /// The allocator does not take a slab back.
    NotTaken(FreeError),
}

impl fmt::Display for GiveBackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GiveBackError::NoObject(at) => write!(f, "no object in use begins at {at}"),
            GiveBackError::NotTaken(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for GiveBackError {}

impl From<FreeError> for GiveBackError {
    fn from(error: FreeError) -> GiveBackError {
        GiveBackError::NotTaken(error)
    }
}
