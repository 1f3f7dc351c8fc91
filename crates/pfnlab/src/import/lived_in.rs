//! A state in which somebody has the memory that is in use.

use pfnlab_model::{Block, MigrateType, Pfn, PfnRange, Snapshot, ZoneId, ZoneState};
use pfnlab_sim::Stream;

/// Pages that somebody has, by zone, ascending in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LivedIn {
    /// Pages of files: they can be dropped.
    pub(crate) files: Vec<Pfn>,
    /// What can be moved, but not dropped.
    pub(crate) others: Vec<Pfn>,
}

/// Of frames in use in movable pageblocks, so many as `wanted` says (files, then others) are handed
/// out in the state one by one. Which, a seed says: nobody counted that.
pub(crate) fn lived_in(
    state: &mut Snapshot,
    wanted: impl Fn(ZoneId) -> (u64, u64),
    seed: u64,
) -> LivedIn {
    let mut all = LivedIn::default();
    let order = state.global.pageblock_order;
    for zone in &mut state.zones {
        let pfns = in_use(zone, order.frames());
        let (files, others) = wanted(zone.id);
        let mut files = files.min(pfns.len() as u64);
        let mut others = others.min(pfns.len() as u64 - files);
        // Fits: there are as many frames in memory.
        zone.lent.reserve((files + others) as usize);
        all.files.reserve(files as usize);
        all.others.reserve(others as usize);
        let mut draw = Stream::new(
            seed,
            &format!("import/owners of node {} {}", zone.id.node, zone.id.kind),
        );
        // Fits: a zone that is laid out has less than 2^32 frames.
        for (&pfn, left) in pfns.iter().zip((1..=pfns.len() as u32).rev()) {
            // A lot for each frame that is left; what is not wanted stays the kernel's.
            let lot = u64::from(draw.below(left));
            if lot < files {
                files -= 1;
                all.files.push(pfn);
            } else if lot < files + others {
                others -= 1;
                all.others.push(pfn);
            } else {
                continue;
            }
            zone.lent.push(Block::page(pfn));
        }
        zone.lent.sort_by_key(|block| block.start());
        if let Some(blocks) = &mut zone.pageblocks {
            // Now these are known one by one.
            blocks.movable.clear();
            blocks.listed.clear();
        }
    }
    all
}

/// Frames in movable pageblocks that are neither free nor on a per-CPU list nor handed out.
fn in_use(zone: &ZoneState, pageblock: u64) -> Vec<Pfn> {
    let Some(blocks) = &zone.pageblocks else {
        return Vec::new();
    };
    let span = PfnRange::sized(zone.start, zone.spanned);
    let mut open = vec![false; zone.spanned as usize];
    let mut set = |range: PfnRange, to: bool| {
        let range = range.intersection(span);
        if !range.is_empty() {
            let from = range.start().since(zone.start) as usize;
            open[from..from + range.frames() as usize].fill(to);
        }
    };
    for (at, mt) in (0..).zip(&blocks.types) {
        if *mt == Some(MigrateType::Movable) {
            let start = blocks.first.offset(at * pageblock);
            let block = PfnRange::sized(start, pageblock);
            for range in &zone.memory {
                set(range.intersection(block), true);
            }
        }
    }
    let lists = zone.free_lists.iter().map(|list| (list.order, &list.pfns));
    let cached = zone.pcp.iter().flat_map(|pcp| &pcp.lists);
    for (order, pfns) in lists.chain(cached.map(|list| (list.order, &list.pfns))) {
        for pfn in pfns {
            set(PfnRange::sized(*pfn, order.frames()), false);
        }
    }
    for lent in &zone.lent {
        set(lent.range(), false);
    }
    let open = open.iter().enumerate().filter(|(_, open)| **open);
    open.map(|(at, _)| zone.start.offset(at as u64)).collect()
}
