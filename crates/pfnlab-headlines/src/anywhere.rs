//! H5's null model: how many blocks would hold an unmovable frame if these lay anywhere.

use pfnlab_model::{Gfp, PageAllocator, Request};

use crate::placed::BLOCK;
use crate::{Placed, Scatter, Size};

/// Blocks that hold something of `used` frames placed anywhere in `blocks` blocks: how many were
/// seen, and how many 1 − (1 − u)^512 of them are, rounded, with the variance of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anywhere {
    /// Seen.
    pub tainted: u64,
    /// Expected.
    pub expected: u64,
    /// The square of a standard deviation of it, n·p·(1 − p), rounded up.
    pub variance: u64,
}

/// One frame of every `sparse` is used, placed anywhere.
pub fn anywhere(size: Size, sparse: u64, seed: u64) -> Anywhere {
    let blocks: u64 = size.of(4096, 1024);
    let mut placed = Placed::new(blocks * BLOCK, Scatter::new(seed));
    for _ in 0..blocks * BLOCK / sparse {
        let got = placed.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ());
        got.expect("there is room");
    }
    // (1 − 1/sparse)^512, of 2^32.
    let clean = (0..BLOCK).fold(1_u64 << 32, |part, _| part - part / sparse);
    let expected_clean = (blocks * clean) >> 32;
    Anywhere {
        tainted: blocks - placed.whole_blocks(),
        expected: blocks - expected_clean,
        variance: expected_clean * (blocks - expected_clean) / blocks + 1,
    }
}
