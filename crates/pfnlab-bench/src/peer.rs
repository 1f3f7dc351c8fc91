//! What a frame allocator must do to be measured.

/// How much memory is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// In GiB.
    pub gib: u64,
}

impl Machine {
    /// How many frames of 4 KiB that is.
    pub fn frames(self) -> u64 {
        self.gib << 18
    }
}

/// What a peer is, as far as a comparison cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// pfnlab.
    Ours,
    /// Another buddy: it splits blocks, and merges them again.
    Buddy,
    /// Something else.
    Other,
}

/// A frame allocator under measurement.
pub trait Peer: Sized {
    /// What to call it in a table.
    const NAME: &'static str;

    /// What it is.
    const KIND: Kind;

    /// Whether it takes part in the rows with blocks of several frames.
    const BLOCKS: bool = true;

    /// What must exist before it boots, such as the memory it keeps its books in.
    type Memory;

    /// Gets that ready. Not measured.
    fn memory(machine: Machine) -> Self::Memory;

    /// Makes all frames of a machine free. A peer may need some of them for its books.
    fn boot(memory: &mut Self::Memory) -> Self;

    /// Hands out 2^`order` frames and says where they start, in the peer's own numbers.
    fn alloc(&mut self, order: u8) -> Option<u64>;

    /// Takes back what [`Peer::alloc`] handed out.
    fn free(&mut self, start: u64, order: u8);
}
