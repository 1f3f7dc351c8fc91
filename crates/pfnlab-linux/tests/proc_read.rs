//! The kernel's own `/proc` text, read: against the recorded state of the same machine, and
//! against each other.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use pfnlab_linux::failure_report;
use pfnlab_linux::proc::read;
use pfnlab_linux::{proc, read_snapshot};
use pfnlab_model::{Order, ZoneKind};

const MACHINES: [&str; 5] = ["6.12-2node", "6.1-2node", "6.12-m5", "6.12-m9", "6.1-m1s"];

fn fixture(machine: &str, file: &str) -> PathBuf {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    PathBuf::from(fixtures).join(machine).join(file)
}

fn real(machine: &str, file: &str) -> String {
    fs::read_to_string(fixture(machine, file)).unwrap()
}

/// One file counts by order, another by order and type; a third counts frames.
#[test]
fn three_files_say_the_same() {
    for machine in MACHINES {
        let buddy = read::buddyinfo(&real(machine, "buddyinfo")).unwrap();
        let types = read::pagetypeinfo(&real(machine, "pagetypeinfo")).unwrap();
        let zones = read::zoneinfo(&real(machine, "zoneinfo")).unwrap();
        assert_eq!(types.pageblock_order, Order::new(9).unwrap());
        assert_eq!(buddy.len(), types.zones.len(), "{machine}");
        for (buddy, types) in buddy.iter().zip(&types.zones) {
            assert_eq!(buddy.id, types.id);
            for (order, &blocks) in buddy.free.iter().enumerate() {
                let by_type = types.free.iter().map(|lists| lists[order].count);
                assert_eq!(by_type.sum::<u64>(), blocks, "{machine} {:?}", buddy.id);
            }
            let zone = zones.iter().find(|zone| zone.id == buddy.id).unwrap();
            let frames = buddy.free.iter().enumerate();
            let frames: u64 = frames.map(|(order, blocks)| blocks << order).sum();
            // Counted by each CPU first, and folded later; and between the two looks a CPU may have
            // taken a batch.
            let folded = zone.value("nr_free_pages").unwrap();
            let sum = |name: &str| -> u64 {
                let values = zone.pagesets.iter().flat_map(|pageset| &pageset.values);
                let values = values.filter(|(known, _)| known == name);
                values.map(|(_, value)| value).sum()
            };
            let off = sum("vm stats threshold") + sum("batch");
            assert!(folded.abs_diff(frames) <= off, "{machine} {:?}", buddy.id);
            // A pageblock that is only begun counts, too.
            let blocks: u64 = types.pageblocks.iter().sum();
            assert!(blocks <= zone.value("spanned").unwrap().div_ceil(512) + 1);
        }
    }
}

#[test]
fn a_recorded_state_has_the_numbers_read() {
    for machine in ["6.12-m9", "6.1-m1s"] {
        let state = read_snapshot(fixture(machine, "state.json.gz")).unwrap();
        let zones = read::zoneinfo(&real(machine, "zoneinfo")).unwrap();
        for (zone, known) in zones.iter().zip(&state.zones) {
            assert_eq!(zone.id, known.id);
            let marks = known.watermarks;
            let expected = [
                ("min", marks.min),
                ("low", marks.low),
                ("high", marks.high),
                ("boost", known.boost),
                ("spanned", known.spanned),
                ("present", known.present),
                ("managed", known.managed),
            ];
            for (name, value) in expected {
                assert_eq!(
                    zone.value(name),
                    Some(value),
                    "{machine} {:?} {name}",
                    zone.id
                );
            }
            assert_eq!(zone.protection, known.lowmem_reserve);
            assert_eq!(zone.pagesets.len(), known.pcp.len());
            for (pageset, pcp) in zone.pagesets.iter().zip(&known.pcp) {
                assert_eq!(pageset.cpu, u64::from(pcp.cpu.0));
                let threshold = ("vm stats threshold".to_owned(), pcp.stat_threshold.into());
                assert!(pageset.values.contains(&threshold), "{machine} {pageset:?}");
            }
        }
        let types = read::pagetypeinfo(&real(machine, "pagetypeinfo")).unwrap();
        assert_eq!(types.types, state.global.migratetypes);
        let buddy = read::buddyinfo(&real(machine, "buddyinfo")).unwrap();
        for zone in buddy {
            let known = state.zone(zone.id).unwrap();
            let free: Vec<_> = Order::all().map(|order| known.free_blocks(order)).collect();
            assert_eq!(zone.free, free);
        }
    }
}

/// What we print is read, too; a count that stopped early says so.
#[test]
fn a_count_that_stopped_early() {
    let text =
        real("6.12-m9", "pagetypeinfo").replacen("Unmovable      0 ", "Unmovable >100000 ", 1);
    let info = read::pagetypeinfo(&text).unwrap();
    let stopped = info
        .zones
        .iter()
        .flat_map(|zone| zone.free.iter().flatten());
    let stopped: Vec<_> = stopped.filter(|counted| counted.more).collect();
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0].count, 100_000);
    let state = read_snapshot(fixture("6.12-m9", "state.json.gz")).unwrap();
    assert!(read::zoneinfo(&proc::zoneinfo(&state, &proc::Counters::default())).is_ok());
}

/// The form of 3.8: counters before the reserves, and other names at the end.
#[test]
fn an_older_form() {
    let text = "\
Node 0, zone      DMA
  pages free     3956
        min      84
        low      105
        high     126
        scanned  0
        spanned  4095
        present  3998
        managed  3977
    nr_free_pages 3956
    nr_inactive_anon 0
        protection: (0, 3502, 7908, 7908)
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
  vm stats threshold: 6
  all_unreclaimable: 1
  start_pfn:         1
  inactive_ratio:    1
";
    let zones = read::zoneinfo(text).unwrap();
    assert_eq!(zones[0].id.kind, ZoneKind::Dma);
    assert_eq!(zones[0].protection, [0, 3502, 7908, 7908]);
    assert_eq!(zones[0].value("pages free"), Some(3956));
    assert_eq!(zones[0].value("inactive_ratio"), Some(1));
    assert_eq!(zones[0].pagesets[0].values.len(), 4);
}

#[test]
fn what_makes_no_sense_is_pointed_at() {
    for (text, expected) in [
        (
            "Node 0, zone Nowhere 1\n",
            "line 1, column 14: `Nowhere 1` where the name of a zone should be",
        ),
        (
            "Node 0, zone DMA 1 2\nNode 0, zone DMA32 1\n",
            "line 2, column 19: ` 1` where a count for every order, as many as on the first line should be",
        ),
        (
            "Node 64, zone DMA 1\n",
            "line 1, column 6: `64` is above the largest node, 63",
        ),
    ] {
        assert_eq!(read::buddyinfo(text).unwrap_err().to_string(), expected);
    }
    for (text, expected) in [
        (
            "  pages free 1\n",
            "line 1, column 3: `pages free 1` where `Node N, zone NAME` should be",
        ),
        (
            "Node 0, zone DMA\n  min x\n",
            "line 2, column 7: `x` where a number should be",
        ),
        (
            "Node 0, zone DMA\n min 1\n min 2\n",
            "line 3, column 2: `min` again",
        ),
    ] {
        assert_eq!(read::zoneinfo(text).unwrap_err().to_string(), expected);
    }
    let wrong = "Page block order: 9\nPages per block:  511\n";
    let error = read::pagetypeinfo(wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 19: not as many as order 9 has"
    );
}

/// The same free lists, counted by the report of a failed request.
#[test]
fn a_report_has_the_numbers_of_the_state() {
    for (machine, profile) in [("6.12-m9", None), ("6.1-m1s", Some("linux-2.6.37"))] {
        let mut state = read_snapshot(fixture(machine, "state.json.gz")).unwrap();
        if let Some(profile) = profile {
            // Without letters.
            state.profile = profile.to_owned();
        }
        let header = "x: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL)\n";
        let log = format!("{header}{}", proc::free_areas(&state));
        let report = failure_report::read(&log).reports.remove(0);
        assert_eq!(report.zones.len(), 2);
        for zone in report.zones {
            let known = state.zone(zone.id).unwrap();
            for (order, area) in Order::all().zip(zone.areas.unwrap()) {
                assert_eq!(area.blocks, known.free_blocks(order));
                assert_eq!(area.size, order.frames() * 4);
                let lists = known.free_lists.iter();
                let lists = lists.filter(|list| list.order == order && !list.pfns.is_empty());
                let types: BTreeSet<_> = lists.map(|list| list.mt).collect();
                match area.types {
                    Some(said) => assert_eq!(said.into_iter().collect::<BTreeSet<_>>(), types),
                    None => assert!(profile.is_some()),
                }
            }
        }
    }
}
