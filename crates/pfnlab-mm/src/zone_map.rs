//! Which zone a frame belongs to.

use alloc::vec;
use alloc::vec::Vec;

use pfnlab_model::{Order, Pfn, PfnRange};

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
#[derive(Debug)]
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
