//! How long the per-CPU lists may be.

use pfnlab_model::{Event, NodeId, Observer};

use crate::Mm;
use crate::alloc_flags::Mark;
use crate::zone::{Pageset, Zone};

/// The least `percpu_pagelist_high_fraction` (`MIN_PERCPU_PAGELIST_HIGH_FRACTION`).
const LEAST_FRACTION: u64 = 8;

/// The largest batch a fraction leads to (`PAGE_SHIFT * 8`).
const MOST_BATCH: u64 = 96;

/// Whether `percpu_pagelist_fraction` or `percpu_pagelist_high_fraction` may be this.
pub(crate) fn is_fraction(value: u64) -> bool {
    value == 0 || (LEAST_FRACTION..=u64::from(u32::MAX >> 1)).contains(&value)
}

impl Mm {
    /// How long the per-CPU lists may be, of every zone.
    pub(crate) fn set_pagesets(&mut self, observer: &mut impl Observer) {
        if self.profile.pcp.is_single() {
            self.set_single_pagesets(observer);
        } else {
            self.set_zone_pagesets(|_| true, 0, observer);
        }
    }

    /// The same of the zones with memory, as if every node had so many CPUs more. Only new
    /// watermarks reach the other zones, too.
    pub(crate) fn set_populated_pagesets(&mut self, more_cpus: u64, observer: &mut impl Observer) {
        if self.profile.pcp.is_single() {
            self.set_single_pagesets(observer);
        } else {
            self.set_zone_pagesets(Zone::is_populated, more_cpus, observer);
        }
    }

    /// Six batches, or a fraction of the zone (`pageset_set_high_and_batch`, up to 5.0).
    fn set_single_pagesets(&mut self, observer: &mut impl Observer) {
        let cap = self.profile.pcp.batch_cap();
        for zone in &mut self.zones {
            let part = zone
                .size()
                .checked_div(self.tunables.percpu_pagelist_fraction);
            let (high, batch) = match part {
                Some(high) => (high, (high / 4).clamp(1, MOST_BATCH)),
                None => {
                    let batch = batch(zone.size(), cap);
                    (6 * batch, batch.max(1))
                }
            };
            for pcp in &mut zone.pcps {
                pcp.set_limits(high as u32, high as u32, batch as u32, observer);
            }
        }
    }

    /// A share of the low watermark for every CPU of the node, or a fraction of the zone
    /// (`zone_set_pageset_high_and_batch`, since 6.1).
    fn set_zone_pagesets(
        &mut self,
        wanted: fn(&Zone) -> bool,
        more_cpus: u64,
        observer: &mut impl Observer,
    ) {
        let cap = self.profile.pcp.batch_cap();
        let online = |cpu: &&crate::mm::Cpu| cpu.online;
        let all_cpus = self.cpus.iter().filter(online).count() as u64;
        let nodes = &self.nodes;
        let real = |node: NodeId| nodes.get(node.index()).map_or(node, |node| node.real);
        for zone in self.zones.iter_mut().filter(|zone| wanted(zone)) {
            let on_node = self
                .cpus
                .iter()
                .filter(online)
                .filter(|cpu| real(cpu.node) == real(zone.id.node));
            let cpus = match on_node.count() as u64 + more_cpus {
                0 => all_cpus,
                some => some,
            };
            let batch = batch(zone.size(), cap).max(1);
            let share = |total: u64| (total / cpus.max(1)).max(4 * batch) as u32;
            let fraction = self.tunables.percpu_pagelist_high_fraction;
            let (least, most) = match zone.managed.checked_div(fraction) {
                Some(part) => (part, part),
                None if self.profile.pcp.has_range() => {
                    (zone.mark(Mark::Low), zone.managed / LEAST_FRACTION)
                }
                None => (zone.mark(Mark::Low), zone.mark(Mark::Low)),
            };
            let (high_min, high_max) = (share(least), share(most));
            let pageset = Pageset {
                high_min,
                high_max,
                batch: batch as u32,
            };
            if zone.pageset != pageset {
                zone.pageset = pageset;
                let (zone, batch) = (zone.id, pageset.batch);
                observer.event(Event::PagesetSet {
                    zone,
                    high_min,
                    high_max,
                    batch,
                });
            }
            for pcp in &mut zone.pcps {
                pcp.set_limits(high_min, high_max, batch as u32, observer);
            }
        }
    }
}

/// How many frames a per-CPU list moves at once: a 4096th of the zone, a quarter of `cap` at most,
/// made one less than a power of two so that lists do not fall into step (`zone_batchsize`). 0 for
/// a small zone: then it is 1, but six times that is 0.
fn batch(managed: u64, cap: u64) -> u64 {
    let quarter = ((managed / 1024).min(cap) / 4).max(1);
    let power = 1 << (quarter + quarter / 2).ilog2();
    power - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification (per-CPU lists, 4.2).
    #[test]
    fn batches() {
        for (managed, expected) in [(760_000, 63), (10_000, 1), (3840, 0), (262_144, 63)] {
            assert_eq!(batch(managed, 256), expected, "{managed} frames");
        }
        assert_eq!(batch(760_000, 128), 31);
    }
}
