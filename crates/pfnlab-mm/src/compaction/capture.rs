//! A block that grows while somebody compacts for it is his at once (`capture_control`, since 5.1):
//! on a list, anybody could take it.

use pfnlab_model::{Block, CompactionEvent, CpuId, Event, MigrateType, Observer, Order};

use crate::frames::State;
use crate::zone::Zone;

/// What a zone is compacted for, and the block that was got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture {
    pub(crate) order: Order,
    /// The migratetype of the request.
    pub(crate) mt: MigrateType,
    pub(crate) got: Option<Block>,
}

impl Zone {
    /// Whether a free block that has grown so far goes to whoever compacts for it: it is what is
    /// wanted, and it does not put what cannot be moved into a part of a movable pageblock
    /// (`compaction_capture`).
    pub(crate) fn is_captured(&self, block: Block, mt: MigrateType, pageblock: Order) -> bool {
        let Some(capture) = &self.capture else {
            return false;
        };
        let kept_for_others = matches!(mt, MigrateType::Cma | MigrateType::Isolate);
        let movable_anyway = self.profile.compaction.captures_parts_for_movable()
            && capture.mt == MigrateType::Movable;
        let spoils = block.order() < pageblock && mt == MigrateType::Movable && !movable_anyway;
        capture.got.is_none() && block.order() == capture.order && !kept_for_others && !spoils
    }

    /// It does: it is counted free no more, and was never on a list.
    pub(crate) fn capture(
        &mut self,
        block: Block,
        mt: MigrateType,
        cpu: CpuId,
        observer: &mut impl Observer,
    ) {
        self.account(mt, -(block.frames() as i64), cpu, observer);
        self.buddy.frames.set(block, State::Lent);
        if let Some(capture) = &mut self.capture {
            capture.got = Some(block);
        }
        let zone = self.id;
        observer.event(Event::Compaction(CompactionEvent::Captured { zone, block }));
        self.lent(block, observer);
    }

    /// Whether a block was captured.
    pub(super) fn has_captured(&self) -> bool {
        self.capture.is_some_and(|capture| capture.got.is_some())
    }
}
