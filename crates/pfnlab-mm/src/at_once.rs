//! A frame at once: the way nearly every request goes.
//!
//! When the first zone has plenty and the CPU's list holds a frame, nothing else is asked. All is
//! looked at before anything changes, so what cannot be served here is asked anew, at length. The
//! outcome and the events are the same either way.

use pfnlab_model::{Block, End, Event, Gfp, Observer, Order, Request, ZoneFlags};

use crate::alloc_flags::Mark;
use crate::{Mm, gfp_zone};

impl Mm {
    /// Serves a request for one frame from a per-CPU list. `None`: there is more to it, and
    /// nothing happened.
    #[inline(always)]
    pub(crate) fn at_once(
        &mut self,
        request: &Request,
        observer: &mut impl Observer,
    ) -> Option<Block> {
        if !self.brief || request.order != Order::ZERO || request.nodes.is_some() {
            return None;
        }
        let gfp = request.gfp;
        let highest = self.gfp_zones.highest(gfp)?;
        let mt = gfp_zone::migratetype(gfp, self.mobility_disabled)?;
        let cpu = request.cpu.index();
        let on = self.cpus.get(cpu).filter(|on| on.online)?;
        let node = self.nodes.get(request.node.unwrap_or(on.node).index())?;
        let list = &node.zonelists[usize::from(gfp.contains(Gfp::THISNODE))];
        let place = list.first(highest, None)?.zone;
        let flags = self.first_flags(gfp, mt, place);

        let zone = &mut self.zones[place.zone.index()];
        let pcp = zone.pcps.get(cpu)?;
        let list = pcp.page_list(mt);
        let mark = self.profile.walk.first_mark(Mark::Low);
        let in_doubt = zone.flags.contains(ZoneFlags::BELOW_HIGH);
        let boosted = zone.flags.contains(ZoneFlags::BOOSTED);
        if in_doubt || boosted || pcp.is_empty(list) || !zone.has_plenty(mark, highest) {
            return None;
        }

        observer.event(Event::WalkStarted {
            preferred: place.id,
            alloc_flags: self.profile.flag_bits.of(flags),
        });
        let pcp = &mut zone.pcps[cpu];
        pcp.on_alloc(observer);
        let block = pcp.lend(
            &mut zone.buddy.frames,
            list,
            Order::ZERO,
            End::Head,
            observer,
        )?;
        zone.lent(block, observer);
        Some(block)
    }
}
