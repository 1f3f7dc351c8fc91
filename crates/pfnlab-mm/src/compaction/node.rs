//! Compaction of a node that nobody waits for.

use pfnlab_model::{
    CompactGoal, CompactResult, CpuId, MemoryError, NodeId, Observer, Order, Tenants,
};

use super::run::{Mode, Run};
use crate::Mm;
use crate::alloc_flags::AllocFlags;

/// How eager it is ahead of need, in percent, until somebody writes it
/// (`sysctl_compaction_proactiveness`).
const PROACTIVENESS: u64 = 20;

/// The lowest score anybody can wish for.
const LEAST_SCORE: u64 = 5;

/// How far above the score it goes on to it begins.
const SCORE_DISTANCE: u64 = 10;

impl Mm {
    /// Moves together what is in use on a node.
    ///
    /// # Errors
    /// When there is no such node, or the generation compacts only when somebody waits for it.
    pub(crate) fn compact_node(
        &mut self,
        node: NodeId,
        goal: CompactGoal,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let rule = self.profile.compaction;
        if node.index() >= self.nodes.len() {
            return Err(MemoryError::Nowhere(u32::from(node.0)));
        }
        match goal {
            CompactGoal::All => {
                for zone in self.zones_with_memory(node) {
                    let mut run = Run {
                        whole: true,
                        heedless: true,
                        ..Run::new(None, Mode::Sync, cpu)
                    };
                    self.compact_zone(zone, &mut run, tenants, observer);
                }
            }
            CompactGoal::Order(order) if rule.has_background() => {
                let order = order.min(self.config.top_order);
                self.compact_for(node, order, cpu, tenants, observer);
            }
            CompactGoal::Proactive if rule.is_proactive() => {
                if let Some(low) = self.wanted_score()
                    && self.score(node) > (low + SCORE_DISTANCE).min(100)
                {
                    self.compact_ahead(node, low, cpu, tenants, observer);
                }
            }
            CompactGoal::Order(_) | CompactGoal::Proactive => {
                return Err(MemoryError::Unsupported);
            }
        }
        Ok(())
    }

    /// Until a block of `order` can be had in every zone where that is likely
    /// (`kcompactd_do_work`).
    pub(crate) fn compact_for(
        &mut self,
        node: NodeId,
        order: Order,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) {
        let pageblock = self.config.pageblock_order;
        for at in self.zones_with_memory(node) {
            let zone = &mut self.zones[at];
            if zone.is_put_off(order, pageblock, observer) {
                continue;
            }
            let mut run = Run {
                flags: AllocFlags::MIN,
                highest: at % self.config.zones.len(),
                ..Run::new(Some(order), Mode::Sync, cpu)
            };
            let result = self.compact_zone(at, &mut run, tenants, observer);
            let zone = &mut self.zones[at];
            match result {
                CompactResult::Success if run.moved > 0 || zone.has_free(order) => {
                    zone.compaction_succeeded(order, false, pageblock, observer);
                }
                CompactResult::Complete | CompactResult::PartialSkipped => {
                    self.drain_zone(at, cpu, observer);
                    self.zones[at].compaction_failed(order, pageblock, observer);
                }
                _ => {}
            }
        }
    }

    /// The score that is gone on to ahead of need; `None`: nothing is done (`fragmentation_score_wmark`).
    fn wanted_score(&self) -> Option<u64> {
        let eager = self.tunables.compaction_proactiveness;
        let eager = eager.unwrap_or(PROACTIVENESS);
        (eager > 0).then(|| (100 - eager).max(LEAST_SCORE))
    }

    /// Until few free frames are in small blocks (`proactive_compact_node`).
    fn compact_ahead(
        &mut self,
        node: NodeId,
        low: u64,
        cpu: CpuId,
        tenants: &mut impl Tenants,
        observer: &mut impl Observer,
    ) {
        for zone in self.zones_with_memory(node) {
            let mut run = Run {
                whole: true,
                heedless: true,
                score: Some(low),
                ..Run::new(None, Mode::Sync, cpu)
            };
            self.compact_zone(zone, &mut run, tenants, observer);
        }
    }

    /// How much of a node's free memory is in blocks too small for a huge page, in percent, every
    /// zone by its size (`fragmentation_score_node`).
    fn score(&self, node: NodeId) -> u64 {
        let whole = self.nodes[node.index()].present + 1;
        let pageblock = self.config.pageblock_order;
        let part = |at| {
            let zone: &crate::zone::Zone = &self.zones[at];
            zone.present * zone.in_small_blocks(pageblock) / whole
        };
        self.zones_with_memory(node).map(part).sum()
    }

    /// The positions of a node's zones that have memory, ascending.
    pub(crate) fn zones_with_memory(&self, node: NodeId) -> impl Iterator<Item = usize> + use<> {
        let kinds = self.config.zones.len();
        let first = node.index() * kinds;
        let there: u64 = (0..kinds)
            .filter(|kind| self.zones[first + kind].is_populated())
            .map(|kind| 1 << kind)
            .sum();
        (0..kinds)
            .filter(move |kind| there >> kind & 1 == 1)
            .map(move |kind| first + kind)
    }
}
