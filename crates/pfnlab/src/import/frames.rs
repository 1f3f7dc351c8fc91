//! What a trace says of single frames.

use std::collections::BTreeMap;

use pfnlab_model::{Block, Pfn};

/// What is known of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Use {
    /// Nothing.
    #[default]
    Unknown,
    /// It is on a list.
    Free,
    /// Somebody has it.
    Used,
}

/// What is known of every frame: at the start, and now. Costs memory where frames are named only.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames(BTreeMap<u64, Box<[(Use, Use); CHUNK]>>);

const CHUNK: usize = 512;

impl Frames {
    /// What is known of a frame now.
    pub(super) fn now(&self, pfn: Pfn) -> Use {
        let chunk = self.0.get(&(pfn.get() / CHUNK as u64));
        chunk.map_or(Use::Unknown, |chunk| chunk[pfn.get() as usize % CHUNK].1)
    }

    /// Whether nothing is known of any frame of `block`.
    pub(super) fn is_untouched(&self, block: Block) -> bool {
        let mut frames = (0..block.frames()).map(|at| block.start().offset(at));
        frames.all(|pfn| self.now(pfn) == Use::Unknown)
    }

    /// Every frame of `block` was `was`, as far as nothing is known of it, and is `is` now.
    pub(super) fn set(&mut self, block: Block, was: Use, is: Use) {
        for distance in 0..block.frames() {
            let pfn = block.start().offset(distance).get();
            let chunk = self.0.entry(pfn / CHUNK as u64);
            let chunk = chunk.or_insert_with(|| Box::new([(Use::Unknown, Use::Unknown); CHUNK]));
            let frame = &mut chunk[pfn as usize % CHUNK];
            if frame.0 == Use::Unknown {
                frame.0 = was;
            }
            frame.1 = is;
        }
    }

    /// Every frame of which something is known, and what it was at the start, ascending.
    pub(super) fn at_start(&self) -> impl Iterator<Item = (Pfn, Use)> {
        let frames = self.0.iter().flat_map(|(&chunk, frames)| {
            let first = chunk * CHUNK as u64;
            (first..).zip(frames.iter())
        });
        frames
            .filter(|(_, (was, _))| *was != Use::Unknown)
            .map(|(pfn, &(was, _))| (Pfn::new(pfn), was))
    }
}
