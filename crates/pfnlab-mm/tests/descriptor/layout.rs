//! Where section, node and zone stand in the flags word.

use super::*;

#[test]
fn fields_are_where_the_specification_says() {
    let check = |spec: LayoutSpec, expected: [(u32, u32); 3]| {
        let layout = layout(spec);
        let got = [layout.section, layout.node, layout.zone].map(|f| (f.shift(), f.width));
        assert_eq!(got, expected, "{spec:?}");
    };
    check(LayoutSpec::X86_64, [(0, 0), (58, 6), (55, 3)]);
    let nodes_shift = 10;
    check(
        LayoutSpec {
            nodes_shift,
            ..LayoutSpec::X86_64
        },
        [(0, 0), (54, 10), (51, 3)],
    );
    check(
        LayoutSpec {
            zones: 4,
            ..LayoutSpec::X86_64
        },
        [(0, 0), (58, 6), (56, 2)],
    );
    check(PLAIN_SPARSE, [(45, 19), (39, 6), (36, 3)]);
    check(NARROW, [(26, 6), (0, 0), (24, 2)]);
}

#[test]
fn a_zone_needs_as_many_bits_as_there_are_kinds() {
    let width = |zones| {
        layout(LayoutSpec {
            zones,
            ..LayoutSpec::X86_64
        })
        .zone
        .width
    };
    assert_eq!([1, 2, 3, 4, 5, 8].map(width), [0, 1, 2, 2, 3, 3]);
}

#[test]
fn what_does_not_fit_stands_elsewhere_or_nowhere() {
    assert!(layout(NARROW).node_in_table());
    assert!(!layout(PLAIN_SPARSE).node_in_table());
    let virtual_array = LayoutSpec {
        vmemmap: true,
        nodes_shift: 9,
        ..NARROW
    };
    let refused = FlagsLayout::new(virtual_array);
    assert_eq!(refused, Err(LayoutError::NoRoom(virtual_array)));
    // 8192 CPUs: 8 + 13 bits fit beside 23 flags, 6 and 3, but not beside 19 more.
    let balancing = |spec| {
        layout(LayoutSpec {
            balancing_cpus: Some(8192),
            ..spec
        })
    };
    assert_eq!(balancing(LayoutSpec::X86_64).last_cpupid.width, 21);
    assert!(!balancing(LayoutSpec::X86_64).last_cpupid_beside());
    assert_eq!(balancing(PLAIN_SPARSE).last_cpupid.width, 0);
    assert!(balancing(PLAIN_SPARSE).last_cpupid_beside());
    for bad in [
        LayoutSpec {
            word_bits: 16,
            ..LayoutSpec::X86_64
        },
        LayoutSpec {
            zones: 9,
            ..LayoutSpec::X86_64
        },
        LayoutSpec {
            zones: 0,
            ..LayoutSpec::X86_64
        },
        LayoutSpec {
            nodes_shift: 17,
            ..LayoutSpec::X86_64
        },
        LayoutSpec {
            flags: 65,
            ..LayoutSpec::X86_64
        },
        LayoutSpec {
            flags: u32::MAX,
            ..LayoutSpec::X86_64
        },
    ] {
        assert!(FlagsLayout::new(bad).is_err(), "{bad:?}");
    }
}

/// What running kernels printed, given how they were built.
#[test]
fn layouts_are_reported_in_the_words_of_real_boots() {
    let check = |spec: LayoutSpec, form: ReportForm, lines: &str| {
        let layout = layout(spec);
        let report = LayoutReport {
            layout: &layout,
            form,
        }
        .to_string();
        assert_eq!(report, lines, "{spec:?}");
    };
    // The recorded 2.6.37 and 3.8: four kinds of zone, 16 nodes, no optional flag.
    for era in [DescriptorEra::BuddyFlag, DescriptorEra::BuddyMapcount] {
        let numbers = FlagNumbers::new(era, FlagOptions::X86_64_MINIMAL);
        let spec = LayoutSpec {
            flags: numbers.count(),
            zones: 4,
            nodes_shift: 4,
            ..LayoutSpec::X86_64
        };
        check(
            spec,
            era.report(),
            "mminit::pageflags_layout_widths Section 0 Node 4 Zone 2 Flags 23\n\
             mminit::pageflags_layout_shifts Section 19 Node 4 Zone 2\n\
             mminit::pageflags_layout_offsets Section 0 Node 60 Zone 58\n\
             mminit::pageflags_layout_zoneid Zone ID: 58 -> 64\n\
             mminit::pageflags_layout_usage location: 64 -> 58 unused 58 -> 23 flags 23 -> 0\n",
        );
    }
    // An SGI Origin with 5.3, from its boot log on the linux-mips list, 2019-09-10: sections in
    // the flags.
    let origin = LayoutSpec {
        flags: 22,
        zones: 2,
        nodes_shift: 6,
        sections_shift: Some(20),
        vmemmap: false,
        ..LayoutSpec::X86_64
    };
    check(
        origin,
        ReportForm::LastCpupid,
        "mminit::pageflags_layout_widths Section 20 Node 6 Zone 1 Lastcpupid 0 Flags 22\n\
         mminit::pageflags_layout_shifts Section 20 Node 6 Zone 1 Lastcpupid 0\n\
         mminit::pageflags_layout_pgshifts Section 44 Node 38 Zone 37 Lastcpupid 0\n\
         mminit::pageflags_layout_nodezoneid Node/Zone ID: 44 -> 37\n\
         mminit::pageflags_layout_usage location: 64 -> 37 layout 37 -> 22 unused 22 -> 0 page-flags\n",
    );
    // An arm64 server with 6.x, from its boot log on the linux-kernel list, 2025-07-23: six kinds
    // of zone, 4096 CPUs, generations.
    let server = LayoutSpec {
        flags: 26,
        zones: 6,
        nodes_shift: 8,
        sections_shift: Some(21),
        balancing_cpus: Some(4096),
        lru_gen: true,
        ..LayoutSpec::X86_64
    };
    check(
        server,
        ReportForm::Generations,
        "mminit::pageflags_layout_widths Section 0 Node 8 Zone 3 Lastcpupid 20 Kasantag 0 Gen 3 Tier 2 Flags 26\n\
         mminit::pageflags_layout_shifts Section 21 Node 8 Zone 3 Lastcpupid 20 Kasantag 0\n\
         mminit::pageflags_layout_pgshifts Section 0 Node 56 Zone 53 Lastcpupid 33 Kasantag 0\n\
         mminit::pageflags_layout_nodezoneid Node/Zone ID: 64 -> 53\n\
         mminit::pageflags_layout_usage location: 64 -> 28 layout 28 -> 26 unused 26 -> 0 page-flags\n",
    );
    // A board with arm64 6.x, one node.
    let board = LayoutSpec {
        flags: 25,
        zones: 4,
        nodes_shift: 0,
        sections_shift: Some(21),
        ..LayoutSpec::X86_64
    };
    check(
        board,
        ReportForm::Generations,
        "mminit::pageflags_layout_widths Section 0 Node 0 Zone 2 Lastcpupid 0 Kasantag 0 Gen 0 Tier 0 Flags 25\n\
         mminit::pageflags_layout_shifts Section 21 Node 0 Zone 2 Lastcpupid 0 Kasantag 0\n\
         mminit::pageflags_layout_pgshifts Section 0 Node 0 Zone 62 Lastcpupid 0 Kasantag 0\n\
         mminit::pageflags_layout_nodezoneid Node/Zone ID: 64 -> 62\n\
         mminit::pageflags_layout_usage location: 64 -> 62 layout 62 -> 25 unused 25 -> 0 page-flags\n",
    );
}

#[test]
fn a_zone_id_is_node_and_zone_or_section_and_zone() {
    let wide = layout(LayoutSpec::X86_64);
    let word = wide.set_links(0x7f_ffff, links(0, 5, 2)).unwrap();
    assert_eq!(word >> 55 & 0x1ff, 5 * 8 + 2);
    assert_eq!(wide.zone_id(word), 5 * 8 + 2);
    assert_eq!(wide.zone_id_form(), ZoneIdForm::NodeZone);

    let narrow = layout(NARROW);
    let id = |section| narrow.zone_id(narrow.set_links(0, links(section, 5, 2)).unwrap());
    assert_eq!(narrow.zone_id_form(), ZoneIdForm::SectionZone);
    assert_eq!(id(9), 9 * 4 + 2);
    assert_ne!(id(9), id(10)); // harmless: no block crosses a section
}

#[test]
fn a_node_without_room_is_found_by_its_section() {
    let geometry = Geometry::ALL
        .iter()
        .find(|(name, _)| *name == "x86_32")
        .unwrap()
        .1;
    let memory = [(0, 0x1000, 0), (0x8000, 0x1_0000, 5)].map(|(start, end, node)| MemRange {
        range: PfnRange::new(Pfn::new(start), Pfn::new(end)).unwrap(),
        node: NodeId(node),
    });
    let spec = SectionsSpec {
        geometry,
        table: SectionTable::Static,
        ..SectionsSpec::X86_64
    };
    let model = SparseMem::new(&memory, &spec, &mut one_after_another(0xc100_0000)).unwrap();
    let table = SectionNodes::new(model.sections().unwrap(), NARROW.nodes_shift);
    let layout = layout(NARROW);
    let section = geometry.section_of(Pfn::new(0x9000));
    let word = layout
        .set_links(
            0,
            Links {
                section,
                ..links(0, 5, 1)
            },
        )
        .unwrap();
    assert_eq!(layout.links(word).node, NodeId(0)); // not in the word
    assert_eq!(table.node(layout.links(word).section), NodeId(5));
    assert_eq!(table.node(SectionNr::new(u64::MAX)), NodeId(0));
    assert_eq!(table.bytes(), 64);
    assert_eq!(SectionNodes::new(model.sections().unwrap(), 9).bytes(), 128);
}

fn specs() -> impl Strategy<Value = LayoutSpec> {
    let build = (
        proptest::sample::select(vec![32u32, 64]),
        10..30u32,
        1..=8u32,
        0..=10u32,
        proptest::option::of(0..=25u32),
        any::<bool>(),
        proptest::option::of(1..=8192u32),
        any::<bool>(),
        any::<bool>(),
    );
    build.prop_map(
        |(word_bits, flags, zones, nodes_shift, sections_shift, vmemmap, cpus, tags, lru)| {
            LayoutSpec {
                word_bits,
                flags,
                zones,
                nodes_shift,
                sections_shift,
                vmemmap,
                balancing_cpus: cpus,
                kasan_tags: tags,
                lru_gen: lru,
            }
        },
    )
}

proptest! {
    /// Fields do not overlap each other or the flags, and are packed from the top.
    #[test]
    fn fields_are_packed_and_apart(spec in specs()) {
        let Ok(layout) = FlagsLayout::new(spec) else { return Ok(()); };
        let mut top = spec.word_bits;
        let mut together = 0u64;
        let mut sum = 0u64;
        for field in layout.fields() {
            top -= field.width;
            prop_assert_eq!(field.offset, top);
            together |= field.mask_in_place();
            sum = sum.wrapping_add(field.mask_in_place());
        }
        prop_assert_eq!(together, sum);
        prop_assert!(top >= spec.flags);
        prop_assert_eq!(together & ((1u64 << spec.flags) - 1), 0);
    }

    /// What was written is read, whatever else stands in the word; writing twice changes nothing.
    #[test]
    fn links_come_back(spec in specs(), word in any::<u64>(), section in any::<u64>(),
                       node in any::<u16>(), zone in any::<u8>()) {
        let Ok(layout) = FlagsLayout::new(spec) else { return Ok(()); };
        let word = if spec.word_bits == 32 { word & u64::from(u32::MAX) } else { word };
        let section = section & layout.section.mask();
        let node = (u32::from(node) & ((1 << spec.nodes_shift) - 1)) as u16;
        let zone = zone % spec.zones as u8;
        let written = layout.set_links(word, links(section, node, zone)).unwrap();
        let read = layout.links(written);
        let node_read = if layout.node_in_table() { 0 } else { node };
        prop_assert_eq!(read, links(section, node_read, zone));
        prop_assert_eq!(layout.set_links(written, links(section, node, zone)), Ok(written));
        let places = [layout.section, layout.node, layout.zone].map(Field::mask_in_place);
        let rest = !places.iter().fold(0, |all, mask| all | mask);
        prop_assert_eq!(written & rest, word & rest);
        let id = match layout.zone_id_form() {
            ZoneIdForm::NodeZone => u64::from(node) << layout.zone.width | u64::from(zone),
            ZoneIdForm::SectionZone => section << layout.zone.width | u64::from(zone),
        };
        prop_assert_eq!(layout.zone_id(written), id);
        prop_assert_eq!(layout.set_links(word, links(section, node, spec.zones as u8)),
            Err(LinksError::Zone(spec.zones as u8)));
    }
}
