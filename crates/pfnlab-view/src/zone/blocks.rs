//! The blocks of a zone, and who has each.

use pfnlab_model::{Block, MigrateType, PfnRange, ZoneState};

/// Who has a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Nobody: it is on the free list of this migratetype.
    Free(MigrateType),
    /// A CPU, on one of its lists.
    PerCpu,
    /// Whoever it was handed out to.
    Lent,
}

/// The blocks of a zone that have frames in `range`: free, cached and handed out ones. Ascending.
pub fn blocks(zone: &ZoneState, range: PfnRange) -> Vec<(Block, Holder)> {
    let lists = zone.free_lists.iter();
    let free = lists.flat_map(|list| {
        let block = |&pfn| (Block::containing(pfn, list.order), Holder::Free(list.mt));
        list.pfns.iter().map(block)
    });
    let lists = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
    let cached = lists.flat_map(|list| {
        let block = |&pfn| (Block::containing(pfn, list.order), Holder::PerCpu);
        list.pfns.iter().map(block)
    });
    let lent = zone.lent.iter().map(|&block| (block, Holder::Lent));
    let all = free.chain(cached).chain(lent);
    let mut blocks: Vec<_> = all
        .filter(|(block, _)| block.range().overlaps(range))
        .collect();
    blocks.sort_by_key(|(block, _)| block.start());
    blocks
}
