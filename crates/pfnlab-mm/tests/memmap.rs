//! The memory map of a running allocator: charged to the machine, consulted, shown.

use pfnlab_mm::boot::Circumstances;
use pfnlab_mm::descriptor::{FrameState, PageFlag};
use pfnlab_mm::memmap::{MemMapError, PieceKind};
use pfnlab_mm::memory_model::{Model, ModelError};
use pfnlab_mm::{BootError, Config, Mm, Profile, ResumeError};
use pfnlab_model::{
    Block, CpuId, FreeError, Gfp, Inspect, Machine, MachineSpec, MigrateType, NodeId, NodeSpec,
    Order, PageAllocator, Pfn, Request, ZoneId, ZoneKind,
};

const MODELS: [&Config; 5] = [
    &Config::X86_64_FLATMEM,
    &Config::X86_64_DISCONTIGMEM,
    &Config::X86_64_SPARSEMEM,
    &Config::X86_64_SPARSEMEM_EXTREME,
    &Config::X86_64,
];

fn machine(reserved: &[&str], nodes: &[&[&str]]) -> Machine {
    let ranges = |text: &[&str]| text.iter().map(|range| range.parse().unwrap()).collect();
    let node = |(cpu, ram): (u16, &&[&str])| NodeSpec {
        cpus: vec![cpu],
        ram: ranges(ram),
        ..NodeSpec::default()
    };
    let spec = MachineSpec {
        reserved: ranges(reserved),
        nodes: (0..).zip(nodes).map(node).collect(),
        ..MachineSpec::default()
    };
    spec.build().unwrap()
}

/// The two nodes with holes of the worked example, nothing of the memory map reserved.
fn worked_example() -> Machine {
    machine(
        &[
            "0..0x100000",
            "0x1000000..0x3000000",
            "0x11ffd6000..0x120000000",
            "0x1bffd6000..0x1c0000000",
        ],
        &[
            &[
                "0x1000..0x9f000",
                "0x100000..0xbffe0000",
                "0x100000000..0x120000000",
            ],
            &["0x120000000..0x14c000000", "0x150000000..0x1c0000000"],
        ],
    )
}

/// One node with a hole within a section and one of whole sections.
fn holes() -> Machine {
    machine(
        &["0..1M"],
        &[&["0x1000..0x9f000", "1M..100M", "512M..640M"]],
    )
}

fn charged(config: &Config) -> Result<Mm, BootError> {
    let circumstances = Circumstances {
        charge_memmap: true,
        ..Circumstances::default()
    };
    Mm::boot_under(&worked_example(), Profile::NEWEST, config, &circumstances)
}

/// The reservations of the worked example, address by address.
#[test]
fn the_memory_map_is_taken_where_the_specification_says() {
    let mm = charged(&Config::X86_64_NO_THP).unwrap();
    let pieces = mm.memmap().pieces().iter();
    let got: Vec<_> = pieces
        .map(|piece| (piece.kind, piece.range.start, piece.range.size()))
        .collect();
    let expected = [
        (PieceKind::RootArray, 0x1_bffc_e000, 32_768),
        (PieceKind::Root, 0x1_1ffd_5000, 4096),
        (PieceKind::Usage, 0x1_1ffd_49c0, 28 * 56),
        (PieceKind::Map, 0x1_1c60_0000, 56 << 20),
        (PieceKind::Usage, 0x1_bffc_db80, 20 * 56),
        (PieceKind::Map, 0x1_bd60_0000, 40 << 20),
    ];
    assert_eq!(got, expected);

    let snapshot = mm.snapshot();
    let managed: Vec<u64> = snapshot
        .zones
        .iter()
        .map(|zone| zone.managed)
        .filter(|managed| *managed > 0)
        .collect();
    assert_eq!(managed, [3840, 774_112, 116_692, 628_685]);
    assert_eq!(snapshot.global.min_free_kbytes, 9873);
}

/// What is charged is what the model costs, whole frames each.
#[test]
fn every_model_is_charged_what_it_costs() {
    let whole = Mm::boot(&worked_example(), Profile::NEWEST, &Config::X86_64).unwrap();
    for config in &MODELS[1..] {
        let mm = charged(config).unwrap();
        let pieces = mm.memmap().pieces().iter();
        let frames: u64 = pieces
            .clone()
            .map(|piece| piece.frames().unwrap().frames())
            .sum();
        let maps = pieces.filter(|piece| piece.kind == PieceKind::Map);
        let bytes: u64 = maps.map(|piece| piece.range.size()).sum();
        assert_eq!(bytes, mm.memmap().model().cost(), "{}", config.name);
        let before = whole.snapshot().global.totalram_pages;
        // Usage areas and roots of a node may share a frame.
        let taken = before - mm.snapshot().global.totalram_pages;
        assert!(taken <= frames && frames <= taken + 1, "{}", config.name);
    }
    let refused = charged(&Config::X86_64_FLATMEM).unwrap_err();
    let expected = MemMapError::Model(ModelError::SeveralNodes(2));
    assert_eq!(refused, BootError::MemMap(expected));
    assert!(refused.to_string().contains("2 nodes"), "{refused}");
}

#[test]
fn a_machine_too_small_for_its_own_description_does_not_boot() {
    let circumstances = Circumstances {
        charge_memmap: true,
        ..Circumstances::default()
    };
    let tiny = machine(&["0..1M"], &[&["1M..2M"]]);
    for config in MODELS {
        let booted = Mm::boot_under(&tiny, Profile::NEWEST, config, &circumstances);
        match config.memory_model {
            // One mebibyte is described by 16 KiB, rounded to blocks: that fits.
            Model::Flat | Model::Discontig => assert!(booted.is_ok(), "{}", config.name),
            _ => assert!(
                matches!(booted, Err(BootError::MemMap(_))),
                "{}",
                config.name
            ),
        }
    }
}

/// A frame that was never handed out: does it have a descriptor to look at?
#[test]
fn a_free_asks_the_model_whether_there_is_a_descriptor() {
    let check = |config: &Config, pfn: u64, has_page: bool| {
        let mut mm = Mm::boot(&holes(), Profile::NEWEST, config).unwrap();
        let block = Block::page(Pfn::new(pfn));
        let expected = if has_page {
            FreeError::NotLent(block)
        } else {
            FreeError::NoPage(block)
        };
        let got = mm.free(block, CpuId(0), &mut ());
        assert_eq!(got, Err(expected), "{}, frame {pfn:#x}", config.name);
        assert_eq!(mm.memmap().model().pfn_valid(Pfn::new(pfn)), has_page);
    };
    for config in MODELS {
        let (flat, sparse) = match config.memory_model {
            Model::Flat => (true, false),
            Model::Discontig => (false, false),
            _ => (false, true),
        };
        check(config, 0x4000, true); // RAM
        check(config, 0x9f, flat || sparse); // a hole in the first section
        check(config, 0x7000, flat || sparse); // behind RAM, in the first section
        check(config, 0x9000, flat); // an absent section
        check(config, 0x2_8000, false); // behind all RAM
    }
}

/// Types that are kept with a section are not there where it is not; those kept with the zone are.
#[test]
fn pageblock_types_are_kept_by_section_or_by_zone() {
    for config in MODELS {
        let mm = Mm::boot(&holes(), Profile::NEWEST, config).unwrap();
        let snapshot = mm.snapshot();
        let dma32 = ZoneId {
            node: NodeId(0),
            kind: ZoneKind::Dma32,
        };
        let blocks = snapshot.zone(dma32).unwrap().pageblocks.clone().unwrap();
        assert_eq!(blocks.first, Pfn::new(4096));
        let of = |pfn: usize| blocks.types[(pfn - 4096) / 512];
        assert_eq!(of(0x2000), Some(MigrateType::Movable));
        // The rest of the first section.
        assert_eq!(of(0x7000), Some(MigrateType::Unmovable));
        let absent = match config.memory_model {
            Model::Flat | Model::Discontig => Some(MigrateType::Unmovable),
            _ => None,
        };
        assert_eq!(of(0x9000), absent, "{}", config.name);
    }
}

#[test]
fn a_state_is_resumed_only_on_a_model_that_can_describe_it() {
    let booted = Mm::boot(&worked_example(), Profile::NEWEST, &Config::X86_64).unwrap();
    let snapshot = booted.snapshot();
    for config in &MODELS[1..] {
        let mm = Mm::resume_as(&snapshot, config).unwrap();
        assert_eq!(mm.memmap().kind(), config.memory_model);
        assert_eq!(mm.snapshot(), snapshot, "{}", config.name);
    }
    let refused = Mm::resume_as(&snapshot, &Config::X86_64_FLATMEM).unwrap_err();
    let expected = ResumeError::MemMap(MemMapError::Model(ModelError::SeveralNodes(2)));
    assert_eq!(refused, expected);
    let other = Mm::resume_as(&snapshot, &Config::X86_32).unwrap_err();
    assert!(matches!(other, ResumeError::Config(_)), "{other}");
}

/// Words of the specification: the node in bits 54 to 63 and the zone in 51 to 53 with 1024 nodes
/// and a virtual array, the type of a free block 0xf0000000, its order in `private`.
#[test]
fn a_descriptor_says_what_its_frame_is() {
    let mut mm = Mm::boot(&worked_example(), Profile::NEWEST, &Config::X86_64).unwrap();
    let page = |mm: &Mm, pfn: u64| mm.page(Pfn::new(pfn)).unwrap().unwrap();

    let head = page(&mm, 1_179_648); // the lowest block of node 1
    assert_eq!(head.page.get(), 0xffff_ea00_0000_0000 + 1_179_648 * 64);
    assert_eq!(head.descriptor.flags >> 51, 1 << 3 | 2);
    assert_eq!(head.descriptor.cell, 0xf000_0000);
    assert_eq!((head.descriptor.private, head.descriptor.refcount), (10, 0));
    assert_eq!(mm.memmap().layout().zone_id(head.descriptor.flags), 8 + 2);
    let rest = page(&mm, 1_179_649);
    assert_eq!(
        (rest.state, rest.descriptor.cell),
        (FrameState::Free, u32::MAX)
    );

    // Reserved: the first MiB, a hole in it, and one behind RAM that Normal of node 0 was given.
    let reserved = mm.memmap().numbers().mask(PageFlag::Reserved);
    for (pfn, zone) in [(100, 0), (200, 0), (786_410, 2)] {
        let view = page(&mm, pfn);
        assert_eq!(view.descriptor.flags & reserved, reserved, "{pfn}");
        assert_eq!(view.links.zone, zone, "{pfn}");
        assert_eq!(view.descriptor.refcount, 1, "{pfn}");
    }
    assert_eq!(mm.page(Pfn::new(900_000)), Ok(None)); // an absent section

    let request = Request {
        order: Order::new(2).unwrap(),
        ..Request::new(Gfp::GFP_KERNEL)
    };
    let block = mm.alloc(&request, &mut ()).unwrap();
    let first = page(&mm, block.start().get());
    assert_eq!(
        (first.state, first.descriptor.refcount),
        (FrameState::Used, 1)
    );
    let second = page(&mm, block.start().get() + 1);
    assert_eq!(second.state, FrameState::UsedRest);
    assert_eq!(second.descriptor.refcount, 0);
}

/// With a section number in the word (19 bits of it), node and zone stand below.
#[test]
fn without_a_virtual_array_the_section_is_in_the_word() {
    let mm = Mm::boot(
        &worked_example(),
        Profile::NEWEST,
        &Config::X86_64_SPARSEMEM,
    )
    .unwrap();
    let view = mm.page(Pfn::new(1_179_648)).unwrap().unwrap();
    assert_eq!(view.descriptor.flags >> 45, 36);
    assert_eq!(view.descriptor.flags >> 35 & 0x3ff, 1);
    assert_eq!(view.descriptor.flags >> 32 & 7, 2);
}

/// Records of frames are zeroed memory of this system. What it cannot have is refused before.
#[test]
fn a_zone_with_more_frames_than_links_can_name_is_refused() {
    for ram in [&["0..16T"][..], &["0..1M", "16383G..16T"]] {
        let huge = machine(&[], &[ram]);
        let refused = Mm::boot(&huge, Profile::NEWEST, &Config::X86_64).unwrap_err();
        let BootError::ZoneTooLarge { zone, frames } = refused else {
            panic!("{refused}");
        };
        assert_eq!(
            (zone.kind, frames),
            (ZoneKind::Normal, (1 << 32) - (1 << 20))
        );
    }
}
