//! Pageblocks kept for when nothing else is left (`MIGRATE_RESERVE`).

use pfnlab_model::{CpuId, MigrateType, Observer, PfnRange};

use crate::pageblock::Pageblocks;
use crate::profile::{Policy, Told, told};
use crate::zone::Zone;

/// Which pageblocks are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeptPolicy {
    /// The first whose first frame was released to the allocator (2.6.37).
    FirstFrame,
    /// The first entirely within the zone of which every frame was (3.8).
    EveryFrame,
    /// None (since 4.14; pageblocks for high-order atomic requests took their place in 4.4).
    None,
}

impl Policy for KeptPolicy {
    const DECIDES: &'static str = "which pageblocks are kept for when nothing else is left";

    fn told(self) -> Told {
        match self {
            KeptPolicy::FirstFrame => told(
                "the first whose first frame was released, two at most",
                "setup_zone_migrate_reserve",
            ),
            KeptPolicy::EveryFrame => told(
                "the first of which every frame was released, two at most",
                "setup_zone_migrate_reserve, pageblock_is_reserved",
            ),
            KeptPolicy::None => told("none", "MIGRATE_RESERVE gone (4.4)"),
        }
    }
}

/// At most so many pageblocks of a zone are kept.
const MOST: u64 = 2;

impl Zone {
    /// Keeps as many pageblocks as the min watermark asks for, and gives up others
    /// (`setup_zone_migrate_reserve`).
    ///
    /// A frame counts as released when it is free, cached or handed out here: what was in use
    /// before this allocator began to watch does not.
    pub(crate) fn rebuild_kept(&mut self, blocks: &mut Pageblocks, observer: &mut impl Observer) {
        let policy = self.profile.kept;
        let order = blocks.order();
        let mut at = match policy {
            KeptPolicy::None => return,
            KeptPolicy::FirstFrame => self.span.start(),
            KeptPolicy::EveryFrame => self.span.start().align_up(order),
        };
        let mut wanted = self.watermarks.min.div_ceil(order.frames()).min(MOST);
        while at < self.span.end() {
            let pageblock = blocks.block_of(at);
            let first = at;
            at = pageblock.range().end();
            if !self.memory.iter().any(|range| range.contains(first)) {
                continue;
            }
            let eligible = match policy {
                KeptPolicy::FirstFrame => self.is_released(PfnRange::sized(first, 1)),
                _ => wanted == 0 || self.is_released(pageblock.range()),
            };
            if !eligible {
                continue;
            }
            let to = match blocks.type_of(first) {
                MigrateType::Reserve | MigrateType::Movable if wanted > 0 => {
                    wanted -= 1;
                    MigrateType::Reserve
                }
                MigrateType::Reserve => MigrateType::Movable,
                _ => continue,
            };
            if blocks.type_of(first) != to {
                blocks.retype(pageblock, to, observer);
                // Nothing is counted for a move, so whose counters they are does not matter.
                self.move_free(first, to, CpuId(0), blocks, observer);
            }
        }
    }

    /// Whether every frame of a range within the zone is free, cached or handed out.
    fn is_released(&self, range: PfnRange) -> bool {
        let range = range.intersection(self.span);
        let mut at = range.start();
        while at < range.end() {
            match self.buddy.frames.block_around(at) {
                Some((block, _)) => at = block.range().end(),
                None => return false,
            }
        }
        true
    }
}
