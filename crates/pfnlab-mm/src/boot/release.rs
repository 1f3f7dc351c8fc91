//! Free memory is given to the buddy: in what pieces and in what order.

use pfnlab_model::{Block, CpuId, Machine, Order, PfnRange};

use crate::Mm;
use crate::freeing::Placement;

impl Mm {
    /// Releases everything that is not reserved, ascending (`memblock_free_all`).
    pub(super) fn release(&mut self, machine: &Machine) {
        let top = self.config.top_order;
        for free in machine.free_ranges() {
            self.totalram += free.range.frames();
            for block in chunks(free.range, top) {
                let zone = self
                    .zone_map
                    .zone_of(block.start())
                    .expect("free memory is in a zone");
                let zone = &mut self.zones[zone.index()];
                zone.managed += block.frames();
                let boot_cpu = CpuId(0);
                zone.free_to_buddy(block, Placement::Tail, boot_cpu, &mut self.blocks, &mut ());
            }
        }
    }
}

/// The largest aligned blocks that cover a range, ascending (`__free_pages_memory`, 4.14 on).
fn chunks(range: PfnRange, top: Order) -> impl Iterator<Item = Block> {
    let mut start = range.start();
    core::iter::from_fn(move || {
        let order = Order::ZERO.through(top).rev().find(|&order| {
            start.is_aligned(order) && start.offset(order.frames()) <= range.end()
        })?;
        let block = Block::containing(start, order);
        start = block.range().end();
        Some(block)
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use pfnlab_model::Pfn;

    use super::*;

    /// The example of the specification (release order, 7.4.4).
    #[test]
    fn orders_ascend_at_the_front_and_descend_at_the_back() {
        let range = PfnRange::new(Pfn::new(256), Pfn::new(4096)).unwrap();
        let chunks: Vec<_> = chunks(range, Order::MAX)
            .map(|block| (block.start().get(), block.order().get()))
            .collect();
        assert_eq!(
            chunks,
            [(256, 8), (512, 9), (1024, 10), (2048, 10), (3072, 10)]
        );
    }
}
