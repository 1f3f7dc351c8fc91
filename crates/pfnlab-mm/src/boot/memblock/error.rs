//! What the boot allocator can refuse.

use core::fmt;

use pfnlab_model::{MemblockList, MemblockRequest};

/// What the boot allocator can refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemblockError {
    /// A list is full and may not grow yet, or there is no room for a longer one.
    Full(MemblockList),
    /// There is no such room.
    NoRoom(MemblockRequest),
    /// An alignment is no power of two.
    Alignment(u64),
}

impl fmt::Display for MemblockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemblockError::Full(list) => {
                write!(f, "the {list} list is full and cannot become longer")
            }
            MemblockError::NoRoom(request) => {
                let MemblockRequest { size, from, to, .. } = request;
                write!(f, "no room for {size:#x} bytes in {from:#x}..{to:#x}")
            }
            MemblockError::Alignment(align) => {
                write!(f, "an alignment is a power of two, not {align:#x}")
            }
        }
    }
}

impl core::error::Error for MemblockError {}
