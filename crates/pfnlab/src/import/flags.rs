//! What `/proc/kpageflags` says: where free blocks lie.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use pfnlab_linux::proc::PageFlags;
use pfnlab_linux::proc::read::{self, Kpageflags, Room};
use pfnlab_model::{Block, Order, Pfn, PfnRange};

use super::{Counts, FreeCount, ImportError, Known, ZoneCounts};

/// How well the file agrees with what was counted. Nobody stops the machine between two files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct FlagsLedger {
    /// Free blocks that begin somewhere.
    pub blocks: u64,
    /// Of them: blocks that could be larger than they are said to be. What is behind them has no
    /// flag, and may be in use.
    pub could_be_larger: u64,
    /// Zones in which the sizes that were counted do not fit to where blocks begin: there every
    /// block is as large as can be.
    pub zones_as_large_as_can_be: u64,
    /// Frames that can be moved.
    pub movable: u64,
}

impl Counts {
    /// Takes what `/proc/kpageflags` says of single frames. It does not say how large a free block
    /// is: the sizes that were counted are dealt out, the largest to where there is most room.
    /// Neither does it say the migratetype of a pageblock, nor the order of a list.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn take_flags(
        &mut self,
        name: &str,
        bytes: &[u8],
    ) -> Result<(Known, FlagsLedger), ImportError> {
        let flags = read::kpageflags(bytes).map_err(|error| ImportError::Flags {
            file: name.to_owned(),
            error,
        })?;
        let mut ledger = FlagsLedger::default();
        let (mut blocks, mut movable) = (Vec::new(), Vec::new());
        for zone in &mut self.zones {
            let memory = memory(&flags, zone.span);
            let frames: u64 = memory.iter().map(|range| range.frames()).sum();
            if frames == zone.present {
                zone.memory = Some(memory);
            }
            let on_lists = pfns(zone.span).filter(|pfn| flags.of(*pfn).contains(PageFlags::LRU));
            movable.extend(on_lists);
            blocks.extend(zone_blocks(zone, &flags, &mut ledger));
        }
        ledger.blocks = blocks.len() as u64;
        ledger.movable = movable.len() as u64;
        let known = Known {
            blocks: Some(blocks),
            movable: Some(movable),
            ..Known::default()
        };
        Ok((known, ledger))
    }
}

fn pfns(range: PfnRange) -> impl Iterator<Item = Pfn> {
    (range.start().get()..range.end().get()).map(Pfn::new)
}

/// Where there is memory.
fn memory(flags: &Kpageflags, span: PfnRange) -> Vec<PfnRange> {
    let mut memory: Vec<PfnRange> = Vec::new();
    for pfn in pfns(span).filter(|pfn| !flags.of(*pfn).contains(PageFlags::NOPAGE)) {
        match memory.last_mut() {
            Some(last) if last.end() == pfn => {
                *last = PfnRange::sized(last.start(), last.frames() + 1);
            }
            _ => memory.push(PfnRange::sized(pfn, 1)),
        }
    }
    memory
}

/// The free blocks of a zone; its counts are theirs from then on.
fn zone_blocks(zone: &mut ZoneCounts, flags: &Kpageflags, ledger: &mut FlagsLedger) -> Vec<Block> {
    let mut rooms = flags.rooms(zone.span, Order::MAX);
    rooms.sort_by_key(|room| (Reverse(room.most), room.start));
    let blocks = dealt(&zone.free, &rooms).unwrap_or_else(|| {
        let largest = as_large_as_can_be(&rooms);
        ledger.zones_as_large_as_can_be += 1;
        recount(zone, &largest);
        largest
    });
    let most: BTreeMap<Pfn, Order> = rooms.iter().map(|room| (room.start, room.most)).collect();
    let smaller = blocks
        .iter()
        .filter(|block| block.order() < most[&block.start()]);
    ledger.could_be_larger += smaller.count() as u64;
    blocks
}

/// The sizes that were counted, the largest to where most room is; `None`: they do not fit.
fn dealt(counts: &[FreeCount], rooms: &[Room]) -> Option<Vec<Block>> {
    let counted: u64 = counts
        .iter()
        .fold(0, |sum, count| sum.saturating_add(count.blocks));
    if counted != rooms.len() as u64 {
        return None;
    }
    let mut sizes: Vec<Order> = Vec::new();
    for count in counts {
        sizes.extend((0..count.blocks).map(|_| count.order));
    }
    sizes.sort_by_key(|order| Reverse(*order));
    let mut left: Vec<Room> = rooms.to_vec();
    let mut blocks = BTreeSet::new();
    for order in sizes {
        let free = |room: &Room| {
            let block = Block::containing(room.start, order);
            order <= room.most && !merges(block, &blocks)
        };
        let at = left.iter().position(free)?;
        blocks.insert(Block::containing(left.remove(at).start, order));
    }
    Some(blocks.into_iter().collect())
}

/// Every block as large as its room, but for buddies, which would be one.
fn as_large_as_can_be(rooms: &[Room]) -> Vec<Block> {
    let mut blocks = BTreeSet::new();
    for room in rooms {
        let sizes = (0..=room.most.get())
            .rev()
            .filter_map(|order| Order::new(order).ok());
        let mut sizes = sizes.map(|order| Block::containing(room.start, order));
        let block = sizes.find(|block| !merges(*block, &blocks));
        blocks.extend(block);
    }
    blocks.into_iter().collect()
}

/// Whether it would not lie beside its buddy.
fn merges(block: Block, others: &BTreeSet<Block>) -> bool {
    block.order() < Order::MAX && others.contains(&block.buddy())
}

/// Blocks of these sizes: of the types that were counted, as far as these go.
fn recount(zone: &mut ZoneCounts, blocks: &[Block]) {
    let mut free = Vec::new();
    for order in Order::all() {
        let of_order = blocks.iter().filter(|block| block.order() == order);
        let mut left = of_order.count() as u64;
        for counted in zone.free.iter().filter(|count| count.order == order) {
            let blocks = counted.blocks.min(left);
            left -= blocks;
            free.push(FreeCount { blocks, ..*counted });
        }
        free.push(FreeCount {
            order,
            mt: None,
            blocks: left,
        });
    }
    zone.free = free;
}
