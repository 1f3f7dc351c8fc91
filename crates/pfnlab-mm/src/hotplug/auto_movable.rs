//! How much memory may be movable (`auto_movable_zone_for_pfn`, since 5.14).
//!
//! What only the kernel can use must be enough to manage what it cannot: movable memory may be at
//! most 301 % of the kernel's, of which only what was there at boot counts. That must hold on the
//! whole machine, and on the node.

use pfnlab_model::{NodeId, OnlinePolicy, PfnRange, ZoneKind, runs};

use crate::Mm;

/// `memory_hotplug.auto_movable_ratio`, in percent.
const RATIO: u64 = 301;

impl Mm {
    /// Whether the kernel was told to choose like this, and knows how.
    pub(super) fn balances(&self) -> bool {
        self.options.online_policy == OnlinePolicy::AutoMovable
            && self.profile.hotplug.knows_auto_movable()
    }

    /// Whether there is enough kernel memory for a range to be movable.
    pub(super) fn affords_movable(&self, range: PfnRange, node: NodeId) -> bool {
        let enough = |node: Option<NodeId>| {
            let (kernel, movable) = self.early_and_movable(node);
            100 * (movable + range.frames()) <= RATIO * kernel
        };
        enough(None) && enough(Some(node))
    }

    /// Frames for the kernel that were there at boot, and movable ones: of a node, or of all.
    /// Contiguous memory areas are movable wherever they are.
    fn early_and_movable(&self, node: Option<NodeId>) -> (u64, u64) {
        let zones = self.zones.iter();
        let zones = zones.filter(|zone| node.is_none_or(|node| zone.id.node == node));
        let (mut kernel, mut movable) = (0, 0);
        for zone in zones {
            if zone.id.kind == ZoneKind::Movable {
                movable += zone.present;
                continue;
            }
            let areas = self.areas.iter();
            let set_aside: u64 = areas
                .map(|area| runs::shared(&zone.memory, area.range))
                .sum();
            kernel += zone.present_early.saturating_sub(set_aside);
            movable += set_aside;
        }
        (kernel, movable)
    }
}
