//! `bitmap-allocator`: a tree of bitmaps, 16 children to a node.

use bitmap_allocator::{BitAlloc, BitAlloc1M, BitAlloc4K, BitAlloc16M};

use crate::{Kind, Machine, Peer};

/// `bitmap-allocator`, with a tree just large enough for the machine.
pub enum Bitmap {
    /// Up to 16 MiB.
    Tiny(Box<BitAlloc4K>),
    /// Up to 4 GiB.
    Small(Box<BitAlloc1M>),
    /// Up to 64 GiB.
    Large(Box<BitAlloc16M>),
}

/// A tree with so many free frames. A function of its own for each size: an unoptimised build puts
/// the whole tree on the stack.
#[inline(never)]
fn free<B: BitAlloc>(frames: usize) -> Box<B> {
    let mut bits = Box::new(B::DEFAULT);
    bits.insert(0..frames);
    bits
}

impl Peer for Bitmap {
    const NAME: &'static str = "bitmap-allocator";
    const KIND: Kind = Kind::Other;
    // It has them, but looks through the whole bitmap for each: minutes for a row.
    const BLOCKS: bool = false;
    type Memory = Machine;

    fn memory(machine: Machine) -> Machine {
        machine
    }

    fn boot(machine: &mut Machine) -> Bitmap {
        let frames = machine.frames() as usize;
        if frames <= BitAlloc4K::CAP {
            Bitmap::Tiny(free(frames))
        } else if frames <= BitAlloc1M::CAP {
            Bitmap::Small(free(frames))
        } else {
            Bitmap::Large(free(frames))
        }
    }

    #[inline]
    fn alloc(&mut self, order: u8) -> Option<u64> {
        let start = match (self, order) {
            (Bitmap::Tiny(bits), 0) => bits.alloc(),
            (Bitmap::Small(bits), 0) => bits.alloc(),
            (Bitmap::Large(bits), 0) => bits.alloc(),
            (Bitmap::Tiny(bits), order) => {
                bits.alloc_contiguous(None, 1 << order, usize::from(order))
            }
            (Bitmap::Small(bits), order) => {
                bits.alloc_contiguous(None, 1 << order, usize::from(order))
            }
            (Bitmap::Large(bits), order) => {
                bits.alloc_contiguous(None, 1 << order, usize::from(order))
            }
        };
        start.map(|start| start as u64)
    }

    #[inline]
    fn free(&mut self, start: u64, order: u8) {
        let start = start as usize;
        let known = match (self, order) {
            (Bitmap::Tiny(bits), 0) => bits.dealloc(start),
            (Bitmap::Small(bits), 0) => bits.dealloc(start),
            (Bitmap::Large(bits), 0) => bits.dealloc(start),
            (Bitmap::Tiny(bits), order) => bits.dealloc_contiguous(start, 1 << order),
            (Bitmap::Small(bits), order) => bits.dealloc_contiguous(start, 1 << order),
            (Bitmap::Large(bits), order) => bits.dealloc_contiguous(start, 1 << order),
        };
        assert!(known, "it was handed out");
    }
}
