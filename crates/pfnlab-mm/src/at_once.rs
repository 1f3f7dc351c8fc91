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

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use pfnlab_model::{CpuId, Inspect, MachineSpec, NodeSpec, PageAllocator};

    use super::*;
    use crate::{Config, Profile};

    struct Tape(Vec<Event>);

    impl Observer for Tape {
        fn event(&mut self, event: Event) {
            self.0.push(event);
        }
    }

    /// The same requests with the short way and without: every outcome, every event and the state
    /// at the end. Memory fills up, is refused, and is freed again.
    #[test]
    fn at_once_is_as_at_length() {
        const MASKS: [Gfp; 4] = [
            Gfp::GFP_HIGHUSER_MOVABLE,
            Gfp::GFP_KERNEL,
            Gfp::GFP_ATOMIC,
            Gfp::GFP_NOWAIT,
        ];
        let ram = ["0x1000..32M".parse().expect("a range")];
        let node = NodeSpec {
            cpus: vec![0, 1],
            ram: ram.into(),
            ..NodeSpec::default()
        };
        let nodes = vec![node];
        let spec = MachineSpec {
            nodes,
            ..MachineSpec::default()
        };
        let machine = spec.build().expect("a small machine");
        let mut short_ways = 0;
        for profile in Profile::ALL {
            let boot = || Mm::boot(&machine, profile, &Config::X86_64).expect("it boots");
            let (mut short, mut long) = (boot(), boot());
            short_ways += u32::from(short.brief);
            long.brief = false;
            let mut held: Vec<Block> = Vec::new();
            // Numerical Recipes' generator; its upper bits will do.
            let mut random = 1_u32;
            let mut draw = |below: usize| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 16) as usize % below
            };
            for step in 0..12_000 {
                let (mut one, mut other) = (Tape(Vec::new()), Tape(Vec::new()));
                let cpu = CpuId(draw(2) as u16);
                // More and more for half of the time, then less and less.
                let asks = draw(4) > usize::from(step >= 6_000) * 2;
                if asks || held.is_empty() {
                    let order = Order::new([0, 0, 0, 2][draw(4)]).expect("an order");
                    let gfp = MASKS[draw(4)];
                    let request = Request {
                        order,
                        cpu,
                        ..Request::new(gfp)
                    };
                    let got = short.alloc(&request, &mut one);
                    assert_eq!(got, long.alloc(&request, &mut other), "step {step}");
                    held.extend(got);
                } else {
                    let block = held.swap_remove(draw(held.len()));
                    let freed = short.free(block, cpu, &mut one);
                    assert_eq!(freed, long.free(block, cpu, &mut other), "step {step}");
                }
                assert_eq!(one.0, other.0, "{} step {step}", profile.name());
            }
            assert!(Inspect::snapshot(&short) == Inspect::snapshot(&long));
        }
        assert!(short_ways > 0, "some generation takes the short way");
    }
}
