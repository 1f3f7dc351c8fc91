//! Fallback up to 3.8: the largest block of another type is taken, and what is kept back comes
//! last (`__rmqueue_fallback`).

use pfnlab_model::{MigrateType, Observer};

use crate::fallback::{self, Find, Rest};
use crate::pageblock::Pageblocks;
use crate::rmqueue::{Taken, Want};
use crate::zone::Zone;

impl Zone {
    /// Takes a block of another type, the largest first; if there is none, of those kept back.
    pub(crate) fn take_largest(
        &mut self,
        rest: Rest,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Option<Taken> {
        let reserve = Want {
            mt: MigrateType::Reserve,
            ..want
        };
        let cma = want.mt == MigrateType::Movable && self.may_rob_cma();
        match fallback::largest_first(&self.buddy, want.order, want.mt, cma, blocks.order()) {
            Some(find) => Some(self.take_found(find, rest, want, blocks, observer)),
            None => Some((self.smallest(reserve, observer)?, want.mt)),
        }
    }

    /// Takes the block found, and the free part of its pageblock along if it is worth while.
    fn take_found(
        &mut self,
        find: Find,
        rest: Rest,
        want: Want,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> Taken {
        let (block, start) = (find.block, find.block.start());
        let pageblock = blocks.order();
        let mut claimed = false;
        if find.whole_pageblock {
            let moved = self.move_free(start, want.mt, want.cpu, blocks, observer);
            claimed = moved >= pageblock.frames() / 2;
            if claimed {
                blocks.retype(blocks.block_of(start), want.mt, observer);
            }
        }
        let list = self.buddy.frames.free_type(block);
        self.buddy
            .unlink(block, list.expect("moving leaves it free"), observer);
        let of_area = find.from == MigrateType::Cma;
        if block.order() >= pageblock && !of_area {
            blocks.retype(block, want.mt, observer);
            claimed = true;
        }
        let rest = match rest {
            _ if of_area => find.from,
            Rest::AsFound if !find.whole_pageblock => find.from,
            _ => want.mt,
        };
        let (taken, _) = self.expand(block, want.order, rest, want.cpu, observer);
        self.fell_back(find, want, claimed, observer);
        (taken, if of_area { find.from } else { want.mt })
    }
}
