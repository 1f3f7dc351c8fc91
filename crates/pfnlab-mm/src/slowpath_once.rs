//! The slow path up to 3.8: one walk down to the min mark, and one more for those who may have
//! everything.

use pfnlab_model::{AllocError, Block, Event, Gfp, Observer, Order, Refusal};

use crate::Mm;
use crate::alloc_flags::AllocFlags;
use crate::rmqueue::Want;
use crate::walk::Asked;

impl Mm {
    /// What is tried when the low watermark stands in the way.
    ///
    /// Requests that may wait are treated as though there were nothing to reclaim and nothing to
    /// compact. Those that want nothing but memory of their node, and nobody to be bothered
    /// (`GFP_THISNODE`), end here.
    ///
    /// # Errors
    /// When every attempt fails.
    #[cold]
    pub(crate) fn slowpath_once(
        &mut self,
        asked: &Asked<'_>,
        observer: &mut impl Observer,
    ) -> Result<Block, AllocError> {
        let (gfp, order) = (asked.request.gfp, asked.request.order);
        if gfp.contains(Gfp::THISNODE | Gfp::NOWARN | Gfp::NORETRY) {
            return Err(AllocError::Watermark(order));
        }
        self.wake_kswapds(asked, observer);
        let flags = AllocFlags::slow(gfp, order > Order::ZERO, self.profile.reserves)
            .with(self.cma_flag(asked.mt));
        let everything = flags.any(AllocFlags::NO_WATERMARKS);
        self.walk(asked, flags.without(AllocFlags::NO_WATERMARKS), observer)
            .or_else(|error| match everything {
                true => self.walk_without_marks(asked, flags, observer).ok_or(error),
                false => Err(error),
            })
    }

    /// Asks without any watermark. The list is that of the CPU's own node, whatever node was
    /// named (`__alloc_pages_high_priority`, 3.8); the preferred zone stays the one it was.
    fn walk_without_marks(
        &mut self,
        asked: &Asked<'_>,
        flags: AllocFlags,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        let cpu = asked.request.cpu;
        let list = (self.cpus[cpu.index()].node.index(), asked.list.1);
        let mut place = self.zonelist(list).next(0, asked.highest, asked.nodes)?;
        let want = Want {
            order: asked.request.order,
            mt: asked.mt,
            flags,
            cpu,
            cold: asked.request.gfp.contains(Gfp::COLD),
        };
        observer.event(Event::WalkStarted {
            preferred: place.zone.id,
            alloc_flags: self.profile.flag_bits.of(flags),
        });
        loop {
            let zone = &mut self.zones[place.zone.zone.index()];
            if let Some(block) = zone.take(want, &mut self.blocks, observer) {
                zone.lent(block, observer);
                self.count_numa(asked, place.zone, observer);
                return Some(block);
            }
            let (zone, why) = (place.zone.id, Refusal::NothingFound);
            observer.event(Event::ZoneRefused { zone, why });
            self.note_full(list, place.at, observer);
            place = self
                .zonelist(list)
                .next(place.at + 1, asked.highest, asked.nodes)?;
        }
    }
}
