//! Boot, against the worked examples of the boot specification: a machine of two nodes with holes.

use pfnlab_mm::boot::{Circumstances, Layout};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Inspect, Machine, MachineSpec, MigrateType, NodeId, NodeSpec, Pfn, Snapshot, ZoneId, ZoneKind,
};

/// About 6 GiB: node 0 to 4.5 GiB, node 1 above, a hole in the middle of node 1.
fn spec() -> MachineSpec {
    let ranges = |text: &[&str]| text.iter().map(|range| range.parse().unwrap()).collect();
    MachineSpec {
        name: "worked-example".into(),
        // What the kernel takes before anything is released: low memory, itself, node data,
        // section tables, usage maps and the memory map.
        reserved: ranges(&[
            "0..0x100000",
            "0x1000000..0x3000000",
            "0x11c600000..0x11fe00000",
            "0x11ffd4000..0x120000000",
            "0x1bd600000..0x1bfe00000",
            "0x1bffcd000..0x1c0000000",
        ]),
        nodes: vec![
            NodeSpec {
                cpus: vec![0, 1],
                ram: ranges(&[
                    "0x1000..0x9f000",
                    "0x100000..0xbffe0000",
                    "0x100000000..0x120000000",
                ]),
                distance: vec![],
            },
            NodeSpec {
                cpus: vec![2, 3],
                ram: ranges(&["0x120000000..0x14c000000", "0x150000000..0x1c0000000"]),
                distance: vec![],
            },
        ],
        ..MachineSpec::default()
    }
}

fn machine() -> Machine {
    spec().build().unwrap()
}

fn booted() -> Snapshot {
    Mm::boot(&machine(), Profile::NEWEST, &Config::X86_64_NO_THP)
        .unwrap()
        .snapshot()
}

fn id(node: u16, kind: ZoneKind) -> ZoneId {
    ZoneId {
        node: NodeId(node),
        kind,
    }
}

#[test]
fn zones_span_and_hold_what_the_specification_says() {
    let snapshot = booted();
    let check = |id: ZoneId, start: u64, spanned: u64, present: u64, managed: u64| {
        let zone = snapshot.zone(id).unwrap();
        let got = (zone.start.get(), zone.spanned, zone.present, zone.managed);
        assert_eq!(got, (start, spanned, present, managed), "{id}");
    };
    check(id(0, ZoneKind::Dma), 1, 4095, 3998, 3840);
    check(id(0, ZoneKind::Dma32), 4096, 1_044_480, 782_304, 774_112);
    check(
        id(0, ZoneKind::Normal),
        1_048_576,
        131_072,
        131_072,
        116_692,
    );
    check(
        id(1, ZoneKind::Normal),
        1_179_648,
        655_360,
        638_976,
        628_685,
    );
    assert_eq!(snapshot.global.totalram_pages, 1_523_329);
}

/// The free lists after release, by order: frames for the small orders, a count for order 10.
#[test]
fn release_leaves_the_lists_of_the_specification() {
    let snapshot = booted();
    let check = |id: ZoneId, small: &[(u8, u64)], top: u64, first_top: u64| {
        let lists = &snapshot.zone(id).unwrap().free_lists;
        let (tops, rest): (Vec<_>, Vec<_>) = lists.iter().partition(|list| list.order.get() == 10);
        let got: Vec<(u8, u64)> = rest
            .iter()
            .flat_map(|list| list.pfns.iter().map(|pfn| (list.order.get(), pfn.get())))
            .collect();
        assert_eq!(got, small, "{id}");
        assert_eq!(tops.len(), 1, "{id}: all of one type");
        assert_eq!(tops[0].pfns.len() as u64, top, "{id}");
        assert_eq!(
            tops[0].pfns[0],
            Pfn::new(first_top),
            "{id}: the lowest is at the head"
        );
        assert!(tops[0].pfns.iter().is_sorted(), "{id}: ascending");
    };
    check(id(0, ZoneKind::Dma), &[(8, 256), (9, 512)], 3, 1024);
    let dma32 = [
        (5, 786_368),
        (6, 786_304),
        (7, 786_176),
        (8, 785_920),
        (9, 785_408),
    ];
    check(id(0, ZoneKind::Dma32), &dma32, 755, 12_288);
    let normal0 = [
        (2, 1_179_600),
        (4, 1_179_584),
        (6, 1_179_520),
        (7, 1_179_392),
        (8, 1_179_136),
        (9, 1_164_288),
    ];
    check(id(0, ZoneKind::Normal), &normal0, 113, 1_048_576);
    let normal1 = [
        (0, 1_834_956),
        (2, 1_834_952),
        (3, 1_834_944),
        (6, 1_834_880),
        (7, 1_834_752),
        (8, 1_834_496),
        (9, 1_823_744),
    ];
    check(id(1, ZoneKind::Normal), &normal1, 613, 1_179_648);
}

/// 7.4.4 and 11.6: up to 5.9 the highest block is at the head, whatever the chunks were.
#[test]
fn the_top_lists_descend_up_to_5_0() {
    for profile in ["linux-2.6.37", "linux-3.8", "linux-4.14", "linux-5.0"] {
        let profile = Profile::by_name(profile).unwrap();
        let nothing = Circumstances::default();
        let mm = Mm::released(&machine(), profile, &Config::X86_64_PLAIN, &nothing);
        let snapshot = mm.unwrap().snapshot();
        for (id, first, last, blocks) in [
            (id(0, ZoneKind::Dma), 3072, 1024, 3),
            (id(1, ZoneKind::Normal), 1_822_720, 1_179_648, 613),
        ] {
            let lists = &snapshot.zone(id).unwrap().free_lists;
            let mut tops = lists.iter().filter(|list| list.order.get() == 10);
            let top = tops.next().unwrap();
            assert_eq!(tops.next(), None, "{id}: all of one type");
            let ends = (top.pfns[0].get(), top.pfns[top.pfns.len() - 1].get());
            assert_eq!(ends, (first, last), "{id}");
            assert_eq!(top.pfns.len(), blocks, "{id}");
            assert!(top.pfns.iter().rev().is_sorted(), "{id}: descending");
        }
    }
}

/// The pageblock around frame 0 does not start in memory, so nothing ever made it movable.
#[test]
fn the_first_pageblock_stays_unmovable() {
    let snapshot = booted();
    let dma = snapshot.zone(id(0, ZoneKind::Dma)).unwrap();
    assert_eq!(dma.free_lists[0].mt, MigrateType::Unmovable);
    assert!(
        dma.free_lists[1..]
            .iter()
            .all(|list| list.mt == MigrateType::Movable)
    );
}

#[test]
fn watermarks_and_reserves_are_those_of_the_specification() {
    let snapshot = booted();
    assert_eq!(snapshot.global.min_free_kbytes, 9873);
    let check = |id: ZoneId, marks: [u64; 4], batch: u32, reserve: [u64; 5]| {
        let zone = snapshot.zone(id).unwrap();
        let got = zone.watermarks;
        assert_eq!([got.min, got.low, got.high, got.promo], marks, "{id}");
        assert_eq!(zone.pageset_batch, batch, "{id}");
        assert_eq!(zone.lowmem_reserve, reserve, "{id}");
    };
    check(
        id(0, ZoneKind::Dma),
        [6, 9, 12, 15],
        1,
        [0, 3023, 3479, 3479, 3479],
    );
    check(
        id(0, ZoneKind::Dma32),
        [1254, 2028, 2802, 3576],
        63,
        [0, 0, 455, 455, 455],
    );
    check(id(0, ZoneKind::Normal), [189, 305, 421, 537], 31, [0; 5]);
    check(
        id(1, ZoneKind::Normal),
        [1018, 1646, 2274, 2902],
        63,
        [0; 5],
    );
}

#[test]
fn zonelists_go_down_the_node_and_then_to_the_next() {
    let snapshot = booted();
    use ZoneKind::{Dma, Dma32, Normal};
    let own = [id(0, Normal), id(0, Dma32), id(0, Dma)];
    let other = [id(1, Normal)];
    assert_eq!(snapshot.nodes[0].zonelist, [&own[..], &other].concat());
    assert_eq!(snapshot.nodes[1].zonelist, [&other[..], &own].concat());
    assert_eq!(snapshot.nodes[0].zonelist_this_node, own);
    assert_eq!(snapshot.nodes[1].zonelist_this_node, other);
}

/// The table of movable starts: `kernelcore=` and `movablecore=` on this machine.
#[test]
fn the_movable_zones_start_where_the_specification_says() {
    let check =
        |kernelcore: Option<&str>, movablecore: Option<&str>, expected: [Option<u64>; 2]| {
            let machine = MachineSpec {
                kernelcore: kernelcore.map(Into::into),
                movablecore: movablecore.map(Into::into),
                ..spec()
            };
            let layout = Layout::new(&machine.build().unwrap(), Profile::NEWEST, &Config::X86_64);
            let got: Vec<_> = layout
                .movable_start
                .iter()
                .map(|start| start.map(Pfn::get))
                .collect();
            assert_eq!(got, expected, "{kernelcore:?} {movablecore:?}");
        };
    check(None, None, [None, None]);
    check(None, Some("2G"), [Some(1_171_456), Some(1_302_528)]);
    check(Some("3G"), None, [Some(1_049_600), Some(1_180_672)]);
    check(Some("1G"), None, [Some(1_048_576), Some(1_179_648)]);
    check(None, Some("5G"), [Some(1_048_576), Some(1_179_648)]);
}

#[test]
fn with_movablecore_the_movable_zones_hold_that_much() {
    let machine = MachineSpec {
        movablecore: Some("2G".into()),
        ..spec()
    }
    .build()
    .unwrap();
    let layout = Layout::new(&machine, Profile::NEWEST, &Config::X86_64);
    let zone = |id| layout.zones.iter().find(|zone| zone.id == id).unwrap();
    assert_eq!(zone(id(0, ZoneKind::Movable)).span.frames(), 8192);
    assert_eq!(zone(id(1, ZoneKind::Movable)).span.frames(), 532_480);
    assert_eq!(zone(id(1, ZoneKind::Movable)).present, 516_096);
    assert_eq!(zone(id(0, ZoneKind::Normal)).span.frames(), 122_880);
    assert_eq!(zone(id(1, ZoneKind::Normal)).span.frames(), 122_880);
}
