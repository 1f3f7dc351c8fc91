//! The limits that follow from how much memory there is: watermarks, reserves, list lengths.

use pfnlab_model::{Event, MemoryEvent, NodeId, Observer, Watermarks, ZoneKind};

use crate::Mm;
use crate::alloc_flags::Mark;
use crate::boost::mult_frac;
use crate::profile::{Policy, Told, told};
use crate::vmstat::normal_threshold;
use crate::zone::Zone;

/// How the min watermark of a movable zone is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MovableMin {
    /// It shares `min_free_kbytes` like any other (up to 6.1).
    Shared,
    /// It is 1/1024 of the zone, within 32 and 128 frames, and the others share alone (6.12).
    Capped,
}

impl Policy for MovableMin {
    const DECIDES: &'static str = "how the min watermark of a movable zone is found";

    fn told(self) -> Told {
        match self {
            MovableMin::Shared => told(
                "it has its share of min_free_kbytes, like any other",
                "__setup_per_zone_wmarks",
            ),
            MovableMin::Capped => told(
                "it is 1/1024 of the zone, 32 to 128 frames; the others share min_free_kbytes alone",
                "__setup_per_zone_wmarks",
            ),
        }
    }
}

impl MovableMin {
    fn is_capped(self, zone: &Zone) -> bool {
        let movable = zone.id.kind == ZoneKind::Movable && matches!(self, MovableMin::Capped);
        movable || zone.id.kind == ZoneKind::HighMem
    }
}

/// Whether zones without memory count when it is computed what one zone withholds from requests
/// that could go to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmptyZones {
    /// They do: they withhold, and from requests for them is withheld (up to 5.0).
    Counted,
    /// They withhold nothing (6.1, 6.12.y).
    LowerOpen,
    /// Nor is anything withheld from requests for them (6.12.0).
    BothOpen,
}

impl Policy for EmptyZones {
    const DECIDES: &'static str =
        "whether zones without memory count in what one withholds for another";

    fn told(self) -> Told {
        match self {
            EmptyZones::Counted => told(
                "they do: they withhold, and from requests for them is withheld",
                "setup_per_zone_lowmem_reserve",
            ),
            EmptyZones::LowerOpen => told("they withhold nothing", "setup_per_zone_lowmem_reserve"),
            EmptyZones::BothOpen => told(
                "they withhold nothing, and nothing is withheld from requests for them",
                "setup_per_zone_lowmem_reserve",
            ),
        }
    }
}

impl EmptyZones {
    fn is_open(self, lower: &Zone, upper: &Zone) -> bool {
        match self {
            EmptyZones::Counted => false,
            EmptyZones::LowerOpen => lower.size() == 0,
            EmptyZones::BothOpen => lower.size() == 0 || upper.size() == 0,
        }
    }
}

/// The most `min_free_kbytes` is computed to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MinFreeCap {
    /// 64 MiB (up to 5.0).
    Mib64,
    /// 256 MiB (since 6.1).
    Mib256,
}

impl Policy for MinFreeCap {
    const DECIDES: &'static str = "the most min_free_kbytes is computed to be";

    fn told(self) -> Told {
        match self {
            MinFreeCap::Mib64 => told("64 MiB", "init_per_zone_wmark_min"),
            MinFreeCap::Mib256 => told("256 MiB", "calculate_min_free_kbytes"),
        }
    }
}

/// Which zones huge pages need pageblocks kept free in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HugeZones {
    /// None: there are no huge pages that come by themselves (2.6.37).
    None,
    /// All with memory (up to 4.14).
    All,
    /// Those below the movable one: what is there can always be moved (since 5.0).
    BelowMovable,
}

impl Policy for HugeZones {
    const DECIDES: &'static str = "in which zones huge pages need pageblocks kept free";

    fn told(self) -> Told {
        match self {
            HugeZones::None => told(
                "none: there are no transparent huge pages",
                "2.6.37 has none",
            ),
            HugeZones::All => told("all with memory", "set_recommended_min_free_kbytes"),
            HugeZones::BelowMovable => told(
                "those below the movable one",
                "set_recommended_min_free_kbytes",
            ),
        }
    }
}

/// What a zone has above its high watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promo {
    /// Nothing (up to 5.0).
    None,
    /// A mark above which pages may be promoted (since 6.1).
    Marked,
}

impl Policy for Promo {
    const DECIDES: &'static str = "what a zone has above its high watermark";

    fn told(self) -> Told {
        match self {
            Promo::None => told("nothing", "WMARK_HIGH"),
            Promo::Marked => told("a mark above which pages may be promoted", "WMARK_PROMO"),
        }
    }
}

/// What a boost in force means for watermarks that are computed anew. It is over in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoostedMarks {
    /// It is taken into the low and the high one (5.0).
    Kept,
    /// Nothing.
    Dropped,
}

impl Policy for BoostedMarks {
    const DECIDES: &'static str = "what a boost in force means for new watermarks";

    fn told(self) -> Told {
        match self {
            BoostedMarks::Kept => told(
                "it is taken into the low and the high one",
                "__setup_per_zone_wmarks (5.0)",
            ),
            BoostedMarks::Dropped => told("nothing", "__setup_per_zone_wmarks"),
        }
    }
}

/// How far the watermarks of a zone are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkDistance {
    /// A quarter of its share of `min_free_kbytes` (up to 4.5).
    Quarter,
    /// That, or `watermark_scale_factor` of the zone if it is more (since 4.6).
    Scaled,
}

impl Policy for MarkDistance {
    const DECIDES: &'static str = "how far the watermarks are apart";

    fn told(self) -> Told {
        match self {
            MarkDistance::Quarter => told(
                "a quarter of the zone's share of min_free_kbytes",
                "__setup_per_zone_wmarks",
            ),
            MarkDistance::Scaled => told(
                "that, or watermark_scale_factor of the zone if it is more",
                "__setup_per_zone_wmarks, watermark_scale_factor",
            ),
        }
    }
}

/// Of what it is noted how much no user can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TotalReserve {
    /// Of the machine (2.6.37).
    Machine,
    /// Of the machine, and of every zone, whose part may not be filled with dirty pages (3.8).
    MachineAndZones,
    /// Of the machine and of every node (since 4.8).
    Nodes,
}

impl Policy for TotalReserve {
    const DECIDES: &'static str = "of what it is noted how much no user can have";

    fn told(self) -> Told {
        match self {
            TotalReserve::Machine => told("of the machine", "totalreserve_pages"),
            TotalReserve::MachineAndZones => {
                told("of the machine, and of every zone", "dirty_balance_reserve")
            }
            TotalReserve::Nodes => told(
                "of the machine, and of every node",
                "totalreserve_pages of the node",
            ),
        }
    }
}

/// KiB in a frame, as a shift.
const KIB_SHIFT: u32 = 2;

impl Mm {
    /// All limits, in the order of boot (`init_per_zone_wmark_min`); huge pages follow.
    pub(crate) fn init_limits(&mut self) {
        let silent = &mut ();
        self.tunables.min_free_kbytes = self.calculate_min_free_kbytes();
        for zone in &mut self.zones {
            zone.boost_factor = self.tunables.watermark_boost_factor;
        }
        self.set_pagesets(silent);
        self.set_watermarks(silent);
        self.set_thresholds(silent);
        self.set_lowmem_reserves(silent);
    }

    /// The same when there is more memory, or less, and huge pages with it; or, if not `all`, the
    /// watermarks alone. What somebody wrote to `min_free_kbytes` stays if it is more.
    pub(crate) fn recompute_limits(&mut self, all: bool, observer: &mut impl Observer) {
        if !all {
            return self.set_watermarks(observer);
        }
        let kbytes = self.calculate_min_free_kbytes();
        let wrote = self.tunables.user_min_free_kbytes;
        let kbytes = wrote.map_or(kbytes, |wrote| wrote.max(kbytes));
        self.set_min_free(kbytes, observer);
        self.set_watermarks(observer);
        self.set_thresholds(observer);
        self.set_lowmem_reserves(observer);
        if let Some(raised) = self.min_free_for_huge_pages() {
            self.set_min_free(raised, observer);
            self.set_watermarks(observer);
        }
    }

    fn set_min_free(&mut self, kbytes: u64, observer: &mut impl Observer) {
        if self.tunables.min_free_kbytes != kbytes {
            self.tunables.min_free_kbytes = kbytes;
            observer.event(Event::Memory(MemoryEvent::MinFreeSet { kbytes }));
        }
    }

    /// Raises `min_free_kbytes` for huge pages, and the watermarks with it
    /// (`set_recommended_min_free_kbytes`).
    pub(crate) fn raise_for_huge_pages(&mut self) {
        if let Some(raised) = self.min_free_for_huge_pages() {
            self.tunables.min_free_kbytes = raised;
            self.set_watermarks(&mut ());
        }
    }

    /// The square root of 16 times the memory ordinary requests can have, in KiB
    /// (`calculate_min_free_kbytes`).
    fn calculate_min_free_kbytes(&self) -> u64 {
        let kib = self.free_buffer_frames() << KIB_SHIFT;
        let most = match self.profile.min_free_cap {
            MinFreeCap::Mib64 => 65_536,
            MinFreeCap::Mib256 => 262_144,
        };
        (kib * 16).isqrt().clamp(128, most)
    }

    /// Frames above the high watermarks that CPU 0 can have for ordinary requests
    /// (`nr_free_buffer_pages`).
    fn free_buffer_frames(&self) -> u64 {
        let highest = self
            .config
            .zone_index(ZoneKind::Normal)
            .expect("every kernel has Normal");
        let list = &self.nodes[self.cpus[0].node.index()].zonelists[0];
        list.zones()
            .iter()
            .filter(|entry| usize::from(entry.kind) <= highest)
            .map(|entry| &self.zones[entry.zone.index()])
            .map(|zone| zone.size().saturating_sub(zone.watermarks.high))
            .sum()
    }

    /// What huge pages need kept free so that types rarely mix, in KiB, if that is more
    /// (`set_recommended_min_free_kbytes`). Machines below 512 MiB start without huge pages.
    fn min_free_for_huge_pages(&self) -> Option<u64> {
        const TYPES: u64 = 3;
        if !self.config.transparent_hugepage || self.totalram < 512 << (20 - 12) {
            return None;
        }
        let policy = self.profile.huge_zones;
        let counts = |zone: &&Zone| {
            zone.is_populated()
                && match policy {
                    HugeZones::None => false,
                    HugeZones::All => true,
                    HugeZones::BelowMovable => zone.id.kind != ZoneKind::Movable,
                }
        };
        let zones = self.zones.iter().filter(counts).count() as u64;
        let frames = self.config.pageblock_order.frames() * zones * (2 + TYPES * TYPES);
        let kib = frames.min(self.free_buffer_frames() / 20) << KIB_SHIFT;
        (kib > self.tunables.min_free_kbytes).then_some(kib)
    }

    /// Shares `min_free_kbytes` among the zones (`__setup_per_zone_wmarks`).
    pub(crate) fn set_watermarks(&mut self, observer: &mut impl Observer) {
        let frames_min = self.tunables.min_free_kbytes >> KIB_SHIFT;
        let policy = self.profile.movable_min;
        let sharing = self.zones.iter().filter(|zone| !policy.is_capped(zone));
        let all: u64 = sharing.map(Zone::size).sum();
        for zone in &mut self.zones {
            let share =
                (u128::from(frames_min) * u128::from(zone.size()) / u128::from(all.max(1))) as u64;
            let min = if policy.is_capped(zone) {
                (zone.size() / 1024).clamp(32, 128)
            } else {
                share
            };
            let scale = self.tunables.watermark_scale_factor;
            let (to_low, to_high) = match self.profile.mark_distance {
                MarkDistance::Quarter => (share >> 2, share >> 1),
                MarkDistance::Scaled => {
                    let distance = (share >> 2).max(mult_frac(zone.size(), scale, 10_000));
                    (distance, 2 * distance)
                }
            };
            let base = match self.profile.boosted_marks {
                BoostedMarks::Kept => min + zone.boost,
                BoostedMarks::Dropped => min,
            };
            let marks = Watermarks {
                min,
                low: base + to_low,
                high: base + to_high,
                promo: match self.profile.promo {
                    Promo::None => 0,
                    Promo::Marked => base + to_low + to_high,
                },
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
        for zone in &mut self.zones {
            zone.rebuild_kept(&mut self.blocks, observer);
        }
        if !self.profile.pcp.is_single() {
            self.set_pagesets(observer);
        }
        self.set_totalreserve(observer);
    }

    /// What a zone withholds from requests that could go higher
    /// (`setup_per_zone_lowmem_reserve`).
    pub(crate) fn set_lowmem_reserves(&mut self, observer: &mut impl Observer) {
        let kinds = self.config.zones.len();
        let policy = self.profile.empty_zones;
        for node in self.zones.chunks_mut(kinds) {
            for lower in 0..kinds {
                let ratio = self.tunables.lowmem_reserve_ratio[lower];
                let mut above = 0;
                for upper in lower + 1..kinds {
                    above += node[upper].size();
                    let nothing = ratio == 0 || policy.is_open(&node[lower], &node[upper]);
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
            (withheld + zone.watermarks.high + zone.boost).min(zone.size())
        };
        let policy = self.profile.total_reserve;
        if policy == TotalReserve::MachineAndZones {
            for zone in &mut self.zones {
                let frames = reserve(zone);
                if zone.dirty_balance_reserve != frames {
                    zone.dirty_balance_reserve = frames;
                    let zone = zone.id;
                    observer.event(Event::DirtyReserveSet { zone, frames });
                }
            }
        }
        let mut all = 0;
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let frames = self.zones[at * kinds..(at + 1) * kinds]
                .iter()
                .map(reserve)
                .sum();
            all += frames;
            if policy == TotalReserve::Nodes && node.totalreserve != frames {
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

    /// How far a CPU's difference may grow (`refresh_zone_stat_thresholds`).
    pub(crate) fn set_thresholds(&mut self, observer: &mut impl Observer) {
        let online = self.cpus.iter().filter(|cpu| cpu.online).count() as u64;
        for zone in self.zones.iter_mut().filter(|zone| zone.is_populated()) {
            let threshold = normal_threshold(online, zone.size());
            for (pcp, cpu) in zone.pcps.iter_mut().zip(&self.cpus) {
                if cpu.online {
                    pcp.set_threshold(threshold, observer);
                }
            }
            let drift = online * u64::from(threshold);
            if drift > zone.watermarks.low - zone.watermarks.min {
                zone.set_drift_mark(zone.mark(Mark::High) + drift, observer);
            }
        }
    }
}
