//! What a frame allocator must do to be measured and checked.

/// How much memory is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// In frames of 4 KiB.
    pub frames: u64,
}

impl Machine {
    /// So many GiB.
    pub const fn gib(gib: u64) -> Machine {
        Machine { frames: gib << 18 }
    }

    /// How many frames of 4 KiB that is.
    pub const fn frames(self) -> u64 {
        self.frames
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

    /// How far apart two neighbouring frames are in the peer's own numbers.
    const STEP: u64 = 1;

    /// Whether it keeps free frames in lists of a CPU, where no other request finds them.
    const CACHES: bool = false;

    /// What must exist before it boots, such as the memory it keeps its books in.
    type Memory;

    /// Gets that ready. Not measured.
    fn memory(machine: Machine) -> Self::Memory;

    /// Where that begins, in the peer's own numbers.
    fn base(_memory: &mut Self::Memory) -> u64 {
        0
    }

    /// Makes all frames of a machine free. A peer may need some of them for its books.
    fn boot(memory: &mut Self::Memory) -> Self;

    /// Hands out 2^`order` frames and says where they start, in the peer's own numbers.
    fn alloc(&mut self, order: u8) -> Option<u64>;

    /// Takes back what [`Peer::alloc`] handed out.
    fn free(&mut self, start: u64, order: u8);
}
