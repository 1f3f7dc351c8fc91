//! Which zone a frame belongs to.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{MemRange, Order, Pfn, PfnRange, ZoneId};

use crate::Mm;
use crate::zone::Zone;

/// The position of a zone in [`Mm`](crate::Mm)'s table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ZoneAt(pub(crate) u16);

impl ZoneAt {
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

const NOT_ONE: u16 = 0;

/// From frame to zone: one look for a pageblock that lies in one zone, a search otherwise.
#[derive(Clone, Debug)]
pub(crate) struct ZoneMap {
    order: Order,
    /// By pageblock: the zone's position plus one, or [`NOT_ONE`].
    whole: Vec<u16>,
    /// All memory; where ranges overlap, the smaller one comes first and wins.
    ranges: Vec<(PfnRange, ZoneAt)>,
}

impl ZoneMap {
    /// A map of `ranges`, below `end`.
    pub(crate) fn new(order: Order, end: Pfn, mut ranges: Vec<(PfnRange, ZoneAt)>) -> ZoneMap {
        ranges.sort_by_key(|(range, _)| (range.frames(), range.start()));
        let count = end.align_up(order).get() >> order.get();
        let mut whole = vec![NOT_ONE; count as usize];
        // Large ranges first, so that the smaller ones overwrite them.
        for &(range, zone) in ranges.iter().rev() {
            let touched = range.start().align_down(order).get() >> order.get();
            let end = range.end().align_up(order).get() >> order.get();
            for at in touched..end {
                let start = Pfn::new(at << order.get());
                let covered = range.covers(PfnRange::sized(start, order.frames()));
                whole[at as usize] = if covered { zone.0 + 1 } else { NOT_ONE };
            }
        }
        ZoneMap {
            order,
            whole,
            ranges,
        }
    }

    /// The zone of a frame; `None`: there is no memory there.
    #[inline]
    pub(crate) fn zone_of(&self, pfn: Pfn) -> Option<ZoneAt> {
        match *self.whole.get((pfn.get() >> self.order.get()) as usize)? {
            NOT_ONE => self
                .ranges
                .iter()
                .find(|(range, _)| range.contains(pfn))
                .map(|&(_, zone)| zone),
            zone => Some(ZoneAt(zone - 1)),
        }
    }
}

impl Mm {
    /// Builds what is derived from where the zones' memory is: the map from frame to zone, and
    /// each zone's neighbours.
    pub(crate) fn map_zones(&mut self) {
        let mut ranges = Vec::new();
        for (at, zone) in self.zones.iter().enumerate() {
            ranges.extend(zone.memory.iter().map(|&range| (range, ZoneAt(at as u16))));
        }
        let kinds = self.config.zones.len();
        let ids: Vec<ZoneId> = self.zones.iter().map(|zone| zone.id).collect();
        // What the descriptor of a frame says that is in a zone.
        let memmap = &self.memmap;
        let id = |pfn: Pfn, at: usize| memmap.zone_id(pfn, ids[at], at % kinds).ok();
        for (at, zone) in self.zones.iter_mut().enumerate() {
            let top = self.config.top_order;
            let (start, end) = (
                zone.span.start().align_down(top),
                zone.span.end().align_up(top),
            );
            let around = PfnRange::new(start, end).expect("a span does not run backward");
            let others = ranges
                .iter()
                .filter(|(range, owner)| id(range.start(), owner.index()) != id(range.start(), at));
            zone.foreign = others
                .map(|(range, _)| *range)
                .filter(|range| range.overlaps(around) && !zone.memory.contains(range))
                .collect();
        }
        let end = ranges
            .iter()
            .map(|(range, _)| range.end())
            .max()
            .unwrap_or_default();
        self.zone_map = ZoneMap::new(self.config.pageblock_order, end, ranges);
    }
}

/// Where all zones' memory is, ascending.
pub(crate) fn memory_map_of(zones: &[Zone]) -> Vec<MemRange> {
    let of_zone = |zone: &Zone| {
        let node = zone.id.node;
        let runs = zone.memory.iter();
        runs.map(|&range| MemRange { range, node })
            .collect::<Vec<_>>()
    };
    let mut memory: Vec<MemRange> = zones.iter().flat_map(of_zone).collect();
    memory.sort_by_key(|memory| memory.range);
    memory
}
