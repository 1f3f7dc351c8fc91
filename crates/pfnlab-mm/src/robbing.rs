//! Taking from another type: what a search found is claimed, stolen or moved.

use pfnlab_model::{Block, Event, MigrateType, Observer};

use crate::fallback::{self, Find};
use crate::pageblock::Pageblocks;
use crate::rmqueue::Want;
use crate::zone::Zone;

impl Zone {
    /// Claims a pageblock of another type and takes from it (`__rmqueue_claim`, 6.12.y).
    pub(crate) fn claim(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let pageblock_order = blocks.order();
        let orders = fallback::claim_orders(
            want.order,
            want.flags,
            pageblock_order,
            self.buddy.top_order(),
        );
        for order in orders {
            let Some(find) = fallback::find(&self.buddy, order, want.mt, pageblock_order) else {
                continue;
            };
            if !find.whole_pageblock {
                return None;
            }
            if let Some(block) = self.try_to_claim(find, want, blocks, observer) {
                self.fell_back(find, want, true, observer);
                return Some(block);
            }
            let (zone, Find { block, from, .. }) = (self.id, find);
            observer.event(Event::NotClaimed { zone, block, from });
        }
        None
    }

    fn try_to_claim(
        &mut self,
        find: Find,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let block_type = blocks.type_of(find.block.start());
        if block_type == MigrateType::HighAtomic {
            return None;
        }
        if find.block.order() >= blocks.order() {
            return Some(self.claim_whole(find, want, blocks, observer));
        }
        self.boost_watermark(want.flags, blocks, observer);
        let pageblock = self.whole_pageblock(find.block.start(), blocks)?;
        if !find.whole_pageblock || !self.worth_claiming(find, block_type, pageblock, want, blocks)
        {
            return None;
        }
        self.move_pageblock(find.block.start(), want.mt, want.cpu, blocks, observer);
        self.smallest(want, observer)
    }

    /// Makes whole pageblocks the wanted type's and takes from them.
    fn claim_whole(
        &mut self,
        Find { block, from, .. }: Find,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Block {
        self.buddy.unlink(block, from, observer);
        self.account(from, -(block.frames() as i64), want.cpu, observer);
        blocks.retype(block, want.mt, observer);
        let (taken, kept) = self.expand(block, want.order, want.mt, want.cpu, observer);
        let rest = (block.frames() - taken.frames()) as i64 - kept;
        self.account(want.mt, rest, want.cpu, observer);
        taken
    }

    fn worth_claiming(
        &self,
        find: Find,
        block_type: MigrateType,
        pageblock: Block,
        want: Want,
        blocks: &Pageblocks,
    ) -> bool {
        let free = self.count_free(pageblock.range());
        let movable = blocks.could_move(find.block.start());
        fallback::worth_claiming(free, movable, block_type, want.mt, pageblock.frames())
    }

    /// Steals one block; what is split off stays the other type's (`__rmqueue_steal`, 6.12.y).
    pub(crate) fn steal(
        &mut self,
        want: Want,
        blocks: &Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let find = fallback::smallest(&self.buddy, want.order, want.mt, blocks.order())?;
        let taken = self.take_one(find, find.from, want, observer);
        self.fell_back(find, want, false, observer);
        Some(taken)
    }

    /// Claims the pageblock of what is found, or takes that one block (`__rmqueue_fallback`,
    /// `steal_suitable_fallback`, 6.12.0).
    pub(crate) fn rob_one(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let find = fallback::largest(&self.buddy, want.order, want.mt, want.flags, blocks.order())?;
        let block_type = blocks.type_of(find.block.start());
        let claimed = self.try_to_claim(find, want, blocks, observer);
        let block = claimed.unwrap_or_else(|| self.take_one(find, block_type, want, observer));
        self.fell_back(find, want, claimed.is_some(), observer);
        Some(block)
    }

    /// Takes one block; what is split off goes to the lists of `rest`.
    fn take_one(
        &mut self,
        Find { block, from, .. }: Find,
        rest: MigrateType,
        want: Want,
        observer: &mut impl Observer,
    ) -> Block {
        self.buddy.unlink(block, from, observer);
        let (taken, kept) = self.expand(block, want.order, rest, want.cpu, observer);
        self.account(from, -(taken.frames() as i64) - kept, want.cpu, observer);
        taken
    }

    /// Moves blocks of another type to the own lists and takes the smallest that serves
    /// (`__rmqueue_fallback`, 4.14 to 6.1).
    pub(crate) fn rob(
        &mut self,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let find = fallback::largest(&self.buddy, want.order, want.mt, want.flags, blocks.order())?;
        let claimed = self.move_robbed(find, want, blocks, observer);
        self.fell_back(find, want, claimed, observer);
        self.smallest(want, observer)
    }

    /// Moves what was found to the own lists (`steal_suitable_fallback`); says whether the
    /// pageblock changed hands.
    fn move_robbed(
        &mut self,
        find: Find,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        let start = find.block.start();
        let block_type = blocks.type_of(start);
        let mut claimed = false;
        let mut moved = 0;
        if block_type != MigrateType::HighAtomic && find.block.order() >= blocks.order() {
            blocks.retype(find.block, want.mt, observer);
            claimed = true;
        } else if block_type != MigrateType::HighAtomic {
            self.boost_watermark(want.flags, blocks, observer);
            if find.whole_pageblock {
                moved = self.move_free(start, want.mt, want.cpu, blocks, observer);
                let movable = blocks.could_move(start);
                let frames = blocks.order().frames();
                claimed = moved > 0
                    && fallback::worth_claiming(moved, movable, block_type, want.mt, frames);
                if claimed {
                    blocks.retype(blocks.block_of(start), want.mt, observer);
                }
            }
        }
        if moved == 0 {
            self.buddy.unlink(find.block, find.from, observer);
            let end = self.profile.moved_to.end();
            self.buddy.link(find.block, want.mt, end, observer);
        }
        claimed
    }

    pub(crate) fn fell_back(
        &self,
        find: Find,
        want: Want,
        claimed: bool,
        observer: &mut impl Observer,
    ) {
        let Find { block, from, .. } = find;
        let (zone, order, wanted) = (self.id, want.order, want.mt);
        observer.event(Event::FellBack {
            zone,
            block,
            order,
            wanted,
            from,
            claimed,
        });
    }
}
