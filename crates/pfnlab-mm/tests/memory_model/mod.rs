//! Memory models against the specification's worked numbers and what running kernels asked for.

mod boot;
mod hotplug;
mod properties;

use pfnlab_mm::boot::Layout;
use pfnlab_mm::memory_model::{
    ActivateError, DeactivateError, DiscontigMem, FlatMem, FlatOffset, Geometry, GeometryError,
    GeometrySpec, Group, MapPart, MapRequest, MemoryModel, Model, ModelError, PageAddr, RootArray,
    SectionEra, SectionFlags, SectionNr, SectionTable, SectionWord, SectionWordLayout, Sections,
    SectionsSpec, SparseMem, UsageLayout, VMEMMAP_X86_64, Vmemmap, one_after_another,
};
use pfnlab_mm::{Config, Profile};
use pfnlab_model::{Machine, MachineSpec, MemRange, NodeId, NodeSpec, Pfn, PfnRange};
use proptest::prelude::*;

const DIRECT_MAP: u64 = 0xffff_8880_0000_0000;

fn pfns(start: u64, end: u64) -> PfnRange {
    PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap()
}

/// Byte ranges of nodes, as a boot log lists them.
fn memory(ranges: &[(u16, u64, u64)]) -> Vec<MemRange> {
    let of = |&(node, start, end): &(u16, u64, u64)| MemRange {
        range: pfns(start >> 12, end >> 12),
        node: NodeId(node),
    };
    ranges.iter().map(of).collect()
}

/// The two nodes with holes of the worked example.
fn worked_example() -> Vec<MemRange> {
    memory(&[
        (0, 0x1000, 0x9f000),
        (0, 0x10_0000, 0xbffe_0000),
        (0, 0x1_0000_0000, 0x1_2000_0000),
        (1, 0x1_2000_0000, 0x1_4c00_0000),
        (1, 0x1_5000_0000, 0x1_c000_0000),
    ])
}

fn vmemmap(memory: &[MemRange], spec: &SectionsSpec) -> Vmemmap {
    Vmemmap::new(
        memory,
        spec,
        VMEMMAP_X86_64,
        &mut one_after_another(DIRECT_MAP),
    )
    .unwrap()
}

fn sections(model: &dyn MemoryModel) -> &Sections {
    model.sections().unwrap()
}

const UNDIVIDED: SectionsSpec = SectionsSpec {
    era: SectionEra::OnePass,
    ..SectionsSpec::X86_64
};

#[test]
fn sections_have_the_specified_geometry() {
    let check = |name: &str, section_frames: u64, section_bits: u32| {
        let (_, geometry) = Geometry::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        assert_eq!(geometry.section_frames(), section_frames, "{name}");
        assert_eq!(geometry.section_number_bits(), section_bits, "{name}");
    };
    check("x86_64", 32_768, 19);
    check("x86_64-la57", 32_768, 25);
    check("x86_32", 1 << 14, 6);
    check("x86_32-pae", 1 << 17, 7);
    check("arm64-3.8", 1 << 18, 10);
    check("arm64-64k", 1 << 13, 19);
    check("powerpc64", 1 << 12, 22);
    // Realview-PBX: sections of 256 MiB, 16 of them in 4 GiB.
    let spec = GeometrySpec {
        section_bits: 28,
        physmem_bits: 32,
        ..Geometry::X86_64.spec()
    };
    let realview = Geometry::new(spec).unwrap();
    assert_eq!(
        (realview.section_shift(), realview.section_count()),
        (16, 16)
    );
    assert_eq!(realview.section_of(Pfn::new(0xf_ffff)), SectionNr::new(15));
    assert_eq!(realview.section_range(SectionNr::new(16)), None);

    let x86 = Geometry::X86_64;
    assert_eq!((x86.subsections(), x86.subsection_frames()), (64, 512));
    assert_eq!(x86.section_of(Pfn::new(1_081_344)), SectionNr::new(33));
    assert_eq!(x86.section_map_bytes(true), 2 << 20);
    let old = Geometry::new(GeometrySpec {
        descriptor_bytes: 56,
        ..x86.spec()
    })
    .unwrap();
    assert_eq!(old.section_map_bytes(true), 2 << 20);
    assert_eq!(old.section_map_bytes(false), 56 << 15);
}

#[test]
fn sizes_that_do_not_go_together_are_refused() {
    let spec = Geometry::X86_64.spec();
    let check = |spec, error| assert_eq!(Geometry::new(spec), Err(error));
    check(
        GeometrySpec {
            section_bits: 21,
            ..spec
        },
        GeometryError::SectionBits(21),
    );
    check(
        GeometrySpec {
            physmem_bits: 26,
            ..spec
        },
        GeometryError::PhysmemBits(26),
    );
    check(
        GeometrySpec {
            page_bits: 21,
            ..spec
        },
        GeometryError::PageBits(21),
    );
    check(
        GeometrySpec {
            descriptor_bytes: 60,
            ..spec
        },
        GeometryError::DescriptorBytes(60),
    );
}

#[test]
fn the_word_of_a_section_is_encoded_bit_for_bit() {
    let layout = SectionEra::RcuUsage.word(true);
    let start = Pfn::new(1_081_344); // section 33
    let announced = layout.announce(NodeId(1));
    assert_eq!(announced.bits(), 1 << 5 | 0b101);
    assert_eq!(layout.early_node(announced), NodeId(1));
    let flags = SectionWord::from_bits(announced.bits() & 0x1f);
    let at = |map| {
        layout
            .attach(flags, PageAddr::new(map), start, 64, true)
            .unwrap()
    };

    let map = VMEMMAP_X86_64.forward(start.get(), 64);
    let word = at(map.get());
    assert_eq!(word.bits(), 0xffff_ea00_0000_000f);
    assert_eq!(layout.map_base(word), Some(VMEMMAP_X86_64));
    assert_eq!(layout.map_start(word, start, 64), Some(map));
    let expected = SectionFlags {
        present: true,
        has_mem_map: true,
        online: true,
        early: true,
        device: false,
    };
    assert_eq!(layout.flags(word), expected);

    // The plain form: the map at …10000000, biased by 0x4200000 bytes.
    assert_eq!(at(0x1000_0000).bits(), 0xbe0_000f);
    assert_eq!(at(0x1000_0000).bits() & !0x1f, 0x1000_0000 - 0x420_0000);
    let unaligned = layout.attach(flags, PageAddr::new(0x1000_0010), start, 64, true);
    assert_eq!(unaligned, None);
}

#[test]
fn flags_take_the_bits_of_the_generation() {
    let check = |era: SectionEra, device: bool, shift: u32, announced: u64, attached: u64| {
        let layout = era.word(device);
        assert_eq!(layout.shift(), shift, "{era:?}");
        let word = layout.announce(NodeId(2));
        assert_eq!(word.bits(), 2 << shift | announced, "{era:?}");
        assert_eq!(layout.early_node(word), NodeId(2));
        let word = SectionWord::from_bits(announced);
        let map = PageAddr::new(DIRECT_MAP);
        let word = layout.attach(word, map, Pfn::default(), 64, true).unwrap();
        assert_eq!(word.bits(), DIRECT_MAP | attached, "{era:?}");
    };
    check(SectionEra::MapOnly, false, 2, 0b1, 0b11);
    check(SectionEra::OnlineBit, true, 3, 0b101, 0b111);
    check(SectionEra::OnePass, false, 3, 0b101, 0b111);
    check(SectionEra::EarlyBit, false, 4, 0b101, 0b1111);
    check(SectionEra::RcuUsage, true, 5, 0b101, 0b1111);
    let layout = SectionWordLayout::EarlyDevice;
    let word = layout.with_device(layout.announce(NodeId(0)));
    assert_eq!(word.bits(), 0b10101);
    assert!(layout.flags(word).device);
    assert_eq!(layout.with_online(word, false).bits(), 0b10001);
    let layout = SectionWordLayout::MapOnly;
    assert_eq!(
        layout.with_online(layout.announce(NodeId(1)), false).bits(),
        0b101
    ); // node 1
}

#[test]
fn the_worked_example_has_48_sections_in_two_groups() {
    let model = vmemmap(&worked_example(), &SectionsSpec::X86_64);
    let sections = sections(&model);
    let present: Vec<u64> = sections.present().map(SectionNr::get).collect();
    assert_eq!(present, (0..24).chain(32..56).collect::<Vec<_>>());
    let group = |node, first, last, count| Group {
        node: NodeId(node),
        first: SectionNr::new(first),
        last: SectionNr::new(last),
        count,
    };
    assert_eq!(
        sections.groups(),
        [group(0, 0, 35, 28), group(1, 36, 55, 20)]
    );
    assert_eq!(sections.geometry().section_count(), 524_288);
    assert_eq!(
        (sections.root_count(), sections.roots_allocated()),
        (4096, 1)
    );
    assert_eq!(sections.root_array_bytes(), 32_768);
    assert_eq!(sections.table_bytes(), 32_768 + 4096);
    assert_eq!(sections.usage_bytes(), 1568 + 1120);
    assert_eq!(model.cost(), 96 << 20);
    let root = sections.root(SectionNr::new(33));
    assert_eq!((root.number, root.slot, root.allocated), (0, 33, true));
    let root = sections.root(SectionNr::new(128));
    assert_eq!((root.number, root.slot, root.allocated), (1, 0, false));
    assert!(sections.get(SectionNr::new(128)).is_none());
    assert!(sections.get(SectionNr::new(u64::MAX)).is_none());
}

#[test]
fn the_worked_example_has_valid_holes_that_are_not_online() {
    let model = vmemmap(&worked_example(), &SectionsSpec::X86_64);
    let sections = sections(&model);
    for absent in [786_432, 900_000, 1_048_575, 1_835_008] {
        assert!(!model.pfn_valid(Pfn::new(absent)), "{absent}");
    }
    for hole in [0, 200, 786_410, 1_360_000] {
        assert!(model.pfn_valid(Pfn::new(hole)), "{hole}");
    }
    let hole = Pfn::new(1_360_000);
    assert_eq!(sections.geometry().subsection_of(hole), 32);
    let of_41 = sections
        .get(SectionNr::new(41))
        .unwrap()
        .subsections()
        .unwrap();
    assert_eq!(of_41.words(), [0xffff_ffff]);
    assert!(!sections.pfn_online(hole));
    assert!(sections.pfn_online(Pfn::new(0))); // frame 1 touches the sub-section
    // Before sections were divided, a valid frame of an online section is online.
    let model = vmemmap(&worked_example(), &UNDIVIDED);
    assert!(model.sections().unwrap().pfn_online(hole));
}

/// Sub-section bitmaps recorded of a machine with reservations cut out of its RAM.
#[test]
fn subsections_are_those_of_recorded_machines() {
    let check = |ranges: &[(u16, u64, u64)], expected: &[u64]| {
        let model = vmemmap(&memory(ranges), &SectionsSpec::X86_64);
        let words = sections(&model).present().map(|nr| {
            let section = sections(&model).get(nr).unwrap();
            section.subsections().unwrap().words()[0]
        });
        assert_eq!(words.collect::<Vec<_>>(), expected);
    };
    const FULL: u64 = u64::MAX;
    check(
        &[
            (0, 0x1000, 0x9f000),
            (0, 0x10_0000, 0x600_1000),
            (0, 0x62e_f000, 0x1330_0000),
            (0, 0x1580_0000, 0x2001_0000),
            (0, 0x2002_0000, 0x2ff0_0000),
            (0, 0x3040_0000, 0x3ffe_0000),
        ],
        &[
            FULL,
            FULL,
            0xffff_f000_03ff_ffff,
            FULL,
            FULL,
            FULL,
            0xffff_ffff_ffff_fffc,
            FULL,
        ],
    );
    check(
        &[
            (0, 0x1000, 0x9f000),
            (0, 0x10_0000, 0x2fe8_0000),
            (0, 0x2ff8_0000, 0x3d0d_b000),
        ],
        &[
            FULL,
            FULL,
            FULL,
            FULL,
            FULL,
            FULL,
            FULL,
            0x0000_01ff_ffff_ffff,
        ],
    );
}

#[test]
fn an_array_of_roots_is_part_of_the_kernel_or_made_when_needed() {
    let spec = |table| SectionsSpec {
        table,
        ..SectionsSpec::X86_64
    };
    let bytes = |table| sections(&vmemmap(&worked_example(), &spec(table))).table_bytes();
    assert_eq!(
        bytes(SectionTable::Extreme(RootArray::Static)),
        32_768 + 4096
    );
    // One level: every section there can be, 32 bytes each.
    assert_eq!(bytes(SectionTable::Static), 524_288 * 32);
    let model = vmemmap(&worked_example(), &spec(SectionTable::Static));
    let root = sections(&model).root(SectionNr::new(130));
    assert_eq!((root.number, root.slot, root.allocated), (130, 0, true));
}

#[test]
fn one_array_needs_one_node_and_covers_whole_blocks() {
    let flat = |ranges: &[(u16, u64, u64)], offset| {
        let mut place = one_after_another(DIRECT_MAP);
        FlatMem::new(&memory(ranges), Geometry::X86_64, offset, &mut place)
    };
    let ram = [(0, 0x1000, 0x9f000), (0, 0x10_0000, 0x3ffe_0000)];
    let model = flat(&ram, FlatOffset::Zero).unwrap();
    assert_eq!(model.covers(), pfns(0, 1 << 18));
    assert_eq!(model.cost(), 16 << 20);
    assert!(model.pfn_valid(Pfn::new(0x9f))); // in a hole
    assert!(!model.pfn_valid(Pfn::new(0x3ffe0)));
    assert!(model.sections().is_none());

    // Counted from the first frame of RAM, as on arm.
    let model = flat(&[(0, 0x6000_0000, 0x7000_0000)], FlatOffset::FirstFrame).unwrap();
    assert!(!model.pfn_valid(Pfn::new(0x5_ffff)));
    assert_eq!(
        model.pfn_to_page(Pfn::new(0x6_0000)),
        Some(PageAddr::new(DIRECT_MAP))
    );
    assert_eq!(model.pfn_to_page(Pfn::new(0x5_ffff)), None);

    let nodes = flat(
        &[(0, 0, 0x1000_0000), (1, 0x1000_0000, 0x2000_0000)],
        FlatOffset::Zero,
    );
    assert_eq!(nodes, Err(ModelError::SeveralNodes(2)));
    assert_eq!(flat(&[], FlatOffset::Zero), Err(ModelError::NoMemory));
    let far = flat(&[(0, 0, u64::MAX)], FlatOffset::Zero);
    assert_eq!(far, Err(ModelError::Unreachable(pfns(0, u64::MAX >> 12))));
    let refused = FlatMem::new(
        &memory(&ram),
        Geometry::X86_64,
        FlatOffset::Zero,
        &mut |_| None,
    );
    assert_eq!(refused, Err(ModelError::NoPlace(16 << 20)));
}

#[test]
fn nodes_that_interleave_have_arrays_that_overlap() {
    let ranges = [
        (0, 0, 64 << 20),
        (1, 64 << 20, 128 << 20),
        (0, 128 << 20, 192 << 20),
    ];
    let mut place = one_after_another(DIRECT_MAP);
    let model = DiscontigMem::new(&memory(&ranges), Geometry::X86_64, &mut place).unwrap();
    assert_eq!(model.cost(), (192 + 64) << 20 >> 6);
    let pfn = Pfn::new((100 << 20) >> 12);
    assert_eq!(model.node_of(pfn), Some(NodeId(1)));
    let page = model.pfn_to_page(pfn).unwrap();
    assert_eq!(model.page_to_pfn(page), Some(pfn));
    assert_eq!(model.page_to_pfn_of(page, NodeId(1)), Some(pfn));
    assert_eq!(model.page_to_pfn_of(page, NodeId(0)), None);
}

#[test]
fn only_one_virtual_array_makes_neighbours_of_sections() {
    let gap = |model: &dyn MemoryModel| {
        let border = 32 * 32_768; // sections 31 and 32
        let [before, behind] = [border - 1, border].map(|pfn| model.pfn_to_page(Pfn::new(pfn)));
        Some(behind?.get().wrapping_sub(before?.get()))
    };
    let memory = memory(&[(0, 31 << 27, 32 << 27), (1, 32 << 27, 33 << 27)]);
    assert_eq!(gap(&vmemmap(&memory, &SectionsSpec::X86_64)), Some(64));
    // Between the two maps lies the usage area of the second group.
    let mut place = one_after_another(DIRECT_MAP);
    let plain = SparseMem::new(&memory, &SectionsSpec::X86_64, &mut place).unwrap();
    assert_ne!(gap(&plain), Some(64));
    // Arithmetic works where there is nothing; a plain section without a map has no answer.
    let model = vmemmap(&memory, &SectionsSpec::X86_64);
    assert_eq!(
        model.pfn_to_page(Pfn::new(5)),
        Some(VMEMMAP_X86_64.forward(5, 64))
    );
    assert_eq!(plain.pfn_to_page(Pfn::new(5)), None);
}

#[test]
fn memory_no_address_reaches_has_no_section() {
    let limit = Geometry::X86_64.end().get() << 12;
    let model = vmemmap(
        &memory(&[(0, limit - (1 << 27), limit + (1 << 27))]),
        &SectionsSpec::X86_64,
    );
    let present: Vec<u64> = sections(&model).present().map(SectionNr::get).collect();
    assert_eq!(present, [524_287]);
    assert!(!model.pfn_valid(Pfn::new(limit >> 12)));
    // Bits above the address are not cut off.
    let low = vmemmap(&memory(&[(0, 0, 1 << 27)]), &SectionsSpec::X86_64);
    assert!(low.pfn_valid(Pfn::new(5)));
    assert!(!low.pfn_valid(Pfn::new(1 << 52 | 5)));
    let nowhere = memory(&[(0, limit, limit + 4096)]);
    let mut place = one_after_another(DIRECT_MAP);
    let refused = Vmemmap::new(&nowhere, &SectionsSpec::X86_64, VMEMMAP_X86_64, &mut place);
    assert_eq!(refused, Err(ModelError::NoMemory));
}

#[test]
fn every_model_says_what_the_same_gibibyte_costs() {
    // 1 GiB contiguous: 8 sections, 16 MiB. The worked example: 48 sections, 96 MiB.
    let cost = |model: Model, ranges: &[MemRange]| {
        let mut place = one_after_another(DIRECT_MAP);
        model
            .build(ranges, &SectionsSpec::X86_64, &mut place)
            .map(|model| model.cost() >> 20)
    };
    for model in Model::ALL {
        assert_eq!(cost(model, &memory(&[(0, 0, 1 << 30)])), Ok(16), "{model}");
        assert_eq!(Model::by_name(model.name()), Some(model));
    }
    // Spans, against sections: 1 179 648 + 655 360 frames.
    assert_eq!(
        cost(Model::Discontig, &worked_example()),
        Ok((1_179_648 + 655_360) >> 14)
    );
    assert_eq!(cost(Model::SparseStatic, &worked_example()), Ok(96));
    assert_eq!(cost(Model::SparseExtreme, &worked_example()), Ok(96));
    assert_eq!(cost(Model::SparseVmemmap, &worked_example()), Ok(96));
    assert_eq!(UsageLayout::RcuSubsections.bytes(&Geometry::X86_64, 32), 56);
}
