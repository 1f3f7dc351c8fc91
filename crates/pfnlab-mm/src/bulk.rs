//! Many single frames at once (`alloc_pages_bulk`).

use pfnlab_model::{End, Event, Observer, Order, Pfn};

use crate::Mm;
use crate::alloc_flags::Mark;
use crate::profile::{Policy, Told, told};
use crate::rmqueue::Want;
use crate::walk::Asked;
use crate::watermark::Ask;
use crate::zonelist::Place;

/// Whether many frames can be asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkPolicy {
    /// Not yet (before 5.13).
    Unknown,
    /// From the per-CPU lists of one zone.
    PcpOnly,
}

impl Policy for BulkPolicy {
    const DECIDES: &'static str = "whether many frames can be asked for at once";

    fn told(self) -> Told {
        match self {
            BulkPolicy::Unknown => told("they cannot", "before __alloc_pages_bulk (5.13)"),
            BulkPolicy::PcpOnly => told(
                "they can, from the per-CPU lists of one zone",
                "__alloc_pages_bulk (5.13)",
            ),
        }
    }
}

impl BulkPolicy {
    pub(crate) fn is_known(self) -> bool {
        !matches!(self, BulkPolicy::Unknown)
    }
}

impl Mm {
    /// Fills `pages` from one zone's per-CPU list as far as it goes; the zone must stay above its
    /// low watermark with all of them gone (`alloc_pages_bulk`).
    pub(crate) fn bulk_from_pcp(
        &mut self,
        asked: &Asked<'_>,
        pages: &mut [Pfn],
        observer: &mut impl Observer,
    ) -> usize {
        let Asked {
            preferred, request, ..
        } = *asked;
        let flags = self.first_flags[asked.mt.index()];
        let one_node = self.nodes_online() == 1;
        let ask = Ask {
            order: Order::ZERO,
            gfp: request.gfp,
            flags,
            highest: usize::from(preferred.zone.kind),
        };
        let suits = |place: &Place| {
            let zone = &self.zones[place.zone.zone.index()];
            let mark = zone.mark(Mark::Low) + pages.len() as u64;
            match zone.watermark_fast(mark, ask) {
                Ok(()) => true,
                Err(why) => {
                    observer.event(Event::ZoneRefused {
                        zone: place.zone.id,
                        why,
                    });
                    false
                }
            }
        };
        let found = self
            .zonelist(asked.list)
            .allowed(preferred.at, asked.highest, asked.nodes)
            .take_while(|place| one_node || place.zone.id.node == preferred.zone.id.node)
            .find(suits);
        let Some(Place { zone, .. }) = found else {
            return 0;
        };
        let cpu = asked.request.cpu;
        let want = Want {
            order: Order::ZERO,
            mt: asked.mt,
            flags,
            cpu,
            cold: false,
        };
        let zone = &mut self.zones[zone.zone.index()];
        let list = zone.pcps[cpu.index()].list_for(Order::ZERO, asked.mt);
        let list = list.expect("single frames are cached");
        let mut got = 0;
        while got < pages.len()
            && let Some(block) =
                zone.pop_or_refill((list, End::Head), want, &mut self.blocks, observer)
        {
            zone.lent(block, observer);
            pages[got] = block.start();
            got += 1;
        }
        got
    }
}
