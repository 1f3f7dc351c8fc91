//! Our `/proc` text against the kernel's own: in the fixtures every file called `buddyinfo`,
//! `pagetypeinfo` or `zoneinfo` was printed by a running kernel. `state.json.gz` is the recorded
//! state of the same machine, a moment earlier or later.

mod text;

use std::fs;
use std::path::PathBuf;

use pfnlab_linux::proc::{self, Counters};
use pfnlab_linux::read_snapshot;
use pfnlab_model::{
    FreeListState, MigrateType, Order, Pfn, PfnRange, Snapshot, ZoneKind, ZoneStat, ZoneState,
};

fn fixture(machine: &str, file: &str) -> PathBuf {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    PathBuf::from(fixtures).join(machine).join(file)
}

fn real(machine: &str, file: &str) -> String {
    fs::read_to_string(fixture(machine, file)).unwrap()
}

fn state(machine: &str) -> Snapshot {
    read_snapshot(fixture(machine, "state.json.gz")).unwrap()
}

fn zone(snapshot: &mut Snapshot, kind: ZoneKind) -> &mut ZoneState {
    let mut zones = snapshot.zones.iter_mut();
    zones.find(|zone| zone.id.kind == kind).unwrap()
}

/// The lines that are not the same, ours and the kernel's.
fn changed(ours: &str, real: &str) -> Vec<(String, String)> {
    assert_eq!(ours.lines().count(), real.lines().count());
    let pairs = ours.lines().zip(real.lines());
    pairs
        .filter(|(ours, real)| ours != real)
        .map(|(ours, real)| (ours.trim().to_owned(), real.trim().to_owned()))
        .collect()
}

/// Numbers read from the kernel's text come out as that text.
#[test]
fn numbers_come_out_as_they_went_in() {
    for (machine, profile) in [("6.12-2node", "linux-6.12.y"), ("6.1-2node", "linux-6.1.y")] {
        let zoneinfo = text::zone_part(&real(machine, "zoneinfo"));
        let pagetypeinfo = real(machine, "pagetypeinfo");
        let snapshot = text::snapshot(profile, &zoneinfo, &pagetypeinfo);
        assert_eq!(
            proc::zoneinfo(&snapshot, &Counters::default()),
            zoneinfo,
            "{machine}"
        );
        assert_eq!(proc::pagetypeinfo(&snapshot), pagetypeinfo, "{machine}");
        // Not read from it: the sums over the types.
        assert_eq!(
            proc::buddyinfo(&snapshot),
            real(machine, "buddyinfo"),
            "{machine}"
        );
    }
}

#[test]
fn a_recorded_state_prints_what_the_kernel_printed() {
    for machine in ["6.12-m9", "6.1-m1s"] {
        let snapshot = state(machine);
        assert_eq!(
            proc::buddyinfo(&snapshot),
            real(machine, "buddyinfo"),
            "{machine}"
        );
        assert_eq!(
            proc::pagetypeinfo(&snapshot),
            real(machine, "pagetypeinfo"),
            "{machine}"
        );
    }
}

/// Between the state and the text a few pages left the per-CPU lists; nothing else differs.
#[test]
fn a_recorded_state_prints_the_zones_as_the_kernel_did() {
    for (machine, lists) in [("6.12-m9", 2), ("6.1-m1s", 1)] {
        let real = text::zone_part(&real(machine, "zoneinfo"));
        let changes = changed(
            &proc::zoneinfo(&state(machine), &Counters::default()),
            &real,
        );
        assert_eq!(changes.len(), lists, "{changes:?}");
        for (ours, real) in changes {
            assert!(ours.starts_with("count: "), "{ours}");
            assert!(real.starts_with("count: "), "{real}");
        }
    }
}

#[test]
fn holes_count_until_the_snapshot_says_where_its_frames_are() {
    let mut snapshot = state("6.12-m5");
    assert_eq!(proc::buddyinfo(&snapshot), real("6.12-m5", "buddyinfo"));
    let holes =
        "Node 0, zone    DMA32           44          458            2            0            0";
    let none =
        "Node 0, zone    DMA32           24          458            2            0            0";
    let text = real("6.12-m5", "pagetypeinfo");
    let changes = changed(&proc::pagetypeinfo(&snapshot), &text);
    assert_eq!(changes, [(holes.to_owned(), none.to_owned())]);

    // As the machine's /proc/iomem says.
    let ram = [
        (0x1, 0x9f),
        (0x100, 0x6001),
        (0x62ef, 0x1_3300),
        (0x1_5800, 0x2_0010),
        (0x2_0020, 0x2_ff00),
        (0x3_0400, 0x3_ffe0),
    ];
    for zone in snapshot.zones.iter_mut().filter(|zone| zone.present > 0) {
        let span = PfnRange::sized(zone.start, zone.spanned);
        let ram = ram.map(|(start, end)| PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap());
        let inside = ram.map(|range| range.intersection(span));
        zone.memory = inside
            .into_iter()
            .filter(|range| !range.is_empty())
            .collect();
        let frames: u64 = zone.memory.iter().map(|range| range.frames()).sum();
        assert_eq!(frames, zone.present);
    }
    assert_eq!(proc::pagetypeinfo(&snapshot), text);
}

#[test]
fn no_list_is_counted_beyond_100000() {
    for (blocks, printed) in [
        (99_999, "  99999 "),
        (100_000, " >100000 "),
        (250_000, " >100000 "),
    ] {
        let mut snapshot = state("6.12-m9");
        zone(&mut snapshot, ZoneKind::Dma32).free_lists = vec![FreeListState {
            order: Order::ZERO,
            mt: MigrateType::Movable,
            pfns: (0x1000..).take(blocks).map(Pfn::new).collect(),
        }];
        let text = proc::pagetypeinfo(&snapshot);
        let line = format!("Node    0, zone    DMA32, type      Movable{printed}");
        assert!(text.contains(&line), "{blocks} blocks: {text}");
        // Up to 5.0 it counted on, as /proc/buddyinfo does.
        let mut older = snapshot.clone();
        older.profile = "linux-5.0".into();
        let line = format!("type      Movable {blocks:>6} ");
        assert!(proc::pagetypeinfo(&older).contains(&line), "{blocks}");
        assert!(proc::buddyinfo(&snapshot).contains(&format!("DMA32 {blocks:>6} ")));
    }
}

#[test]
fn a_count_below_zero_reads_as_zero() {
    let mut snapshot = state("6.12-m9");
    let stats = &snapshot.global.zone_stats;
    let at = stats
        .iter()
        .position(|stat| *stat == ZoneStat::FreePages)
        .unwrap();
    zone(&mut snapshot, ZoneKind::Dma32).vm_stat[at] = -17;
    let text = proc::zoneinfo(&snapshot, &Counters::default());
    let dma32 = text.split("zone    DMA32\n").nth(1).unwrap();
    assert!(dma32.starts_with("  pages free     0\n"), "{dma32}");
    assert!(dma32.contains("\n      nr_free_pages 0\n"), "{dma32}");
}

#[test]
fn a_boost_raises_every_watermark() {
    let mut snapshot = state("6.12-m9");
    zone(&mut snapshot, ZoneKind::Dma32).boost = 512;
    let changes = changed(
        &proc::zoneinfo(&snapshot, &Counters::default()),
        &proc::zoneinfo(&state("6.12-m9"), &Counters::default()),
    );
    let names = changes
        .iter()
        .map(|(line, _)| line.split(' ').next().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["boost", "min", "low", "high", "promo"]
    );
    let number = |line: &str| line.split(' ').next_back().unwrap().parse::<u64>().unwrap();
    assert!(
        changes
            .iter()
            .all(|(with, without)| number(with) == number(without) + 512)
    );
}

/// The line of the specification; 2.6.37 does not say the types, and 3.8 numbers them otherwise.
#[test]
fn free_areas_say_of_what_types_they_are() {
    use MigrateType::{HighAtomic, Movable, Reclaimable, Reserve, Unmovable};
    let report = |profile: &str, types: &[MigrateType], lists: &[(u8, MigrateType, &[u64])]| {
        let mut snapshot = state("6.12-m9");
        snapshot.profile = profile.into();
        snapshot.global.migratetypes = types.to_vec();
        zone(&mut snapshot, ZoneKind::Dma).present = 0;
        let list = |&(order, mt, pfns): &(u8, MigrateType, &[u64])| FreeListState {
            order: Order::new(order).unwrap(),
            mt,
            pfns: pfns.iter().copied().map(Pfn::new).collect(),
        };
        let free = lists.iter().map(list).collect();
        zone(&mut snapshot, ZoneKind::Dma32).free_lists = free;
        proc::free_areas(&snapshot)
    };
    let rest = "0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 20kB\n";
    let new = [Unmovable, Movable, Reclaimable, HighAtomic];
    let old = [Unmovable, Reclaimable, Movable, Reserve];
    let example: &[(u8, MigrateType, &[u64])] = &[
        (0, Unmovable, &[0x1001]),
        (1, Unmovable, &[0x1010]),
        (1, Movable, &[0x1020]),
    ];
    let line = format!("Node 0 DMA32: 1*4kB (U) 2*8kB (UM) {rest}");
    assert_eq!(report("linux-6.12.y", &new, example), line);
    let line = format!("Node 0 DMA32: 1*4kB 2*8kB {rest}");
    assert_eq!(report("linux-2.6.37", &old, example), line);

    let all: &[(u8, MigrateType, &[u64])] = &[
        (0, Movable, &[0x1001]),
        (0, Reclaimable, &[0x1003]),
        (0, Reserve, &[0x1005]),
        (0, Unmovable, &[]),
    ];
    assert!(report("linux-3.8", &old, all).contains(": 3*4kB (EMR) 0*8kB "));
}

/// As many blocks as `/proc/buddyinfo` of the same kernel counts.
#[test]
fn free_areas_count_what_buddyinfo_counts() {
    let counts = |line: &str| -> Vec<u64> {
        let words = line.split_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let of_area = |word: &str| {
        word.split_once('*')
            .and_then(|(blocks, _)| blocks.parse().ok())
    };
    let text = proc::free_areas(&state("6.12-m9"));
    let buddyinfo = real("6.12-m9", "buddyinfo");
    assert_eq!(text.lines().count(), buddyinfo.lines().count());
    for (area, line) in text.lines().zip(buddyinfo.lines()) {
        let blocks: Vec<u64> = area.split_whitespace().filter_map(of_area).collect();
        assert_eq!(blocks, counts(line));
        let kib = (0..)
            .zip(&blocks)
            .map(|(order, blocks)| (blocks * 4) << order);
        assert!(
            area.ends_with(&format!(" = {}kB", kib.sum::<u64>())),
            "{area}"
        );
    }
}
