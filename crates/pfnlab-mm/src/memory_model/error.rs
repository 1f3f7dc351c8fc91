//! Why a memory model cannot be built.

use core::fmt;

use pfnlab_model::PfnRange;

use super::PageAddr;

/// A memory model that cannot be built for some memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no memory to describe.
    NoMemory,
    /// One flat array, but memory on more than one node.
    SeveralNodes(usize),
    /// Memory no physical address reaches.
    Unreachable(PfnRange),
    /// No place for that many bytes of descriptors.
    NoPlace(u64),
    /// A map at an address with low bits, which the section word needs for its flags.
    Unaligned(PageAddr),
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::NoMemory => f.write_str("there is no memory to describe"),
            ModelError::SeveralNodes(nodes) => write!(
                f,
                "one flat memory map cannot describe the memory of {nodes} nodes"
            ),
            ModelError::Unreachable(range) => {
                write!(f, "no physical address reaches all of frames {range}")
            }
            ModelError::NoPlace(bytes) => {
                write!(f, "no place for {bytes} bytes of page descriptors")
            }
            ModelError::Unaligned(address) => write!(
                f,
                "a section's memory map cannot be at {address}: the low bits are taken by flags"
            ),
        }
    }
}

impl core::error::Error for ModelError {}
