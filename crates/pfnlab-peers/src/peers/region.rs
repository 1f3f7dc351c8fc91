//! Memory for peers that keep their books in the memory they manage.

use crate::Machine;

/// The largest block: peers want their memory aligned to it.
const ALIGN: usize = 4 << 20;

/// Real address space as large as the machine's memory. The operating system backs what a peer
/// writes to: its books.
#[derive(Debug)]
pub struct Region(Vec<u8>);

impl Region {
    pub(super) fn new(machine: Machine) -> Region {
        Region(vec![0; ((machine.frames as usize) << 12) + ALIGN])
    }

    /// Its address.
    pub(super) fn base(&mut self) -> u64 {
        self.bytes().as_ptr().addr() as u64
    }

    /// All of it, aligned to the largest block.
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        let skip = self.0.as_ptr().align_offset(ALIGN);
        let len = self.0.len() - ALIGN;
        &mut self.0[skip..][..len]
    }
}
