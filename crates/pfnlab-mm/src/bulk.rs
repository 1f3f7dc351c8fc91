//! Many single frames at once (`alloc_pages_bulk`).

use pfnlab_model::{Event, Observer, Order, Pfn};

use crate::Mm;
use crate::alloc_flags::{AllocFlags, Mark};
use crate::rmqueue::Want;
use crate::walk::Asked;
use crate::watermark::Ask;

impl Mm {
    /// Fills `pages` from one zone's per-CPU list as far as it goes; the zone must stay above its
    /// low watermark with all of them gone (`alloc_pages_bulk`).
    pub(crate) fn bulk_from_pcp(
        &mut self,
        asked: &Asked<'_>,
        pages: &mut [Pfn],
        observer: &mut impl Observer,
    ) -> usize {
        let preferred = self.zone_ref(asked, asked.preferred);
        let mut next = Some(asked.preferred);
        let zone = loop {
            let Some(at) = next else { return 0 };
            let entry = self.zone_ref(asked, at);
            if entry.id.node != preferred.id.node && self.nodes_online() > 1 {
                return 0;
            }
            let zone = &self.zones[entry.zone.index()];
            let mark = zone.mark(Mark::Low) + pages.len() as u64;
            let ask = Ask {
                order: Order::ZERO,
                gfp: asked.request.gfp,
                flags: AllocFlags::LOW,
                highest: usize::from(preferred.kind),
            };
            match zone.watermark_fast(mark, ask) {
                Ok(()) => break entry.zone.index(),
                Err(why) => observer.event(Event::ZoneRefused {
                    zone: entry.id,
                    why,
                }),
            }
            next = self
                .zonelist(asked.list)
                .next(at + 1, asked.highest, asked.nodes);
        };
        let cpu = asked.request.cpu;
        let want = Want {
            order: Order::ZERO,
            mt: asked.mt,
            flags: AllocFlags::LOW,
            cpu,
        };
        let zone = &mut self.zones[zone];
        let list = zone.pcps[cpu.index()].list_for(Order::ZERO, asked.mt);
        let list = list.expect("single frames are cached");
        let mut got = 0;
        while got < pages.len()
            && let Some(block) = zone.pop_or_refill(list, want, &mut self.blocks, observer)
        {
            zone.lend(block, observer);
            pages[got] = block.start();
            got += 1;
        }
        got
    }
}
