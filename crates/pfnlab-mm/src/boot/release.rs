//! Free memory is given to the buddy: in what pieces and in what order.

use alloc::vec::Vec;

use pfnlab_model::{Block, CpuId, Machine, MemRange, Order, PfnRange};

use crate::Mm;
use crate::freeing::Placement;

use super::deferred::{Deferred, LateUnit};

impl Mm {
    /// Releases everything that is not reserved: ascending (`memblock_free_all`), and then, node
    /// by node, what was left for later (`deferred_init_memmap`).
    pub(super) fn release(&mut self, machine: &Machine, deferred: &Deferred) {
        let free: Vec<MemRange> = machine.free_ranges().collect();
        self.totalram += free.iter().map(|free| free.range.frames()).sum::<u64>();
        let top = self.config.top_order;
        for free in &free {
            for block in chunks(free.range, top) {
                if !deferred.is_late(free.node, block.start()) {
                    self.release_block(block);
                }
            }
        }
        let pageblock = self.config.pageblock_order;
        for node in machine.nodes() {
            let of_node = free.iter().filter(|free| free.node == node.id);
            for range in of_node.filter_map(|free| deferred.late_part(node.id, free.range)) {
                match self.profile.late_unit {
                    LateUnit::Pageblock => self.release_whole(range, pageblock),
                    LateUnit::TopOrder => self.release_whole(range, top),
                }
            }
        }
    }

    /// Releases whole aligned blocks of `order` as one, and the rest frame by frame.
    fn release_whole(&mut self, range: PfnRange, order: Order) {
        let mut start = range.start();
        while start < range.end() {
            let whole = Block::containing(start, order);
            let fits = start == whole.start() && whole.range().end() <= range.end();
            let block = if fits { whole } else { Block::page(start) };
            self.release_block(block);
            start = block.range().end();
        }
    }

    fn release_block(&mut self, block: Block) {
        // Mirrored memory that no zone reaches is lost.
        let Some(zone) = self.zone_map.zone_of(block.start()) else {
            return;
        };
        let zone = &mut self.zones[zone.index()];
        zone.managed += block.frames();
        let boot_cpu = CpuId(0);
        zone.free_to_buddy(block, Placement::Tail, boot_cpu, &mut self.blocks, &mut ());
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
