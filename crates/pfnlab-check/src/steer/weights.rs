//! Weights: how often what is asked.

use pfnlab_model::{Gfp, Order};
use pfnlab_sim::Stream;

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// A block.
    Block,
    /// To take back what was handed out.
    Free,
    /// Single frames at once.
    Bulk,
    /// Frames in a row.
    Exact,
    /// To take a block apart.
    Split,
    /// To empty the per-CPU lists of a CPU.
    Drain,
    /// To fold the statistics of a CPU.
    Vmstat,
    /// To change the flags of a zone.
    Flags,
}

impl Ask {
    /// Everything.
    pub const ALL: [Ask; 8] = [
        Ask::Block,
        Ask::Free,
        Ask::Bulk,
        Ask::Exact,
        Ask::Split,
        Ask::Drain,
        Ask::Vmstat,
        Ask::Flags,
    ];
}

/// What requests ask with.
pub(super) const FLAGS: [Gfp; 8] = [
    Gfp::GFP_KERNEL,
    Gfp::GFP_HIGHUSER_MOVABLE,
    Gfp::GFP_KERNEL.union(Gfp::RECLAIMABLE),
    Gfp::GFP_ATOMIC,
    Gfp::GFP_NOWAIT,
    Gfp::GFP_USER,
    Gfp::GFP_KERNEL.union(Gfp::DMA32),
    Gfp::GFP_KERNEL.union(Gfp::MEMALLOC),
];

/// Weights are 0 or a power of two up to this one.
const MOST: u32 = 6;

/// How often what is asked. A weight of 0 is never; all 0 is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// By position in [`Ask::ALL`].
    pub asks: [u8; Ask::ALL.len()],
    /// By order.
    pub orders: [u8; Order::COUNT],
    /// By flags: kernel, user, cache, atomic, no wait, user of no high memory, low memory, reserves.
    pub flags: [u8; FLAGS.len()],
    /// Of 16 requests so many name a node, a mask of nodes, or one node only.
    pub nodes: u8,
    /// Of 16 frees so many are of what was handed out last, the others of anything.
    pub latest: u8,
}

impl Weights {
    /// Any. About a third of all weights is 0, so that what a run lacks differs from run to run.
    pub fn random(stream: &mut Stream) -> Weights {
        let mut weights = Weights {
            asks: [0; Ask::ALL.len()],
            orders: [0; Order::COUNT],
            flags: [0; FLAGS.len()],
            nodes: stream.below(17) as u8,
            latest: stream.below(17) as u8,
        };
        for weight in weights.all() {
            *weight = any(stream);
        }
        // Without blocks to take back there is little to see.
        weights.asks[0] = weights.asks[0].max(8);
        weights
    }

    /// One of them is another.
    pub(super) fn change(&mut self, stream: &mut Stream) {
        match stream.below(8) {
            0 => self.nodes = stream.below(17) as u8,
            1 => self.latest = stream.below(17) as u8,
            _ => {
                let count = self.all().count() as u32;
                let which = stream.below(count) as usize;
                if let Some(weight) = self.all().nth(which) {
                    *weight = any(stream);
                }
            }
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut u8> {
        let (asks, orders) = (self.asks.iter_mut(), self.orders.iter_mut());
        asks.chain(orders).chain(self.flags.iter_mut())
    }
}

fn any(stream: &mut Stream) -> u8 {
    match stream.below(3) {
        0 => 0,
        _ => 1 << stream.below(MOST + 1),
    }
}

/// A position, drawn by weight.
pub(super) fn draw(weights: &[u8], stream: &mut Stream) -> usize {
    let sum = weights.iter().map(|&weight| u32::from(weight)).sum();
    let mut left = stream.below(sum);
    let found = weights.iter().position(|&weight| {
        let weight = u32::from(weight);
        let here = left < weight;
        left = left.saturating_sub(weight);
        here
    });
    found.unwrap_or(0)
}
