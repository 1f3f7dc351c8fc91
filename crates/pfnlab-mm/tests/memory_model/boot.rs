//! What a booting kernel asks its boot allocator for, and what it does when refused.

use super::*;

/// What recorded kernels asked their boot allocator for: bytes, alignment, node, exactly there.
#[test]
fn memory_is_asked_for_as_recorded_kernels_did() {
    type Asked = (MapPart, u64, u64, u16, bool);
    let check = |name: &str, ranges: &[(u16, u64, u64)], spec: SectionsSpec, expected: &[Asked]| {
        let mut asked: Vec<Asked> = Vec::new();
        let mut found = one_after_another(DIRECT_MAP);
        let mut place = |request: &MapRequest| {
            let MapRequest {
                part,
                node,
                exact_node,
                bytes,
                align,
            } = *request;
            asked.push((part, bytes, align, node.0, exact_node));
            found(request)
        };
        Vmemmap::new(&memory(ranges), &spec, VMEMMAP_X86_64, &mut place).unwrap();
        assert_eq!(asked, expected, "{name}");
    };
    use MapPart::{Buffer, Map, Usage};
    const MIB: u64 = 1 << 20;
    let pristine = |era| SectionsSpec {
        era,
        wide_entry: false,
        zone_device: false,
        hotremove: false,
        ..SectionsSpec::X86_64
    };
    let two = [
        (0, 0x1000, 0x9f000),
        (0, 0x10_0000, 0x4000_0000),
        (1, 0x4000_0000, 0x7ffe_0000),
    ];
    check(
        "4.14.177, two nodes: first all usage areas",
        &two,
        pristine(SectionEra::OnlineBit),
        &[
            (Usage, 256, 64, 0, false),
            (Usage, 256, 64, 0, false),
            (Buffer, 16 * MIB, 2 * MIB, 0, false),
            (Buffer, 16 * MIB, 2 * MIB, 1, false),
        ],
    );
    // The buffer starts anywhere, so one map less fits: the last section asks for itself.
    check(
        "5.0.1, two nodes",
        &two,
        pristine(SectionEra::OnePass),
        &[
            (Usage, 256, 64, 0, false),
            (Buffer, 16 * MIB, 4096, 0, false),
            (Map, 2 * MIB, 2 * MIB, 0, false),
            (Usage, 256, 64, 0, false),
            (Buffer, 16 * MIB, 4096, 1, false),
            (Map, 2 * MIB, 2 * MIB, 1, false),
        ],
    );
    check(
        "6.1.0, two nodes",
        &two,
        pristine(SectionEra::EarlyBit),
        &[
            (Usage, 320, 64, 0, false),
            (Buffer, 16 * MIB, 2 * MIB, 0, true),
            (Usage, 320, 64, 0, false),
            (Buffer, 16 * MIB, 2 * MIB, 1, true),
        ],
    );
    // Nodes that meet one frame behind a section's start: the first one has the section.
    let uneven = [
        (0, 0x1000, 0x9f000),
        (0, 0x10_0000, 0x2000_1000),
        (1, 0x2000_1000, 0x4000_1000),
        (2, 0x4000_1000, 0x6000_1000),
        (3, 0x6000_1000, 0x7ffe_0000),
    ];
    check(
        "6.12.0, four emulated nodes",
        &uneven,
        pristine(SectionEra::RcuUsage),
        &[
            (Usage, 280, 64, 0, false),
            (Buffer, 10 * MIB, 2 * MIB, 0, true),
            (Usage, 224, 64, 0, false),
            (Buffer, 8 * MIB, 2 * MIB, 1, true),
            (Usage, 224, 64, 0, false),
            (Buffer, 8 * MIB, 2 * MIB, 2, true),
            (Usage, 168, 64, 0, false),
            (Buffer, 6 * MIB, 2 * MIB, 3, true),
        ],
    );
    let large = [
        (0, 0x1000, 0x9f000),
        (0, 0x10_0000, 0xbffe_0000),
        (0, 0x1_0000_0000, 0x3_4000_0000),
        (1, 0x3_4000_0000, 0x8_4000_0000),
    ];
    check(
        "6.12.117 of a distribution, 12 and 20 GiB",
        &large,
        SectionsSpec {
            geometry: Geometry::X86_64_LA57,
            ..SectionsSpec::X86_64
        },
        &[
            (Usage, 5376, 64, 0, false),
            (Buffer, 192 * MIB, 2 * MIB, 0, true),
            (Usage, 8960, 64, 1, false),
            (Buffer, 320 * MIB, 2 * MIB, 1, true),
        ],
    );
    // The same machine's table: an array of 2 MiB, and three roots.
    let spec = SectionsSpec {
        geometry: Geometry::X86_64_LA57,
        ..SectionsSpec::X86_64
    };
    let model = vmemmap(&memory(&large), &spec);
    assert_eq!(sections(&model).root_array_bytes(), 2_097_152);
    assert_eq!(sections(&model).roots_allocated(), 3);
    let model = vmemmap(&memory(&two), &pristine(SectionEra::EarlyBit));
    assert_eq!(sections(&model).root_array_bytes(), 16_384);
}

/// Refuses all buffers, and the map of the `fail`th section that asks for itself.
fn scarce(fail: u64) -> impl FnMut(&MapRequest) -> Option<PageAddr> {
    let (mut next, mut maps) = (one_after_another(DIRECT_MAP), 0);
    move |request| {
        maps += u64::from(request.part == MapPart::Map);
        let refused = match request.part {
            MapPart::Usage => false,
            MapPart::Buffer => true,
            MapPart::Map => maps == fail,
        };
        (!refused).then(|| next(request)).flatten()
    }
}

#[test]
fn a_section_without_a_map_is_absent_and_maybe_the_rest_of_its_group() {
    let present = |era| {
        let spec = SectionsSpec {
            era,
            ..SectionsSpec::X86_64
        };
        let four = memory(&[(0, 0, 0x2000_0000), (1, 0x2000_0000, 0x3000_0000)]);
        let model = SparseMem::new(&four, &spec, &mut scarce(2)).unwrap();
        sections(&model)
            .present()
            .map(SectionNr::get)
            .collect::<Vec<_>>()
    };
    assert_eq!(present(SectionEra::MapOnly), [0, 2, 3, 4, 5]);
    assert_eq!(present(SectionEra::RcuUsage), [0, 4, 5]);
}
