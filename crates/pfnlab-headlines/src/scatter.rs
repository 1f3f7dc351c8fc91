//! Anywhere: the null model.

use pfnlab_model::CpuId;
use pfnlab_sim::Stream;

use crate::placed::BLOCK;
use crate::{Placement, Room};

/// Every block is as likely as another, as long as nearly all of them have room.
#[derive(Clone, Debug)]
pub struct Scatter(Stream);

impl Scatter {
    /// Draws from the stream of a seed.
    pub fn new(seed: u64) -> Scatter {
        Scatter(Stream::new(seed, "scatter"))
    }
}

impl Placement for Scatter {
    fn place(&mut self, _: CpuId, room: &Room) -> Option<(usize, u64)> {
        if room.free_in(0, room.blocks()) == 0 {
            return None;
        }
        loop {
            // Fits: there are fewer blocks than frames.
            let block = self.0.below(room.blocks() as u32) as usize;
            let first = u64::from(self.0.below(BLOCK as u32));
            // A block is drawn as often as it has free frames.
            if first < room.free(block) {
                return Some((block, first));
            }
        }
    }
}
