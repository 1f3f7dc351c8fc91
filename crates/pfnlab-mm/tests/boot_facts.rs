//! What a booting kernel says of itself, against the worked example of the boot specification.

use pfnlab_mm::boot::{Circumstances, Deferred, GivenBack, Layout, Unavailable, fallback_order};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Inspect, Machine, MachineSpec, MigrateType, NodeId, NodeSpec, Pfn, PfnRange, Snapshot, ZoneId,
    ZoneKind,
};

/// Chapter 11: two nodes, holes, about 6 GiB.
fn machine() -> Machine {
    let node = |cpus: &[u16], ram: &[&str]| NodeSpec {
        cpus: cpus.to_vec(),
        ram: ram.iter().map(|range| range.parse().unwrap()).collect(),
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        reserved: vec!["0..1M".parse().unwrap(), "16M..48M".parse().unwrap()],
        nodes: vec![
            node(
                &[0, 1],
                &["0x1000..0x9f000", "0x100000..0xbffe0000", "4G..0x120000000"],
            ),
            node(
                &[2, 3],
                &["0x120000000..0x14c000000", "0x150000000..0x1c0000000"],
            ),
        ],
        ..MachineSpec::default()
    };
    spec.build().unwrap()
}

fn id(node: u16, kind: ZoneKind) -> ZoneId {
    let node = NodeId(node);
    ZoneId { node, kind }
}

fn estimate(profile: &str, reserved: &[PfnRange]) -> Vec<(ZoneId, u64)> {
    let config = Config::X86_64;
    let profile = Profile::by_name(profile).unwrap();
    let layout = Layout::new(&machine(), profile, &config);
    let all = layout.estimate(profile, &config, reserved).into_iter();
    all.filter(|(_, frames)| *frames > 0).collect()
}

/// 11.5, the column of 3.8 to 6.1; 3.5 for 6.12.
#[test]
fn the_estimate_leaves_out_descriptors_up_to_6_1() {
    let (dma, dma32, normal) = (ZoneKind::Dma, ZoneKind::Dma32, ZoneKind::Normal);
    let old = [
        (id(0, dma), 3934),
        (id(0, dma32), 770_080),
        (id(0, normal), 129_024),
        (id(1, normal), 628_736),
    ];
    assert_eq!(estimate("linux-6.1.y", &[]), old);
    let total = |zones: &[(ZoneId, u64)]| zones.iter().map(|(_, frames)| frames).sum::<u64>();
    assert_eq!(total(&old), 1_531_774);
    assert_eq!(total(&estimate("linux-6.12.y", &[])), 1_556_350);
}

/// 3.5, step 3: frames below 16 MiB that are reserved; what is no memory does not count.
#[test]
fn the_estimate_of_the_lowest_zone_leaves_out_what_is_reserved_there() {
    let first_mib = PfnRange::sized(Pfn::new(0), 256);
    let beyond = PfnRange::sized(Pfn::new(4096), 8192);
    let estimate = estimate("linux-6.1.0", &[first_mib, beyond]);
    assert_eq!(estimate[0], (id(0, ZoneKind::Dma), 3934 - 158));
    assert_eq!(estimate[1], (id(0, ZoneKind::Dma32), 770_080));
}

/// 11.5.
#[test]
fn a_hole_belongs_to_the_zone_of_the_memory_behind_it() {
    let layout = Layout::new(&machine(), Profile::NEWEST, &Config::X86_64);
    let holes = [
        (id(0, ZoneKind::Dma), 1),
        (id(0, ZoneKind::Dma), 97),
        (id(0, ZoneKind::Normal), 32),
        (id(1, ZoneKind::Normal), 16_384),
    ];
    let expected = holes.map(|(zone, frames)| Unavailable { zone, frames });
    assert_eq!(layout.unavailable(&machine(), &Config::X86_64), expected);
}

/// 11.6.
#[test]
fn one_section_of_the_last_zone_of_each_node_is_not_deferred() {
    let first = |profile: &str, config: &Config| {
        let profile = Profile::by_name(profile).unwrap();
        let layout = Layout::new(&machine(), profile, config);
        let deferred = Deferred::new(&machine(), &layout, profile, config);
        [0, 1].map(|node| deferred.first(NodeId(node)).map(Pfn::get))
    };
    let late = &Config::X86_64_DEFERRED;
    for profile in ["linux-5.0", "linux-6.1.y", "linux-6.12.y"] {
        assert_eq!(first(profile, late), [Some(1_081_344), Some(1_212_416)]);
        assert_eq!(first(profile, &Config::X86_64), [None, None]);
    }
    // 4.14: 2 GiB. Node 0 has less in its last zone; node 1 has them at 1_720_320, behind a hole of
    // 16_384, and the next section starts at 53 * 32_768.
    assert_eq!(first("linux-4.14", late), [None, Some(1_736_704)]);
    // Before that nothing could be late.
    assert_eq!(first("linux-3.8", late), [None, None]);
    assert_eq!(first("linux-2.6.37", late), [None, None]);
}

/// 11.5, the column of 2.6.37: 56 bytes for every frame spanned.
#[test]
fn up_to_3_8_what_is_present_is_an_estimate() {
    let (dma, dma32, normal) = (ZoneKind::Dma, ZoneKind::Dma32, ZoneKind::Normal);
    let expected = [
        (id(0, dma), 3942),
        (id(0, dma32), 768_024),
        (id(0, normal), 129_280),
        (id(1, normal), 630_016),
    ];
    assert_eq!(estimate("linux-2.6.37", &[]), expected);
    let nothing_reserved = Circumstances {
        early_reserved: Some(Vec::new()),
        ..Circumstances::default()
    };
    let present = |profile: &str| {
        let snapshot = boot(profile, &Config::X86_64_PLAIN, &nothing_reserved);
        let zones = snapshot.zones.into_iter().filter(|zone| zone.present > 0);
        zones
            .map(|zone| (zone.id, zone.present))
            .collect::<Vec<_>>()
    };
    assert_eq!(present("linux-2.6.37"), expected);
    let capped = [
        (id(0, dma), 3934),
        (id(0, dma32), 770_080),
        (id(0, normal), 129_024),
        (id(1, normal), 628_736),
    ];
    assert_eq!(present("linux-3.8"), capped);
    let there = [
        (id(0, dma), 3998),
        (id(0, dma32), 782_304),
        (id(0, normal), 131_072),
        (id(1, normal), 638_976),
    ];
    for profile in ["linux-4.14", "linux-5.0", "linux-6.12.y"] {
        assert_eq!(present(profile), there, "{profile}");
    }
}

/// 6.5: a pageblock that starts in a hole its zone spans is movable up to 5.0, and unmovable since.
#[test]
fn a_pageblock_that_starts_in_a_hole_began_as_movable() {
    let hole = Pfn::new(1_359_872 + 512);
    for (profile, expected) in [
        ("linux-2.6.37", MigrateType::Movable),
        ("linux-5.0", MigrateType::Movable),
        ("linux-6.1.0", MigrateType::Unmovable),
        ("linux-6.12.y", MigrateType::Unmovable),
    ] {
        let profile = Profile::by_name(profile).unwrap();
        let nothing = Circumstances::default();
        let mm = Mm::released(&machine(), profile, &Config::X86_64_PLAIN, &nothing);
        let snapshot = mm.unwrap().snapshot();
        let zone = snapshot.zone(id(1, ZoneKind::Normal)).unwrap();
        let blocks = zone.pageblocks.as_ref().unwrap();
        let at = hole.since(blocks.first) >> 9;
        assert_eq!(
            blocks.types[at as usize],
            Some(expected),
            "{}",
            profile.name()
        );
    }
}

fn boot(profile: &str, config: &Config, circumstances: &Circumstances) -> Snapshot {
    let profile = Profile::by_name(profile).unwrap();
    let booted = Mm::boot_under(&machine(), profile, config, circumstances);
    booted.unwrap().snapshot()
}

/// The order of release is another one, but nothing is lost or torn by it.
#[test]
fn what_is_deferred_is_released_in_the_end() {
    for profile in Profile::ALL {
        let nothing = Circumstances::default();
        let at_once = boot(profile.name(), &Config::X86_64, &nothing);
        let late = boot(profile.name(), &Config::X86_64_DEFERRED, &nothing);
        assert_eq!(at_once.global.totalram_pages, late.global.totalram_pages);
        for (at_once, late) in at_once.zones.iter().zip(&late.zones) {
            assert_eq!(at_once.managed, late.managed);
            let sorted = |zone: &pfnlab_model::ZoneState| {
                let lists = zone.free_lists.iter();
                let mut blocks: Vec<_> = lists
                    .flat_map(|list| list.pfns.iter().map(|pfn| (*pfn, list.order, list.mt)))
                    .collect();
                blocks.sort();
                blocks
            };
            assert_eq!(sorted(at_once), sorted(late), "{}", late.id);
        }
    }
}

/// Limits follow from what is managed when they are computed, and no longer change.
#[test]
fn what_is_given_back_counts_for_the_limits_only_if_it_came_before() {
    let given = |before_limits| Circumstances {
        given_back: vec![GivenBack {
            zone: id(0, ZoneKind::Dma32),
            frames: 100_000,
            before_limits,
        }],
        ..Circumstances::default()
    };
    let marks = |circumstances: &Circumstances| {
        let snapshot = boot("linux-6.12.y", &Config::X86_64, circumstances);
        let zone = snapshot.zone(id(0, ZoneKind::Dma32)).unwrap();
        (zone.watermarks, zone.managed)
    };
    let (plain, managed) = marks(&Circumstances::default());
    assert_eq!(marks(&given(false)), (plain, managed + 100_000));
    assert_ne!(marks(&given(true)).0, plain);
}

/// Four nodes cut from one: each has all CPUs of it, so a list is half as long, not as long.
#[test]
fn faked_nodes_share_the_cpus_of_the_real_one() {
    let high = |real_nodes: Vec<NodeId>| {
        let circumstances = Circumstances {
            real_nodes,
            ..Circumstances::default()
        };
        let snapshot = boot("linux-6.1.y", &Config::X86_64, &circumstances);
        snapshot
            .zone(id(1, ZoneKind::Normal))
            .unwrap()
            .pageset_high_min
    };
    assert_eq!(high(Vec::new()) / 2, high(vec![NodeId(0), NodeId(0)]));
}

/// 10.4: equally far nodes take turns. A node without memory heads its list up to 6.1.
#[test]
fn nodes_are_asked_in_turns() {
    let node = |cpu: u16, ram: &str| NodeSpec {
        cpus: vec![cpu],
        ram: match ram {
            "" => Vec::new(),
            ram => vec![ram.parse().unwrap()],
        },
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        nodes: vec![
            node(0, "0..1G"),
            node(1, "1G..2G"),
            node(2, ""),
            node(3, "2G..3G"),
        ],
        ..MachineSpec::default()
    };
    let machine = spec.build().unwrap();
    let orders = |profile: &str| {
        let profile = Profile::by_name(profile).unwrap();
        let orders = fallback_order(&machine, profile, &Config::X86_64).into_iter();
        orders
            .map(|order| order.into_iter().map(|node| node.0).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        orders("linux-6.12.y"),
        [&[0, 1, 3][..], &[1, 3, 0], &[3, 0, 1], &[3, 0, 1]]
    );
    assert_eq!(
        orders("linux-6.1.y"),
        [&[0, 1, 3][..], &[1, 3, 0], &[2, 3, 0, 1], &[3, 0, 1]]
    );
}
