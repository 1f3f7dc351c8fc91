//! Moving the free blocks of a pageblock from the lists of one migratetype to those of another.

use pfnlab_model::{Block, CpuId, End, MigrateType, Observer, Pfn, PfnRange};

use crate::frames::State;
use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// Where a free block goes on the list of the type it is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovedTo {
    /// To the head: a pageblock's blocks come out in reverse order (up to 5.0).
    Head,
    /// To the tail (since 6.1).
    Tail,
}

impl Policy for MovedTo {
    const DECIDES: &'static str = "where a block goes on the list of another type";

    fn told(self) -> Told {
        match self {
            MovedTo::Head => told("to the head", "move_freepages"),
            MovedTo::Tail => told("to the tail", "~move_to_free_list"),
        }
    }
}

impl MovedTo {
    pub(crate) fn end(self) -> End {
        match self {
            MovedTo::Head => End::Head,
            MovedTo::Tail => End::Tail,
        }
    }
}

impl Zone {
    /// The pageblock around `start` if it lies in the zone entirely.
    pub(crate) fn whole_pageblock(&self, start: Pfn, blocks: &Pageblocks) -> Option<Block> {
        let block = blocks.block_of(start);
        self.span.covers(block.range()).then_some(block)
    }

    /// Frames of a range that are free, counted block by block (`prep_move_freepages_block`).
    pub(crate) fn count_free(&self, range: PfnRange) -> u64 {
        let blocks = self.buddy.frames.blocks(range);
        blocks
            .filter(|(_, state)| matches!(state, State::Free(_)))
            .map(|(block, _)| block.frames())
            .sum()
    }

    /// Moves the free blocks of a pageblock to the lists of `mt`, and the pageblock with them
    /// (`move_freepages_block`, 6.12). `false`: it reaches out of the zone, nothing happened.
    pub(crate) fn move_pageblock(
        &mut self,
        start: Pfn,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        let Some(pageblock) = self.whole_pageblock(start, blocks) else {
            return false;
        };
        self.move_range(pageblock.range(), mt, cpu, observer);
        blocks.retype(pageblock, mt, observer);
        true
    }

    /// Moves the free blocks of a pageblock to the lists of `mt`, but leaves its type
    /// (`move_freepages_block`, up to 6.1). A pageblock that begins before the zone is moved from
    /// `start` on, one that ends behind it not at all. How many frames were moved.
    pub(crate) fn move_free(
        &mut self,
        start: Pfn,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) -> u64 {
        let range = blocks.block_of(start).range();
        if range.end() > self.span.end() {
            return 0;
        }
        let from = if range.start() < self.span.start() {
            start
        } else {
            range.start()
        };
        let range = PfnRange::new(from, range.end()).expect("start lies in its pageblock");
        self.move_range(range, mt, cpu, observer)
    }

    /// Moves the free blocks that start in `range` to the lists of `mt`. How many frames.
    pub(crate) fn move_range(
        &mut self,
        range: PfnRange,
        mt: MigrateType,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) -> u64 {
        let mut moved = 0;
        let mut at = range.start();
        while at < range.end() {
            let Some((block, state)) = self.buddy.frames.block_from(at) else {
                at = at.offset(1);
                continue;
            };
            at = block.range().end();
            let State::Free(from) = state else {
                continue;
            };
            let frames = block.frames() as i64;
            self.buddy.unlink(block, from, observer);
            let end = self.profile.moved_to.end();
            self.buddy.link(block, mt, end, observer);
            if self.profile.grouping.per_block() {
                self.account(from, -frames, cpu, observer);
                self.account(mt, frames, cpu, observer);
            }
            moved += block.frames();
        }
        moved
    }
}
