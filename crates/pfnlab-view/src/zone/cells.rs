//! How the frames of a range divide into states, cell by cell.

use pfnlab_model::{MigrateType, Order, Pfn, PfnRange, Snapshot, ZoneState};

/// The frames of one cell by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// On the free lists.
    pub(super) free: u64,
    /// On per-CPU lists.
    pub(super) per_cpu: u64,
    /// Handed out.
    pub(super) lent: u64,
    /// Present, and nothing of the above.
    pub(super) in_use: u64,
    /// The largest free block that has frames in it: its order, whose list it is on, and whether it
    /// starts in this cell.
    pub(super) block: Option<(Order, MigrateType, bool)>,
}

impl Cell {
    /// Frames that are memory.
    pub(super) fn present(&self) -> u64 {
        self.free + self.used()
    }

    /// Frames that are memory and not free.
    pub(super) fn used(&self) -> u64 {
        self.per_cpu + self.lent + self.in_use
    }
}

/// The cells of `range`, each of 2^`shift` frames. The first one starts at `range`'s start.
pub(super) fn cells(
    snapshot: &Snapshot,
    zone: &ZoneState,
    range: PfnRange,
    shift: u32,
) -> Vec<Cell> {
    let count = range.frames().div_ceil(1 << shift);
    let mut cells = Cells {
        range,
        shift,
        cells: vec![Cell::default(); count as usize],
    };
    for part in memory(snapshot, zone) {
        cells.add(part, |cell, frames, _| cell.in_use += frames);
    }
    for list in &zone.free_lists {
        for &pfn in &list.pfns {
            let frames = PfnRange::sized(pfn, list.order.frames());
            cells.add(frames, |cell, frames, first| {
                cell.in_use = cell.in_use.saturating_sub(frames);
                cell.free += frames;
                let block = (list.order, list.mt, first);
                if cell
                    .block
                    .is_none_or(|(largest, _, _)| largest < list.order)
                {
                    cell.block = Some(block);
                }
            });
        }
    }
    for list in zone.pcp.iter().flat_map(|pcp| &pcp.lists) {
        for &pfn in &list.pfns {
            cells.add(
                PfnRange::sized(pfn, list.order.frames()),
                |cell, frames, _| {
                    cell.in_use = cell.in_use.saturating_sub(frames);
                    cell.per_cpu += frames;
                },
            );
        }
    }
    for block in &zone.lent {
        cells.add(block.range(), |cell, frames, _| {
            cell.in_use = cell.in_use.saturating_sub(frames);
            cell.lent += frames;
        });
    }
    cells.cells
}

/// Where a zone's memory is. Where a snapshot does not say, what has memory sections.
fn memory(snapshot: &Snapshot, zone: &ZoneState) -> Vec<PfnRange> {
    let span = PfnRange::sized(zone.start, zone.spanned);
    match &zone.pageblocks {
        _ if !zone.memory.is_empty() => zone.memory.clone(),
        None => vec![span],
        Some(pageblocks) => {
            let size = snapshot.global.pageblock_order.frames();
            let starts = (0..).map(|at| pageblocks.first.offset(at * size));
            let blocks = starts.zip(&pageblocks.types);
            let present = blocks.filter(|(_, mt)| mt.is_some());
            present
                .map(|(start, _)| PfnRange::sized(start, size).intersection(span))
                .collect()
        }
    }
}

struct Cells {
    range: PfnRange,
    shift: u32,
    cells: Vec<Cell>,
}

impl Cells {
    /// Tells every cell that `frames` has frames in how many, and whether the first is in it.
    fn add(&mut self, frames: PfnRange, mut tell: impl FnMut(&mut Cell, u64, bool)) {
        let inside = frames.intersection(self.range);
        let mut start = inside.start();
        while start < inside.end() {
            let at = start.since(self.range.start()) >> self.shift;
            let behind = self.range.start().offset((at + 1) << self.shift);
            let end: Pfn = inside.end().min(behind);
            let first = start == frames.start();
            tell(&mut self.cells[at as usize], end.since(start), first);
            start = end;
        }
    }
}
