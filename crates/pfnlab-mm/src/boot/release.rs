//! Free memory is given to the buddy: in what pieces and in what order.

use alloc::vec::Vec;

use pfnlab_model::{Block, CpuId, Machine, MemRange, Order, Pfn, PfnRange};

use crate::Mm;
use crate::freeing::Placement;

use super::deferred::Deferred;
use crate::profile::{Policy, Told, told};

/// In what pieces memory is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// As many frames as a machine word has bits, and the rest one by one: once there was a map of
    /// bits (2.6.37, 3.8).
    Words,
    /// The largest aligned blocks (`__free_pages_memory`, 4.14 on).
    Largest,
}

impl Policy for Chunks {
    const DECIDES: &'static str = "in what pieces memory is released";

    fn told(self) -> Told {
        match self {
            Chunks::Words => told(
                "64 frames at a time, and the rest one by one",
                "free_all_bootmem, __free_pages_memory",
            ),
            Chunks::Largest => told("the largest aligned blocks", "__free_pages_memory"),
        }
    }
}

/// To which end of a list a released block goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReleaseEnd {
    /// Where a freed block would: as a rule to the head, so that the highest memory is given away
    /// first (up to 5.9).
    AsFreed,
    /// To the tail: the lowest first (5.10 on).
    Tail,
}

impl Policy for ReleaseEnd {
    const DECIDES: &'static str = "to which end of a list a released block goes";

    fn told(self) -> Told {
        match self {
            ReleaseEnd::AsFreed => told(
                "where a freed block would, as a rule the head: the highest memory is given away first",
                "__free_pages_core",
            ),
            ReleaseEnd::Tail => told(
                "the tail: the lowest first",
                "__free_pages_core, FPI_TO_TAIL (5.10)",
            ),
        }
    }
}

impl ReleaseEnd {
    fn placement(self) -> Placement {
        match self {
            ReleaseEnd::AsFreed => Placement::ByMergeLikely,
            ReleaseEnd::Tail => Placement::Tail,
        }
    }
}

/// The order of a run of as many frames as a word of 64 bits has bits.
const WORD: Order = match Order::new(6) {
    Ok(order) => order,
    Err(_) => unreachable!(),
};

impl Mm {
    /// Releases everything that is not reserved: ascending (`memblock_free_all`), and then, node
    /// by node, what was left for later (`deferred_init_memmap`).
    pub(super) fn release(&mut self, machine: &Machine, deferred: &Deferred) {
        let free: Vec<MemRange> = machine.free_ranges().collect();
        self.totalram += free.iter().map(|free| free.range.frames()).sum::<u64>();
        let top = self.config.top_order;
        for free in &free {
            for block in self.profile.chunks.of(free.range, top) {
                if !deferred.is_late(free.node, block.start()) {
                    self.release_block(block);
                }
            }
        }
        let pageblock = self.config.pageblock_order;
        for node in machine.nodes() {
            let of_node = free.iter().filter(|free| free.node == node.id);
            for range in of_node.filter_map(|free| deferred.late_part(node.id, free.range)) {
                self.release_whole(range, self.profile.late_unit.order(pageblock, top));
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
        zone.managed += self.profile.managed.released(block.frames());
        let placement = self.profile.release_end.placement();
        let boot_cpu = CpuId(0);
        zone.free_to_buddy(block, placement, boot_cpu, &mut self.blocks, &mut ());
    }
}

impl Chunks {
    /// The blocks that cover a range, ascending.
    fn of(self, range: PfnRange, top: Order) -> impl Iterator<Item = Block> {
        let mut start = range.start();
        core::iter::from_fn(move || {
            let order = match self {
                Chunks::Words => word_or_page(range, start)?,
                Chunks::Largest => Order::ZERO.through(top).rev().find(|&order| {
                    start.is_aligned(order) && start.offset(order.frames()) <= range.end()
                })?,
            };
            let block = Block::containing(start, order);
            start = block.range().end();
            Some(block)
        })
    }
}

/// A whole word if the range has one here, else a frame (`__free_pages_memory` of 3.8).
fn word_or_page(range: PfnRange, start: Pfn) -> Option<Order> {
    let whole = start.is_aligned(WORD) && start.offset(WORD.frames()) <= range.end();
    match whole {
        true => Some(WORD),
        false => (start < range.end()).then_some(Order::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (release order, 7.4.4).
    #[test]
    fn orders_ascend_at_the_front_and_descend_at_the_back() {
        let range = PfnRange::new(Pfn::new(256), Pfn::new(4096)).unwrap();
        let chunks: Vec<_> = Chunks::Largest
            .of(range, Order::MAX)
            .map(|block| (block.start().get(), block.order().get()))
            .collect();
        assert_eq!(
            chunks,
            [(256, 8), (512, 9), (1024, 10), (2048, 10), (3072, 10)]
        );
    }
    /// Pages up to the first word, words, pages behind the last one.
    #[test]
    fn words_are_released_whole_and_the_rest_by_the_page() {
        let range = PfnRange::new(Pfn::new(62), Pfn::new(195)).unwrap();
        let chunks: Vec<_> = Chunks::Words
            .of(range, Order::MAX)
            .map(|block| (block.start().get(), block.order().get()))
            .collect();
        let expected = [
            (62, 0),
            (63, 0),
            (64, 6),
            (128, 6),
            (192, 0),
            (193, 0),
            (194, 0),
        ];
        assert_eq!(chunks, expected);
        let within = PfnRange::new(Pfn::new(60), Pfn::new(127)).unwrap();
        assert!(
            Chunks::Words
                .of(within, Order::MAX)
                .all(|block| block.order() == Order::ZERO)
        );
    }

    /// 11.6: so many pieces are the free ranges of the worked example.
    #[test]
    fn the_worked_example_is_released_in_so_many_pieces() {
        // Between the reservations of 11.3, within the ranges of 11.2.
        let free = [
            (0x100, 0x1000),
            (0x3000, 0xb_ffe0),
            (0x10_0000, 0x11_c600),
            (0x11_fe00, 0x11_ffd4),
            (0x12_0000, 0x14_c000),
            (0x15_0000, 0x1b_d600),
            (0x1b_fe00, 0x1b_ffcd),
        ];
        let pieces = |chunks: Chunks| -> usize {
            let range = |(start, end)| PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap();
            let of = |free| chunks.of(range(free), Order::MAX).count();
            free.into_iter().map(of).sum()
        };
        assert_eq!(pieces(Chunks::Largest), 1504);
        assert_eq!(pieces(Chunks::Words), 23_866);
    }
}
