//! Memory sections are plugged in and taken out.

use alloc::sync::Arc;
use alloc::vec::Vec;

use pfnlab_model::{
    Event, MemRange, MemoryError, MemoryEvent, NodeId, Observer, Pfn, PfnRange, ZoneKind, runs,
};

use crate::Mm;
use crate::frames::Frames;

use super::is_multiple;

impl Mm {
    /// Plugs memory in; it is offline (`add_memory`).
    ///
    /// # Errors
    /// When it is not whole memory blocks (up to 4.14: sections), there is no such node, some of it is there already, or it is
    /// more than there are tables for.
    pub(super) fn add_memory(
        &mut self,
        range: PfnRange,
        node: NodeId,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        if node.index() >= self.nodes.len() {
            return Err(MemoryError::Nowhere(u32::from(node.0)));
        }
        let unit = match self.profile.hotplug.adds_blocks() {
            true => self.options.memory_block_frames,
            false => self.section_frames,
        };
        if !is_multiple(range, unit) || range.end() > Pfn::LIMIT {
            return Err(MemoryError::NotWhole(range.start()));
        }
        let mut online = self.zones.iter();
        let taken = online.any(|zone| runs::shared(&zone.memory, range) > 0)
            || self
                .offline
                .iter()
                .any(|offline| offline.range.overlaps(range));
        if taken {
            return Err(MemoryError::Exists(range.start()));
        }
        self.check_room(range, node)?;
        Arc::make_mut(&mut self.memmap).add(range, node)?;
        self.note_offline(range, node);
        observer.event(Event::Memory(MemoryEvent::Added { range, node }));
        if self.profile.hotplug.zone_at_add() {
            let normal = self.zone_index_of(node, ZoneKind::Normal);
            self.grow_spans(normal, range, observer);
        }
        Ok(())
    }

    /// Takes memory out that is offline (`remove_memory`).
    ///
    /// # Errors
    /// When it is not whole memory blocks, or some of it is not there, or online.
    pub(super) fn remove_memory(
        &mut self,
        range: PfnRange,
        observer: &mut impl Observer,
    ) -> Result<(), MemoryError> {
        let node = self.offline_node(range)?;
        Arc::make_mut(&mut self.memmap).remove(range)?;
        self.forget_offline(range);
        observer.event(Event::Memory(MemoryEvent::Removed { range }));
        if self.profile.hotplug.shrinks_at_remove() {
            self.shrink_spans(node, range, observer);
        }
        Ok(())
    }

    /// The node of sections that are offline.
    ///
    /// # Errors
    /// When they are not whole, or not offline on one node.
    pub(super) fn offline_node(&self, range: PfnRange) -> Result<NodeId, MemoryError> {
        if !self.is_whole(range) {
            return Err(MemoryError::NotWhole(range.start()));
        }
        let offline = self
            .offline
            .iter()
            .find(|offline| offline.range.covers(range));
        let offline = offline.ok_or(MemoryError::NotThere(range.start()))?;
        Ok(offline.node)
    }

    /// Sections are offline from now on.
    pub(super) fn note_offline(&mut self, range: PfnRange, node: NodeId) {
        let (same, mut other): (Vec<MemRange>, Vec<MemRange>) = self
            .offline
            .iter()
            .partition(|offline| offline.node == node);
        let same: Vec<PfnRange> = same.iter().map(|offline| offline.range).collect();
        let all = runs::with(&same, range);
        other.extend(all.into_iter().map(|range| MemRange { range, node }));
        other.sort_by_key(|offline| offline.range);
        self.offline = other;
    }

    /// Sections are not offline any more.
    pub(super) fn forget_offline(&mut self, range: PfnRange) {
        let parts = self.offline.iter().flat_map(|offline| {
            let parts = runs::without(&[offline.range], range);
            let node = offline.node;
            parts.into_iter().map(move |range| MemRange { range, node })
        });
        self.offline = parts.collect();
    }

    /// The tables of a zone that would reach that far can be had: asked before they are.
    fn check_room(&self, range: PfnRange, node: NodeId) -> Result<(), MemoryError> {
        let kinds = self.config.zones.len();
        let spans = self.zones[node.index() * kinds..(node.index() + 1) * kinds].iter();
        let start = spans
            .filter(|zone| !zone.span.is_empty())
            .map(|zone| zone.span.start());
        let start = start.min().unwrap_or(range.start()).min(range.start());
        let all = self.zones.iter().map(|zone| zone.span.end()).max();
        let end = all.unwrap_or_default().max(range.end());
        let most = PfnRange::new(start, end).expect("a span does not run backward");
        let bytes = Frames::bytes(most, self.config.top_order);
        let enough =
            most.frames() <= Frames::LIMIT && Frames::can_be_had([bytes].into_iter()).is_ok();
        enough
            .then_some(())
            .ok_or(MemoryError::TooLarge(range.end()))
    }

    /// The position of a zone; every kernel has Normal and Movable.
    pub(super) fn zone_index_of(&self, node: NodeId, kind: ZoneKind) -> usize {
        let kind = self.config.zone_index(kind).expect("every kernel has it");
        node.index() * self.config.zones.len() + kind
    }
}
