//! Zones by architecture, memory that is mirrored or can be unplugged, and what is counted of them.

use ZoneKind::{Device, Dma, Dma32, HighMem, Movable, Normal};
use pfnlab_mm::boot::node_states::NodeStates;
use pfnlab_mm::boot::{Layout, ZoneLayout};
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Gfp, Inspect, Machine, MachineSpec, NodeId, NodeMask, NodeSpec, PageAllocator, Pfn, PfnRange,
    Request, ZoneId, ZoneKind,
};

fn spec(nodes: &[&[&str]]) -> MachineSpec {
    let node = |(cpu, ram): (u16, &&[&str])| NodeSpec {
        cpus: vec![cpu],
        ram: ranges(ram),
        ..NodeSpec::default()
    };
    MachineSpec {
        nodes: (0..).zip(nodes).map(node).collect(),
        ..MachineSpec::default()
    }
}

fn ranges(text: &[&str]) -> Vec<pfnlab_model::ByteRange> {
    text.iter().map(|range| range.parse().unwrap()).collect()
}

fn profile(name: &str) -> &'static Profile {
    Profile::by_name(name).unwrap()
}

fn layout(spec: &MachineSpec, profile: &Profile, config: &Config) -> Layout {
    Layout::new(&spec.build().unwrap(), profile, config)
}

/// The frames each kind may have, empty kinds left out.
fn limits(layout: &Layout) -> Vec<(ZoneKind, u64, u64)> {
    let there = layout.ranges.iter().filter(|(_, range)| !range.is_empty());
    there
        .map(|(kind, range)| (*kind, range.start().get(), range.end().get()))
        .collect()
}

fn zone(layout: &Layout, node: u16, kind: ZoneKind) -> &ZoneLayout {
    let id = ZoneId {
        node: NodeId(node),
        kind,
    };
    layout.zones.iter().find(|zone| zone.id == id).unwrap()
}

const GIB: u64 = 1 << 18;

#[test]
fn x86_32_has_high_memory_above_896_mib() {
    let large = spec(&[&["0x1000..0x9f000", "1M..2G"]]);
    let layout_of = |spec: &MachineSpec| layout(spec, Profile::NEWEST, &Config::X86_32);
    let large_layout = layout_of(&large);
    let expected = [
        (Dma, 1, 4096),
        (Normal, 4096, 229_376),
        (HighMem, 229_376, 2 * GIB),
    ];
    assert_eq!(limits(&large_layout), expected);
    assert_eq!(large_layout.movable_zone, HighMem);
    assert!(large_layout.is_highmem(HighMem) && large_layout.is_highmem(Movable));
    assert!(!large_layout.is_highmem(Normal));
    assert_eq!(large_layout.zone_count(NodeId(0)), 3);

    // Without high memory the movable zone is ordinary memory.
    let small = layout_of(&spec(&[&["1M..512M"]]));
    assert_eq!(small.movable_zone, Normal);
    assert!(!small.is_highmem(Movable) && small.is_highmem(HighMem));
    assert_eq!(small.zone_count(NodeId(0)), 2);
}

/// High memory is asked for by name, and nobody else gets it.
#[test]
fn x86_32_boots_and_serves_high_memory() {
    let machine = spec(&[&["1M..2G"]]).build().unwrap();
    let mut mm = Mm::boot(&machine, Profile::NEWEST, &Config::X86_32).unwrap();
    let mut zone = |gfp| {
        let block = mm.alloc(&Request::new(gfp), &mut ()).unwrap();
        mm.zone_of(block.start()).unwrap().kind
    };
    assert_eq!(zone(Gfp::GFP_HIGHUSER), HighMem);
    assert_eq!(zone(Gfp::GFP_KERNEL), Normal);
    assert_eq!(zone(Gfp::GFP_KERNEL | Gfp::DMA), Dma);
    // A 32-bit word with everything in it: two bits for four kinds of zone, none for one node.
    let layout = mm.memmap().layout();
    assert_eq!((layout.zone.offset, layout.zone.width), (30, 2));
    assert_eq!(layout.node.width, 0);
}

#[test]
fn arm64_ends_its_low_zones_where_devices_end() {
    let check = |profile_name: &str, ram: &str, bits: Option<u32>, expected: &[_]| {
        let spec = MachineSpec {
            dma_bits: bits,
            ..spec(&[&[ram]])
        };
        let layout = layout(&spec, profile(profile_name), &Config::ARM64);
        assert_eq!(limits(&layout), expected, "{profile_name} {ram} {bits:?}");
    };
    let [old, new] = ["linux-6.1.y", "linux-6.12.y"];
    // All of 32 bits, in both.
    for name in [old, new] {
        let expected = [(Dma, 0, 4 * GIB), (Normal, 4 * GIB, 8 * GIB)];
        check(name, "0..8G", None, &expected);
        // 30 bits, as on a small board.
        let expected = [
            (Dma, 0, GIB),
            (Dma32, GIB, 4 * GIB),
            (Normal, 4 * GIB, 8 * GIB),
        ];
        check(name, "0..8G", Some(30), &expected);
        check(name, "0..512M", None, &[(Dma, 0, GIB / 2)]);
    }
    // RAM starts above what the device reaches: 6.1 takes 32 bits for it, 6.12 no memory.
    let expected = [(Dma, 2 * GIB, 4 * GIB), (Normal, 4 * GIB, 8 * GIB)];
    check(old, "2G..8G", Some(30), &expected);
    let expected = [(Dma32, 2 * GIB, 4 * GIB), (Normal, 4 * GIB, 8 * GIB)];
    check(new, "2G..8G", Some(30), &expected);
    // RAM starts above 4 GiB: no limit, and the limit as it is.
    check(old, "8G..10G", Some(30), &[(Dma, 8 * GIB, 10 * GIB)]);
    check(new, "8G..10G", Some(32), &[(Normal, 8 * GIB, 10 * GIB)]);
    check(new, "8G..10G", Some(40), &[(Dma, 8 * GIB, 10 * GIB)]);
}

/// `movable_node`: the movable zone starts with the first memory that can be unplugged, and
/// `kernelcore=` means nothing.
#[test]
fn memory_that_can_be_unplugged_is_movable() {
    let nodes: [&[&str]; 2] = [&["1M..2G"], &["2G..4G", "4G..6G"]];
    let with = |hotplug: &[&str]| MachineSpec {
        movable_node: true,
        hotplug: ranges(hotplug),
        kernelcore: Some("1G".into()),
        ..spec(&nodes)
    };
    let layout_of = |spec: &MachineSpec| layout(spec, Profile::NEWEST, &Config::X86_64);
    let of_node = layout_of(&with(&["2G..6G"]));
    assert_eq!(of_node.movable_start, [None, Some(Pfn::new(2 * GIB))]);
    assert_eq!(zone(&of_node, 1, Movable).present, 4 * GIB);
    assert_eq!(zone(&of_node, 1, Dma32).present, 0);
    assert_eq!(zone(&of_node, 1, Normal).span, PfnRange::default());
    // A node with nothing else has memory, but no normal memory.
    let present: Vec<_> = of_node
        .zones
        .iter()
        .map(|zone| (zone.id, zone.present))
        .collect();
    let both: NodeMask = [NodeId(0), NodeId(1)].into_iter().collect();
    let states = NodeStates::new(both, both, &present, &[NodeId(0), NodeId(1)]);
    assert_eq!(states.memory, both);
    assert_eq!(states.normal_memory, [NodeId(0)].into_iter().collect());

    // Part of a node, rounded up to the largest block.
    let part = layout_of(&with(&["0x140001000..6G"]));
    let start = (0x14_0000_u64 + 1).next_multiple_of(1024);
    assert_eq!(part.movable_start, [None, Some(Pfn::new(start))]);
    assert_eq!(zone(&part, 1, Normal).span.end(), Pfn::new(start));

    let none = layout_of(&with(&[]));
    assert_eq!(none.movable_start, [None, None]);
    let unheard = MachineSpec {
        movable_node: false,
        kernelcore: None,
        ..with(&["2G..6G"])
    };
    assert_eq!(layout_of(&unheard).movable_start, [None, None]);
}

/// `kernelcore=mirror`: Normal and Movable overlap in span and share the frames.
#[test]
fn what_is_not_mirrored_is_movable() {
    let with = |mirrored: &[&str]| MachineSpec {
        kernelcore: Some("mirror".into()),
        mirrored: ranges(mirrored),
        ..spec(&[&["1M..3G", "4G..8G"], &["8G..12G"]])
    };
    let layout_of = |spec: &MachineSpec| layout(spec, Profile::NEWEST, &Config::X86_64);
    let split = with(&["1M..3G", "4G..6G", "7G..9G"]);
    let layout = layout_of(&split);
    let starts = [Some(Pfn::new(6 * GIB)), Some(Pfn::new(9 * GIB))];
    assert_eq!(layout.movable_start, starts);
    let (normal, movable) = (zone(&layout, 0, Normal), zone(&layout, 0, Movable));
    assert_eq!(normal.span, PfnRange::sized(Pfn::new(4 * GIB), 4 * GIB));
    assert_eq!(movable.span, PfnRange::sized(Pfn::new(6 * GIB), 2 * GIB));
    assert_eq!((normal.present, normal.absent()), (3 * GIB, GIB));
    assert_eq!((movable.present, movable.absent()), (GIB, GIB));
    assert_eq!(zone(&layout, 0, Dma32).present, 3 * GIB - 4096);
    assert_eq!(zone(&layout, 1, Normal).present, GIB);
    assert_eq!(zone(&layout, 1, Movable).present, 3 * GIB);

    // Every frame is in one zone, and is handed out by it.
    let mm = Mm::boot(&split.build().unwrap(), Profile::NEWEST, &Config::X86_64).unwrap();
    let kind = |gib: u64| mm.zone_of(Pfn::new(gib * GIB)).map(|zone| zone.kind);
    let kinds = [4, 5, 6, 7, 8, 9].map(|gib| kind(gib).unwrap());
    assert_eq!(kinds, [Normal, Normal, Movable, Normal, Normal, Movable]);
    let frames: u64 = mm.snapshot().zones.iter().map(|zone| zone.managed).sum();
    assert_eq!(frames, split.build().unwrap().frames());

    // Nothing is mirrored: no movable zone. Below 4 GiB nothing is movable for that.
    assert_eq!(layout_of(&with(&[])).movable_start, [None, None]);
    let low = with(&["4G..12G"]);
    assert_eq!(layout_of(&low).movable_start, [None, None]);
}

/// Mirrored memory above the start of the movable zone, and none below: no zone has it, and it is
/// never handed out.
#[test]
fn mirrored_memory_behind_all_other_is_lost() {
    let spec = MachineSpec {
        kernelcore: Some("mirror".into()),
        mirrored: ranges(&["1M..3G", "6G..8G"]),
        ..spec(&[&["1M..3G", "4G..8G"]])
    };
    let machine: Machine = spec.build().unwrap();
    let layout = Layout::new(&machine, Profile::NEWEST, &Config::X86_64);
    assert_eq!(zone(&layout, 0, Normal).present, 0);
    assert_eq!(zone(&layout, 0, Movable).present, 2 * GIB);
    let mm = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64).unwrap();
    assert_eq!(mm.zone_of(Pfn::new(7 * GIB)), None);
}

#[test]
fn mirror_is_no_size() {
    let refused = |spec: MachineSpec| spec.build().unwrap_err().to_string();
    let nodes: [&[&str]; 1] = [&["1M..512M"]];
    let movable = MachineSpec {
        movablecore: Some("mirror".into()),
        ..spec(&nodes)
    };
    assert_eq!(
        refused(movable),
        "movablecore: only `kernelcore` can be `mirror`"
    );
    let bits = MachineSpec {
        dma_bits: Some(65),
        ..spec(&nodes)
    };
    assert!(refused(bits).starts_with("dma-bits: "));
}

/// The two nodes with holes of the worked example.
fn worked_example() -> MachineSpec {
    spec(&[
        &[
            "0x1000..0x9f000",
            "0x100000..0xbffe0000",
            "0x100000000..0x120000000",
        ],
        &["0x120000000..0x14c000000", "0x150000000..0x1c0000000"],
    ])
}

/// The sum of the estimates of 6.1 in the worked example; what is really free in 6.12.
#[test]
fn hash_tables_are_sized_by_what_is_estimated_or_free() {
    let spec = worked_example();
    let machine = spec.build().unwrap();
    let reserved = PfnRange::sized(Pfn::new(0), 256);
    let free = |machine: &Machine| -> Vec<PfnRange> {
        machine.free_ranges().map(|free| free.range).collect()
    };
    let old = profile("linux-6.1.y");
    let totals = |profile, reserved: &[PfnRange], free: &[PfnRange], config| {
        let layout = Layout::new(&machine, profile, config);
        let totals = layout.page_totals(profile, config, reserved, free);
        (totals.kernel, totals.all)
    };
    let whole = free(&machine);
    assert_eq!(
        totals(old, &[], &whole, &Config::X86_64),
        (1_531_774, 1_531_774)
    );
    // 158 frames of the first MiB are memory, and so `dma_reserve`; other architectures have none.
    let less = 1_531_774 - 158;
    assert_eq!(
        totals(old, &[reserved], &whole, &Config::X86_64),
        (less, less)
    );
    assert_eq!(
        totals(Profile::NEWEST, &[], &whole, &Config::X86_64),
        (1_556_350, 1_556_350)
    );

    // High memory: counted in all; its descriptors lie in low memory.
    let high = super_gib();
    let layout = Layout::new(&high, old, &Config::X86_32);
    let got = layout.page_totals(old, &Config::X86_32, &[], &free(&high));
    let descriptors = |frames: u64| (frames * Config::X86_32.descriptor_bytes).div_ceil(4096);
    let low = 229_376 - descriptors(4096) - descriptors(229_376 - 4096);
    let above = 2 * GIB - 229_376;
    assert_eq!(got.kernel, low - descriptors(above));
    assert_eq!(got.all, low + above);
    let new = Layout::new(&high, Profile::NEWEST, &Config::X86_32);
    let got = new.page_totals(Profile::NEWEST, &Config::X86_32, &[], &free(&high));
    assert_eq!((got.kernel, got.all), (229_376, 2 * GIB));
}

/// 2 GiB without a hole.
fn super_gib() -> Machine {
    spec(&[&["0..2G"]]).build().unwrap()
}

/// One percent and five of what a node manages, zone by zone; one table for all who wait.
#[test]
fn node_reclaim_leaves_one_and_five_percent() {
    let mm = Mm::boot(
        &worked_example().build().unwrap(),
        Profile::NEWEST,
        &Config::X86_64,
    )
    .unwrap();
    let marks = mm.node_reclaim_marks(NodeId(1), 2).unwrap();
    assert_eq!((marks.min_unmapped, marks.min_slab), (6389, 31_948));
    let of_node = mm.node_reclaim_marks(NodeId(0), 0).unwrap();
    assert_eq!(of_node.min_unmapped, 39 + 7823 + 1310);
    assert_eq!(mm.node_reclaim_marks(NodeId(0), 2), Some(of_node));
    assert_eq!(mm.node_reclaim_marks(NodeId(2), 0), None);
    assert_eq!(mm.node_reclaim_marks(NodeId(0), 9), None);
    let layout = layout(&worked_example(), Profile::NEWEST, &Config::X86_64);
    assert!(
        layout
            .wait_queues(Profile::NEWEST)
            .iter()
            .all(|&queues| queues == 256)
    );
    assert!(layout.zones.iter().any(|zone| zone.id.kind == Device));
}
