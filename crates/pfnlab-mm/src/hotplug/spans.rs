//! A zone and its node reach further when memory comes, and less far when it goes.

use alloc::vec::Vec;

use pfnlab_model::{Event, MemoryEvent, NodeId, Observer, PfnRange};

use crate::Mm;

impl Mm {
    /// A zone and its node reach as far as `range` (`resize_zone_range`, `resize_pgdat_range`).
    pub(super) fn grow_spans(
        &mut self,
        zone: usize,
        range: PfnRange,
        observer: &mut impl Observer,
    ) {
        let span = hull(self.zones[zone].span, range);
        self.blocks.reach(range.end());
        self.respan(zone, span, observer);
        let node = self.zones[zone].id.node;
        let span = hull(self.node_span(node), range);
        self.set_node_span(node, span, observer);
    }

    /// The zones of a node that began or ended with `range` end where their memory does now
    /// (`shrink_zone_span`), and the node with its zones (`update_pgdat_span`).
    pub(super) fn shrink_spans(
        &mut self,
        node: NodeId,
        range: PfnRange,
        observer: &mut impl Observer,
    ) {
        let kinds = self.config.zones.len();
        for zone in node.index() * kinds..(node.index() + 1) * kinds {
            let span = self.zones[zone].span;
            let at_edge = span.start() == range.start() || span.end() == range.end();
            if span.overlaps(range) && at_edge {
                self.shrink(zone, range, observer);
            }
        }
        let spans = self.zones[node.index() * kinds..(node.index() + 1) * kinds].iter();
        let span = spans.fold(PfnRange::default(), |all, zone| hull(all, zone.span));
        self.set_node_span(node, span, observer);
    }

    fn shrink(&mut self, zone: usize, range: PfnRange, observer: &mut impl Observer) {
        let span = self.zones[zone].span;
        // Where offline memory keeps its zone, it holds the span.
        let held = self.offline.iter().map(|offline| offline.range);
        let held =
            held.filter(|held| self.profile.hotplug.shrinks_at_remove() && span.covers(*held));
        let memory = self.zones[zone].memory.iter().copied().chain(held);
        let memory: Vec<PfnRange> = memory.collect();
        let first = memory.iter().min_by_key(|run| run.start());
        let last = memory.iter().max_by_key(|run| run.end());
        let (Some(first), Some(last)) = (first, last) else {
            return self.respan(zone, PfnRange::default(), observer);
        };
        let start = match span.start() == range.start() {
            true => first.start(),
            false => span.start(),
        };
        let end = match span.end() == range.end() {
            true => last.end(),
            false => span.end(),
        };
        let span = PfnRange::new(start, end).expect("memory lies within the span");
        self.respan(zone, span, observer);
    }

    /// A zone spans other frames. Pageblocks it did not list before, and no other zone did, have no
    /// type.
    fn respan(&mut self, zone: usize, span: PfnRange, observer: &mut impl Observer) {
        if self.zones[zone].span == span {
            return;
        }
        let spans = self.zones.iter().map(|zone| zone.span);
        let listed: Vec<PfnRange> = spans
            .filter(|span| !span.is_empty())
            .map(|span| self.hull(span))
            .collect();
        for pageblock in self.pageblocks_in(self.hull(span)) {
            let at = pageblock.start();
            if !listed.iter().any(|listed| listed.contains(at)) {
                self.blocks.record(at, None);
                self.blocks.set_movable(at, 0);
                self.blocks.record_listed(at, 0);
            }
        }
        self.zones[zone].respan(span, observer);
    }

    fn node_span(&self, node: NodeId) -> PfnRange {
        let node = &self.nodes[node.index()];
        PfnRange::sized(node.start, node.spanned)
    }

    fn set_node_span(&mut self, node: NodeId, span: PfnRange, observer: &mut impl Observer) {
        if self.node_span(node) == span {
            return;
        }
        let state = &mut self.nodes[node.index()];
        state.start = span.start();
        state.spanned = span.frames();
        observer.event(Event::Memory(MemoryEvent::NodeSpanSet { node, span }));
    }
}

/// The frames from the first to the last of two ranges; an empty one says nothing.
fn hull(a: PfnRange, b: PfnRange) -> PfnRange {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b,
        (_, true) => a,
        _ => PfnRange::new(a.start().min(b.start()), a.end().max(b.end()))
            .expect("the earlier start is before the later end"),
    }
}
