//! The limits that follow from how much memory there is: watermarks, reserves, list lengths.

use alloc::vec::Vec;

use pfnlab_model::{Event, NodeId, Observer, Sysctl, Watermarks, ZoneKind};

use crate::Mm;
use crate::rmqueue::mult_frac;
use crate::vmstat::normal_threshold;
use crate::zone::{Pageset, Zone};

/// How the min watermark of a movable zone is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovableMin {
    /// It shares `min_free_kbytes` like any other (up to 6.1).
    Shared,
    /// It is 1/1024 of the zone, within 32 and 128 frames, and the others share alone (6.12).
    Capped,
}

impl MovableMin {
    fn is_capped(self, zone: &Zone) -> bool {
        let movable = zone.id.kind == ZoneKind::Movable && matches!(self, MovableMin::Capped);
        movable || zone.id.kind == ZoneKind::HighMem
    }
}

/// Whether memory is withheld from requests for a zone that has none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmptyUpper {
    /// It is: they end up here all the same.
    Withheld,
    /// It is not (6.12.0).
    Open,
}

impl EmptyUpper {
    fn is_open(self, upper: &Zone) -> bool {
        matches!(self, EmptyUpper::Open) && upper.managed == 0
    }
}

/// What can be written to `/proc/sys/vm`.
#[derive(Clone, Debug)]
pub(crate) struct Tunables {
    pub(crate) min_free_kbytes: u64,
    pub(crate) user_min_free_kbytes: Option<u64>,
    pub(crate) watermark_scale_factor: u64,
    pub(crate) watermark_boost_factor: u64,
    pub(crate) percpu_pagelist_high_fraction: u64,
    /// By zone index.
    pub(crate) lowmem_reserve_ratio: Vec<u64>,
}

impl Tunables {
    /// What they are before anybody writes.
    pub(crate) fn defaults(zones: &[ZoneKind]) -> Tunables {
        let ratio = |kind: &ZoneKind| match kind {
            ZoneKind::Dma | ZoneKind::Dma32 => 256,
            ZoneKind::Normal => 32,
            _ => 0,
        };
        Tunables {
            min_free_kbytes: 0,
            user_min_free_kbytes: None,
            watermark_scale_factor: 10,
            watermark_boost_factor: 15_000,
            percpu_pagelist_high_fraction: 0,
            lowmem_reserve_ratio: zones.iter().map(ratio).collect(),
        }
    }
}

/// KiB in a frame, as a shift.
const KIB_SHIFT: u32 = 2;
/// The least `percpu_pagelist_high_fraction` (`MIN_PERCPU_PAGELIST_HIGH_FRACTION`).
const LEAST_FRACTION: u64 = 8;

impl Mm {
    /// All limits, in the order of boot (`init_per_zone_wmark_min`, then huge pages).
    pub(crate) fn init_limits(&mut self) {
        let silent = &mut ();
        self.tunables.min_free_kbytes = self.calculate_min_free_kbytes();
        for zone in &mut self.zones {
            zone.boost_factor = self.tunables.watermark_boost_factor;
        }
        self.set_watermarks(silent);
        self.set_thresholds();
        self.set_lowmem_reserves(silent);
        if let Some(raised) = self.min_free_for_huge_pages() {
            self.tunables.min_free_kbytes = raised;
            self.set_watermarks(silent);
        }
    }

    /// The square root of 16 times the memory ordinary requests can have, in KiB
    /// (`calculate_min_free_kbytes`).
    fn calculate_min_free_kbytes(&self) -> u64 {
        let kib = self.free_buffer_frames() << KIB_SHIFT;
        (kib * 16).isqrt().clamp(128, 262_144)
    }

    /// Frames above the high watermarks that CPU 0 can have for ordinary requests
    /// (`nr_free_buffer_pages`).
    fn free_buffer_frames(&self) -> u64 {
        let highest = self
            .config
            .zone_index(ZoneKind::Normal)
            .expect("every kernel has Normal");
        let list = &self.nodes[self.cpus[0].node.index()].zonelists[0].0;
        list.iter()
            .filter(|entry| usize::from(entry.kind) <= highest)
            .map(|entry| &self.zones[entry.zone.index()])
            .map(|zone| zone.managed.saturating_sub(zone.watermarks.high))
            .sum()
    }

    /// What huge pages need kept free so that types rarely mix
    /// (`set_recommended_min_free_kbytes`), if that is more. Machines below 512 MiB start without
    /// huge pages.
    fn min_free_for_huge_pages(&self) -> Option<u64> {
        const TYPES: u64 = 3;
        if !self.config.transparent_hugepage || self.totalram < 512 << (20 - 12) {
            return None;
        }
        let ordinary = |zone: &&Zone| zone.is_populated() && zone.id.kind != ZoneKind::Movable;
        let zones = self.zones.iter().filter(ordinary).count() as u64;
        let frames = self.config.pageblock_order.frames() * zones * (2 + TYPES * TYPES);
        let kib = frames.min(self.free_buffer_frames() / 20) << KIB_SHIFT;
        (kib > self.tunables.min_free_kbytes).then_some(kib)
    }

    /// Shares `min_free_kbytes` among the zones (`__setup_per_zone_wmarks`).
    fn set_watermarks(&mut self, observer: &mut impl Observer) {
        let frames_min = self.tunables.min_free_kbytes >> KIB_SHIFT;
        let policy = self.profile.movable_min;
        let sharing = self.zones.iter().filter(|zone| !policy.is_capped(zone));
        let all: u64 = sharing.map(|zone| zone.managed).sum();
        for zone in &mut self.zones {
            let share =
                (u128::from(frames_min) * u128::from(zone.managed) / u128::from(all.max(1))) as u64;
            let min = if policy.is_capped(zone) {
                (zone.managed / 1024).clamp(32, 128)
            } else {
                share
            };
            let scaled = mult_frac(zone.managed, self.tunables.watermark_scale_factor, 10_000);
            let distance = (share >> 2).max(scaled);
            let marks = Watermarks {
                min,
                low: min + distance,
                high: min + 2 * distance,
                promo: min + 3 * distance,
            };
            zone.set_boost(0, observer);
            if zone.watermarks != marks {
                zone.watermarks = marks;
                observer.event(Event::WatermarksSet {
                    zone: zone.id,
                    marks,
                });
            }
        }
        self.set_pagesets(observer);
        self.set_totalreserve(observer);
    }

    /// What a zone withholds from requests that could go higher
    /// (`setup_per_zone_lowmem_reserve`).
    fn set_lowmem_reserves(&mut self, observer: &mut impl Observer) {
        let kinds = self.config.zones.len();
        let empty_upper = self.profile.empty_upper;
        for node in self.zones.chunks_mut(kinds) {
            for lower in 0..kinds {
                let ratio = self.tunables.lowmem_reserve_ratio[lower];
                let mut above = 0;
                for upper in lower + 1..kinds {
                    above += node[upper].managed;
                    let nothing =
                        ratio == 0 || node[lower].managed == 0 || empty_upper.is_open(&node[upper]);
                    let withheld = if nothing { 0 } else { above / ratio };
                    if node[lower].lowmem_reserve[upper] != withheld {
                        node[lower].lowmem_reserve[upper] = withheld;
                        let (zone, highest) = (node[lower].id, node[upper].id.kind);
                        observer.event(Event::LowmemReserveSet {
                            zone,
                            highest,
                            frames: withheld,
                        });
                    }
                }
            }
        }
        self.set_totalreserve(observer);
    }

    /// Frames no user can have: what is withheld and the high watermark, zone by zone
    /// (`calculate_totalreserve_pages`).
    fn set_totalreserve(&mut self, observer: &mut impl Observer) {
        let kinds = self.config.zones.len();
        let reserve = |zone: &Zone| {
            let withheld = zone.lowmem_reserve.iter().max().copied().unwrap_or(0);
            (withheld + zone.watermarks.high + zone.boost).min(zone.managed)
        };
        let mut all = 0;
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let frames = self.zones[at * kinds..(at + 1) * kinds]
                .iter()
                .map(reserve)
                .sum();
            all += frames;
            if node.totalreserve != frames {
                node.totalreserve = frames;
                let node = Some(NodeId(at as u16));
                observer.event(Event::TotalReserveSet { node, frames });
            }
        }
        if self.totalreserve != all {
            self.totalreserve = all;
            observer.event(Event::TotalReserveSet {
                node: None,
                frames: all,
            });
        }
    }

    /// How long the per-CPU lists may be (`zone_set_pageset_high_and_batch`).
    fn set_pagesets(&mut self, observer: &mut impl Observer) {
        let online = |cpu: &&crate::mm::Cpu| cpu.online;
        let all_cpus = self.cpus.iter().filter(online).count() as u64;
        let nodes = &self.nodes;
        let real = |node: NodeId| nodes.get(node.index()).map_or(node, |node| node.real);
        for zone in &mut self.zones {
            let on_node = self
                .cpus
                .iter()
                .filter(online)
                .filter(|cpu| real(cpu.node) == real(zone.id.node));
            let cpus = match on_node.count() as u64 {
                0 => all_cpus,
                some => some,
            };
            let batch = batch(zone.managed);
            let share = |total: u64| (total / cpus.max(1)).max(4 * batch) as u32;
            let fraction = self.tunables.percpu_pagelist_high_fraction;
            let (least, most) = match zone.managed.checked_div(fraction) {
                Some(part) => (part, part),
                None if self.profile.pcp.has_range() => {
                    (zone.watermarks.low, zone.managed / LEAST_FRACTION)
                }
                None => (zone.watermarks.low, zone.watermarks.low),
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

    /// How far a CPU's difference may grow (`refresh_zone_stat_thresholds`).
    fn set_thresholds(&mut self) {
        let online = self.cpus.iter().filter(|cpu| cpu.online).count() as u64;
        for zone in self.zones.iter_mut().filter(|zone| zone.is_populated()) {
            let threshold = normal_threshold(online, zone.managed);
            for (pcp, cpu) in zone.pcps.iter_mut().zip(&self.cpus) {
                if cpu.online {
                    pcp.stat_threshold = threshold;
                }
            }
            let drift = online * u64::from(threshold);
            if drift > zone.watermarks.low - zone.watermarks.min {
                zone.percpu_drift_mark = zone.watermarks.high + drift;
            }
        }
    }

    /// Writes a tunable; everything that follows from it is computed anew.
    ///
    /// # Errors
    /// When the kernel would refuse the value.
    pub(crate) fn write_tunable(
        &mut self,
        sysctl: Sysctl,
        value: u64,
        observer: &mut impl Observer,
    ) -> Result<(), (Sysctl, u64)> {
        let most = u64::from(u32::MAX >> 1);
        let ratio = match sysctl.reserve_ratio_of() {
            Some(kind) => Some(self.config.zone_index(kind).ok_or((sysctl, value))?),
            None => None,
        };
        let legal = match sysctl {
            Sysctl::WatermarkScaleFactor => (1..=3000).contains(&value),
            Sysctl::PercpuPagelistHighFraction => {
                value == 0 || (LEAST_FRACTION..=most).contains(&value)
            }
            _ => value <= most,
        };
        if !legal {
            return Err((sysctl, value));
        }
        observer.event(Event::SysctlSet { sysctl, value });
        let tunables = &mut self.tunables;
        match (sysctl, ratio) {
            (_, Some(zone)) => {
                tunables.lowmem_reserve_ratio[zone] = value;
                self.set_lowmem_reserves(observer);
            }
            (Sysctl::MinFreeKbytes, None) => {
                tunables.min_free_kbytes = value;
                tunables.user_min_free_kbytes = Some(value);
                self.set_watermarks(observer);
            }
            (Sysctl::WatermarkScaleFactor, None) => {
                tunables.watermark_scale_factor = value;
                self.set_watermarks(observer);
            }
            (Sysctl::PercpuPagelistHighFraction, None) => {
                tunables.percpu_pagelist_high_fraction = value;
                self.set_pagesets(observer);
            }
            (_, None) => {
                tunables.watermark_boost_factor = value;
                for zone in &mut self.zones {
                    zone.boost_factor = value;
                }
            }
        }
        Ok(())
    }
}

/// How many frames a per-CPU list moves at once: a 4096th of the zone, 256 frames at most, made
/// one less than a power of two so that lists do not fall into step (`zone_batchsize`).
pub(crate) fn batch(managed: u64) -> u64 {
    /// 1 MiB.
    const CAP: u64 = 256;
    let quarter = ((managed / 1024).min(CAP) / 4).max(1);
    let power = 1 << (quarter + quarter / 2).ilog2();
    (power - 1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification (per-CPU lists, 4.2).
    #[test]
    fn batches() {
        for (managed, expected) in [(760_000, 63), (10_000, 1), (3840, 1), (262_144, 63)] {
            assert_eq!(batch(managed), expected, "{managed} frames");
        }
    }
}
