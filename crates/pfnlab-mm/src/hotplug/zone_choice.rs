//! Which zone memory goes to when it comes online (`zone_for_pfn_range`).

use pfnlab_model::{MemoryError, NodeId, OnlineTo, PfnRange, ZoneKind};

use crate::Mm;

impl Mm {
    /// The position of the zone.
    ///
    /// # Errors
    /// When memory that was given a zone before cannot be in the one wanted.
    pub(super) fn choose_zone(
        &self,
        range: PfnRange,
        node: NodeId,
        to: OnlineTo,
    ) -> Result<usize, MemoryError> {
        if self.profile.hotplug.zone_at_add() {
            return self.zone_kept(range, node, to);
        }
        let movable = self.zone_index_of(node, ZoneKind::Movable);
        let kernel = self.kernel_zone(range, node);
        let near = |at: usize| self.zones[at].span.overlaps(range);
        Ok(match to {
            OnlineTo::Kernel => kernel,
            OnlineTo::Movable => movable,
            OnlineTo::Default if self.balances() => match self.affords_movable(range, node) {
                true => movable,
                false => kernel,
            },
            // What lies in one of the two goes there.
            OnlineTo::Default => match (near(kernel), near(movable)) {
                (true, false) => kernel,
                (false, true) => movable,
                _ if self.options.movable_node => movable,
                _ => kernel,
            },
        })
    }

    /// The lowest zone below Normal that reaches there, or else Normal
    /// (`default_kernel_zone_for_pfn`).
    fn kernel_zone(&self, range: PfnRange, node: NodeId) -> usize {
        let normal = self.zone_index_of(node, ZoneKind::Normal);
        let first = node.index() * self.config.zones.len();
        let mut low = first..normal;
        low.find(|&at| self.zones[at].span.overlaps(range))
            .unwrap_or(normal)
    }

    /// The zone memory was put into when it was plugged in, or its neighbour where that is
    /// possible and wanted (up to 3.8).
    fn zone_kept(&self, range: PfnRange, node: NodeId, to: OnlineTo) -> Result<usize, MemoryError> {
        let normal = self.zone_index_of(node, ZoneKind::Normal);
        let movable = self.zone_index_of(node, ZoneKind::Movable);
        let first = node.index() * self.config.zones.len();
        let mut zones = first..=movable;
        let kept = zones
            .find(|&at| self.zones[at].span.covers(range))
            .unwrap_or(normal);
        if !self.profile.hotplug.shifts() {
            return Ok(kept);
        }
        let span = self.zones[kept].span;
        match to {
            OnlineTo::Kernel if kept == movable => match span.start() == range.start() {
                true => Ok(movable - 1),
                false => Err(MemoryError::Zone(range.start())),
            },
            OnlineTo::Movable if kept != movable => {
                match kept == movable - 1 && span.end() == range.end() {
                    true => Ok(movable),
                    false => Err(MemoryError::Zone(range.start())),
                }
            }
            _ => Ok(kept),
        }
    }
}
