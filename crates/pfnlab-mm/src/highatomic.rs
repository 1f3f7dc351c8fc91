//! Pageblocks kept for high-order requests that cannot wait (`MIGRATE_HIGHATOMIC`).

use pfnlab_model::{Block, CpuId, Event, MigrateType, Observer, Order};

use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// How much of a zone is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HighAtomicPolicy {
    /// One percent and a pageblock; a pageblock is kept even if its free frames cannot be moved
    /// (up to 6.1).
    AnyZone,
    /// One percent rounded up to pageblocks, nothing in zones where that is less than one
    /// (6.12).
    LargeZones,
}

impl Policy for HighAtomicPolicy {
    const DECIDES: &'static str = "how much of a zone is kept for atomic requests of high orders";

    fn told(self) -> Told {
        match self {
            HighAtomicPolicy::AnyZone => told(
                "one percent and a pageblock, of any zone",
                "reserve_highatomic_pageblock (4.4)",
            ),
            HighAtomicPolicy::LargeZones => told(
                "one percent in whole pageblocks, nothing where that is less than one",
                "reserve_highatomic_pageblock",
            ),
        }
    }
}

impl Zone {
    /// Keeps the pageblock of a block just handed out for requests like that one
    /// (`reserve_highatomic_pageblock`).
    pub(crate) fn reserve_highatomic(
        &mut self,
        lent: Block,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) {
        let pageblock = blocks.order().frames();
        let percent = self.managed / 100;
        let limit = match self.profile.highatomic {
            HighAtomicPolicy::AnyZone => percent + pageblock,
            HighAtomicPolicy::LargeZones if percent < pageblock => return,
            HighAtomicPolicy::LargeZones => percent.next_multiple_of(pageblock),
        };
        let from = blocks.type_of(lent.start());
        if self.highatomic_reserved >= limit || !from.is_ordinary() {
            return;
        }
        let (to, start) = (MigrateType::HighAtomic, lent.start());
        let kept = match self.profile.highatomic {
            HighAtomicPolicy::AnyZone => {
                blocks.retype(blocks.block_of(start), to, observer);
                self.move_free(start, to, cpu, blocks, observer);
                pageblock
            }
            HighAtomicPolicy::LargeZones if lent.order() < blocks.order() => {
                if !self.move_pageblock(start, to, cpu, blocks, observer) {
                    return;
                }
                pageblock
            }
            HighAtomicPolicy::LargeZones => {
                blocks.retype(lent, to, observer);
                lent.frames()
            }
        };
        self.highatomic_reserved += kept;
        let (zone, frames) = (self.id, self.highatomic_reserved);
        observer.event(Event::HighAtomicReserved { zone, frames });
    }

    /// Gives one such pageblock back to requests of type `mt` (`unreserve_highatomic_pageblock`);
    /// `true`: free frames came with it.
    pub(crate) fn unreserve_highatomic(
        &mut self,
        mt: MigrateType,
        cpu: CpuId,
        blocks: &mut Pageblocks,
        observer: &mut impl Observer,
    ) -> bool {
        for order in Order::ZERO.through(self.buddy.top_order()) {
            let Some(found) = self.buddy.first(order, MigrateType::HighAtomic) else {
                continue;
            };
            let start = found.start();
            if blocks.type_of(start) == MigrateType::HighAtomic {
                let kept = blocks.order().frames().max(found.frames());
                self.highatomic_reserved -= kept.min(self.highatomic_reserved);
                let (zone, frames) = (self.id, self.highatomic_reserved);
                observer.event(Event::HighAtomicReserved { zone, frames });
            }
            let free_before = self.buddy.list(order, MigrateType::HighAtomic).len();
            match self.profile.highatomic {
                HighAtomicPolicy::AnyZone => {
                    blocks.retype(blocks.block_of(start), mt, observer);
                    self.move_free(start, mt, cpu, blocks, observer);
                }
                HighAtomicPolicy::LargeZones if order < blocks.order() => {
                    self.move_pageblock(start, mt, cpu, blocks, observer);
                }
                HighAtomicPolicy::LargeZones => {
                    self.move_range(found.range(), mt, cpu, observer);
                    blocks.retype(found, mt, observer);
                }
            }
            if self.buddy.list(order, MigrateType::HighAtomic).len() < free_before {
                return true;
            }
        }
        false
    }
}
