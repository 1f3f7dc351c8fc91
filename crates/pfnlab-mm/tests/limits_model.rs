//! The limits of whole machines against a model of the specification's formulas (alloc/07, 8.3), written
//! down a second time: at boot, when memory comes, when a CPU goes, when a tunable is written.

use std::collections::BTreeMap;

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    CpuId, Inspect, MachineSpec, MemoryOp, NodeId, NodeSpec, OnlineTo, PageAllocator, Pfn,
    PfnRange, Snapshot, Sysctl, ZoneId, ZoneKind, ZoneState,
};

/// min, low, high and promo.
type Marks = [u64; 4];
/// What is expected of a zone: its marks, its drift mark, the threshold of every CPU online.
type Limits = (Marks, u64, u8);

/// Ranges of memory of each node, how many CPUs, `movablecore=`.
type Spec = (
    &'static [&'static [&'static str]],
    u16,
    Option<&'static str>,
);

/// What a generation does, by its name.
struct Rules<'a> {
    name: &'a str,
    state: &'a Snapshot,
}

impl<'a> Rules<'a> {
    fn of(state: &'a Snapshot) -> Rules<'a> {
        let name = &state.profile;
        Rules { name, state }
    }

    fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.name.starts_with(name))
    }

    /// Up to 3.8.
    fn old(&self) -> bool {
        self.is(&["linux-2.6", "linux-3"])
    }

    fn frames(&self, zone: &ZoneState) -> u64 {
        if self.old() {
            zone.present
        } else {
            zone.managed
        }
    }

    fn populated(&self) -> impl Iterator<Item = &'a ZoneState> {
        self.state.zones.iter().filter(|zone| zone.present > 0)
    }

    /// Frames above the high marks of the zones that CPU 0 can have for ordinary requests.
    fn buffer(&self, high: impl Fn(ZoneId) -> u64) -> u64 {
        let node = self.state.cpus[0].node;
        let node = self
            .state
            .nodes
            .iter()
            .find(|state| state.node == node)
            .unwrap();
        let list = node
            .zonelist
            .iter()
            .filter(|zone| zone.kind != ZoneKind::Movable);
        let zone = |id: &ZoneId| self.state.zones.iter().find(|zone| zone.id == *id).unwrap();
        list.map(|id| self.frames(zone(id)).saturating_sub(high(*id)))
            .sum()
    }

    /// 7.1.
    fn min_free(&self, buffer: u64) -> u64 {
        let most = if self.is(&["linux-6"]) {
            262_144
        } else {
            65_536
        };
        (buffer * 4 * 16).isqrt().clamp(128, most)
    }

    /// 7.1.4: two pageblocks a zone, and one for every pair of types; machines below 512 MiB have no huge
    /// pages, and 2.6.37 has none at all. Since 5.0 movable zones do not count.
    fn for_huge_pages(&self, buffer: u64) -> u64 {
        if self.is(&["linux-2.6"]) || self.state.global.totalram_pages < 131_072 {
            return 0;
        }
        let all = self.is(&["linux-3", "linux-4"]);
        let zones = self
            .populated()
            .filter(|zone| all || zone.id.kind != ZoneKind::Movable);
        let frames = zones.count() as u64 * 512 * (2 + 9);
        frames.min(buffer / 20) * 4
    }

    /// 7.2.
    fn marks(&self, kbytes: u64) -> BTreeMap<ZoneId, Marks> {
        let scale = self.state.global.watermark_scale_factor;
        let special =
            |zone: &ZoneState| self.is(&["linux-6.12"]) && zone.id.kind == ZoneKind::Movable;
        let all: u64 = self
            .populated()
            .filter(|zone| !special(zone))
            .map(|zone| self.frames(zone))
            .sum();
        let marks = |zone: &ZoneState| {
            let frames = self.frames(zone);
            let share = kbytes / 4 * frames / all;
            let min = if special(zone) {
                (frames / 1024).clamp(32, 128)
            } else {
                share
            };
            if self.old() {
                return [min, min + share / 4, min + share / 2, 0];
            }
            let apart = (share / 4).max(frames / 10_000 * scale + frames % 10_000 * scale / 10_000);
            let promo = if self.is(&["linux-6"]) {
                min + 3 * apart
            } else {
                0
            };
            [min, min + apart, min + 2 * apart, promo]
        };
        self.populated()
            .map(|zone| (zone.id, marks(zone)))
            .collect()
    }

    /// 7.3.
    fn reserves(&self, zone: &ZoneState) -> Vec<u64> {
        let kinds = &self.state.global.zone_kinds;
        let at = |kind| kinds.iter().position(|&known| known == kind).unwrap();
        let lower = at(zone.id.kind);
        let node: Vec<&ZoneState> = self
            .state
            .zones
            .iter()
            .filter(|other| other.id.node == zone.id.node)
            .collect();
        let ratio = self
            .state
            .global
            .lowmem_reserve_ratio
            .get(lower)
            .copied()
            .unwrap_or(0);
        let mut reserves = vec![0; zone.lowmem_reserve.len()];
        for (upper, reserve) in reserves.iter_mut().enumerate().skip(lower + 1) {
            let above = node
                .iter()
                .filter(|other| (lower + 1..=upper).contains(&at(other.id.kind)));
            let above: u64 = above.map(|other| self.frames(other)).sum();
            let empty = node
                .iter()
                .any(|other| at(other.id.kind) == upper && other.managed == 0);
            if ratio > 0 && !(self.is(&["linux-6.12.0"]) && empty) {
                *reserve = above / ratio;
            }
        }
        reserves
    }

    /// 8.3.
    fn threshold(&self, zone: &ZoneState) -> u8 {
        let bits = |number: u64| u64::from(u64::BITS - number.leading_zeros());
        let online = self.state.cpus.iter().filter(|cpu| cpu.online).count() as u64;
        (2 * bits(online) * (1 + bits(self.frames(zone) / 32_768))).min(125) as u8
    }

    /// What a zone's marks and thresholds are after all is computed once. `high`: the marks before.
    fn limits(
        &self,
        high: impl Fn(ZoneId) -> u64,
        drift_before: impl Fn(ZoneId) -> u64,
    ) -> (u64, BTreeMap<ZoneId, Limits>) {
        let online = self.state.cpus.iter().filter(|cpu| cpu.online).count() as u64;
        let kbytes = self.min_free(self.buffer(high));
        let first = self.marks(kbytes);
        let buffer = self.buffer(|zone| first.get(&zone).map_or(0, |marks| marks[2]));
        let raised = kbytes.max(self.for_huge_pages(buffer));
        let last = self.marks(raised);
        let zone = |zone: &ZoneState| {
            let threshold = self.threshold(zone);
            let [min, low, high, _] = first[&zone.id];
            let drift = online * u64::from(threshold);
            let drift = if drift > low - min {
                high + drift
            } else {
                drift_before(zone.id)
            };
            (zone.id, (last[&zone.id], drift, threshold))
        };
        (raised, self.populated().map(zone).collect())
    }

    #[track_caller]
    fn check(&self, (kbytes, limits): &(u64, BTreeMap<ZoneId, Limits>), when: &str) {
        let name = format!("{}, {when}", self.name);
        assert_eq!(self.state.global.min_free_kbytes, *kbytes, "{name}");
        let mut total = 0;
        for zone in self.populated() {
            let name = format!("{name}, {}", zone.id);
            let marks = zone.watermarks;
            let threshold = zone.pcp[0].stat_threshold;
            let got = (
                [marks.min, marks.low, marks.high, marks.promo],
                zone.percpu_drift_mark,
                threshold,
            );
            assert_eq!(got, limits[&zone.id], "{name}");
            let reserves = self.reserves(zone);
            assert_eq!(zone.lowmem_reserve, reserves, "{name}");
            // 7.4.
            let reserve = (reserves.iter().max().unwrap() + marks.high).min(self.frames(zone));
            if self.is(&["linux-3"]) {
                assert_eq!(zone.dirty_balance_reserve, reserve, "{name}");
            }
            total += reserve;
        }
        assert_eq!(self.state.global.totalreserve_pages, total, "{name}");
    }
}

fn boot(nodes: &[&[&str]], cpus: u16, movablecore: Option<&str>, profile: &'static Profile) -> Mm {
    let node = |(at, ram): (usize, &&[&str])| NodeSpec {
        cpus: if at == 0 {
            (0..cpus).collect()
        } else {
            Vec::new()
        },
        ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: nodes.iter().enumerate().map(node).collect(),
        movablecore: movablecore.map(str::to_owned),
        ..MachineSpec::default()
    };
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap()
}

fn nothing(_: ZoneId) -> u64 {
    0
}

#[test]
fn booted_machines_have_the_limits_of_the_formulas() {
    let machines: [Spec; 6] = [
        (&[&["64K..200M"]], 1, None),
        // 128 MiB of the lowest zone, and a few frames more and less than 512 MiB in all.
        (&[&["0..511M"]], 2, None),
        (&[&["0..560M"]], 4, None),
        (&[&["0..3G", "4G..5G"], &["5G..7G"]], 4, None),
        (&[&["0..3G"], &["4G..5G"]], 16, Some("1G")),
        (&[&["4K..1G"]], 3, Some("600M")),
    ];
    for profile in Profile::ALL {
        for (nodes, cpus, movablecore) in machines {
            let mm = boot(nodes, cpus, movablecore, profile);
            let state = mm.snapshot();
            let rules = Rules::of(&state);
            rules.check(&rules.limits(nothing, nothing), &format!("{nodes:?}"));
        }
    }
}

/// Differences that just fit between the low and the min mark deceive nobody.
#[test]
fn differences_that_fit_need_no_drift_mark() {
    for profile in Profile::ALL {
        let mm = boot(&[&["16M..25984K"]], 4, None, profile);
        let state = mm.snapshot();
        let zone = state.zones.iter().find(|zone| zone.present > 0).unwrap();
        let marks = zone.watermarks;
        let name = profile.name();
        assert_eq!(
            marks.low - marks.min,
            4 * u64::from(zone.pcp[0].stat_threshold),
            "{name}"
        );
        assert_eq!(zone.percpu_drift_mark, 0, "{name}");
    }
}

/// A machine of exactly 512 MiB has huge pages, one with a frame less has none.
#[test]
fn huge_pages_begin_at_512_mib() {
    for profile in Profile::ALL {
        let total = |frames: u64| {
            let ram = format!("4K..{}K", frames * 4);
            boot(&[&[&ram]], 1, None, profile).snapshot()
        };
        let mut frames = 131_072;
        while total(frames).global.totalram_pages != 131_072 {
            frames += 131_072 - total(frames).global.totalram_pages;
        }
        for frames in [frames, frames - 1] {
            let state = total(frames);
            let rules = Rules::of(&state);
            rules.check(&rules.limits(nothing, nothing), &format!("{frames} frames"));
        }
    }
}

/// Memory comes to a zone, to a new zone, to a new node. The high marks of before are taken off when
/// `min_free_kbytes` is computed anew.
#[test]
fn limits_follow_memory() {
    const SECTION: u64 = 1 << 15;
    let since_4_14 = &Profile::ALL[2..];
    for &profile in since_4_14 {
        let mut mm = boot(&[&["4K..1G"], &[]], 2, None, profile);
        let steps = [
            (40, 0, OnlineTo::Kernel),
            (50, 0, OnlineTo::Movable),
            (60, 1, OnlineTo::Kernel),
        ];
        for (section, node, to) in steps {
            let before = mm.snapshot();
            let of = |what: fn(&ZoneState) -> u64| {
                let zones = before.zones.iter().map(move |zone| (zone.id, what(zone)));
                let known: BTreeMap<ZoneId, u64> = zones.collect();
                move |zone: ZoneId| known.get(&zone).copied().unwrap_or(0)
            };
            let range = PfnRange::sized(Pfn::new(section * SECTION), SECTION);
            let add = MemoryOp::Add {
                range,
                node: NodeId(node),
            };
            let online = MemoryOp::Online {
                range,
                to,
                cpu: CpuId(0),
            };
            for op in [add, online] {
                mm.memory(&op, PfnRange::default(), &mut (), &mut ())
                    .unwrap();
            }
            let state = mm.snapshot();
            let rules = Rules::of(&state);
            let limits = rules.limits(
                of(|zone| zone.watermarks.high),
                of(|zone| zone.percpu_drift_mark),
            );
            rules.check(&limits, &format!("section {section}"));
        }
    }
}

/// What is written stays, and marks follow; thresholds do not.
#[test]
fn limits_follow_tunables() {
    for profile in Profile::ALL {
        let mut mm = boot(
            &[&["0..3G", "4G..5G"], &["5G..6G"]],
            4,
            Some("500M"),
            profile,
        );
        let booted = mm.snapshot();
        let (_, known) = Rules::of(&booted).limits(nothing, nothing);
        for kbytes in [4, 20_000, 300_000, 1000] {
            mm.sysctl(Sysctl::MinFreeKbytes, kbytes, &mut ()).unwrap();
            let mut scales = vec![10];
            if !Rules::of(&booted).old() {
                scales = vec![10, 1000, 37];
            }
            for scale in scales {
                if scale != 10 {
                    mm.sysctl(Sysctl::WatermarkScaleFactor, scale, &mut ())
                        .unwrap();
                }
                let state = mm.snapshot();
                let rules = Rules::of(&state);
                let marks = rules.marks(kbytes);
                let limits = marks.into_iter().map(|(zone, marks)| {
                    let (_, drift, threshold) = known[&zone];
                    (zone, (marks, drift, threshold))
                });
                rules.check(
                    &(kbytes, limits.collect()),
                    &format!("{kbytes} KiB, {scale}"),
                );
            }
            if !Rules::of(&booted).old() {
                mm.sysctl(Sysctl::WatermarkScaleFactor, 10, &mut ())
                    .unwrap();
            }
        }
    }
}
