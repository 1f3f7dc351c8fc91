//! Compaction went on: one such event moves a snapshot on.

use alloc::vec::Vec;

use crate::{CompactionEvent, CompactionState, Pfn, PfnRange, Scanner, Snapshot, ZoneId};

impl CompactionState {
    /// What is known of a zone that was never compacted: positions at its ends.
    ///
    /// ```
    /// use pfnlab_model::{CompactionState, NodeId, Order, Pfn, PfnRange, ZoneId, ZoneKind};
    /// let zone = ZoneId { node: NodeId(0), kind: ZoneKind::Normal };
    /// let span = PfnRange::sized(Pfn::new(0x1000), 0x5ff);
    /// let at_first = CompactionState::at_first(zone, span, Order::new(9).unwrap());
    /// assert_eq!(at_first.migrate, [Pfn::new(0x1000); 2]);
    /// assert_eq!(at_first.free, Pfn::new(0x1400));
    /// ```
    pub fn at_first(zone: ZoneId, span: PfnRange, pageblock: crate::Order) -> CompactionState {
        let last = Pfn::new(span.end().get().saturating_sub(1));
        CompactionState {
            zone,
            migrate: [span.start(); 2],
            free: last.align_down(pageblock),
            considered: 0,
            shift: 0,
            least: 0,
            forgetting_due: false,
            skipped: Vec::new(),
        }
    }
}

impl Snapshot {
    /// Moves the snapshot by one event.
    ///
    /// # Panics
    /// When the event does not follow from the state.
    pub(super) fn apply_compaction(&mut self, event: CompactionEvent) {
        match event {
            CompactionEvent::Started { .. }
            | CompactionEvent::Ended { .. }
            | CompactionEvent::Captured { .. } => {}
            CompactionEvent::Known { zone } => {
                let pageblock = self.global.pageblock_order;
                let state = self.zone_mut(zone);
                let span = PfnRange::sized(state.start, state.spanned);
                let at = self.compaction.partition_point(|known| known.zone < zone);
                let known = CompactionState::at_first(zone, span, pageblock);
                self.compaction.insert(at, known);
            }
            CompactionEvent::ScannerSet { zone, scanner, at } => {
                let state = self.compaction_mut(zone);
                match scanner {
                    Scanner::MigrateAsync => state.migrate[0] = at,
                    Scanner::MigrateSync => state.migrate[1] = at,
                    Scanner::Free => state.free = at,
                }
            }
            CompactionEvent::DeferralSet {
                zone,
                considered,
                shift,
                least,
            } => {
                let state = self.compaction_mut(zone);
                (state.considered, state.shift, state.least) = (considered, shift, least);
            }
            CompactionEvent::SkipSet { zone, pageblock } => {
                let skipped = &mut self.compaction_mut(zone).skipped;
                if let Err(at) = skipped.binary_search(&pageblock) {
                    skipped.insert(at, pageblock);
                }
            }
            CompactionEvent::ForgettingDue { zone } => {
                self.compaction_mut(zone).forgetting_due = true;
            }
            CompactionEvent::SkipsForgotten { zone } => {
                let state = self.compaction_mut(zone);
                state.forgetting_due = false;
                state.skipped.clear();
            }
        }
    }

    fn compaction_mut(&mut self, zone: ZoneId) -> &mut CompactionState {
        let mut known = self.compaction.iter_mut();
        let state = known.find(|known| known.zone == zone);
        state.expect("an event speaks of a zone that compaction knows")
    }
}
