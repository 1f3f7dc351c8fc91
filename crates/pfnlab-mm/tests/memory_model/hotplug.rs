//! Sections and parts of them come and go.

use super::*;

#[test]
fn parts_of_a_section_come_and_go() {
    let mut model = vmemmap(&memory(&[(0, 0, 1 << 27)]), &SectionsSpec::X86_64);
    let cost = model.cost();
    // Two sub-sections of section 3.
    let part = pfns(3 * 32_768 + 512, 3 * 32_768 + 1536);
    let page = model.activate(part, NodeId(2)).unwrap();
    assert_eq!(page, VMEMMAP_X86_64.forward(part.start().get(), 64));
    assert_eq!(model.cost() - cost, 1024 * 64);
    let word = sections(&model).get(SectionNr::new(3)).unwrap().word;
    assert_eq!(word.bits(), VMEMMAP_X86_64.get() | 0b11); // neither early nor online
    assert_eq!(sections(&model).node_of(part.start()), Some(NodeId(2)));
    assert!(model.pfn_valid(part.start()));
    assert!(!model.pfn_valid(Pfn::new(3 * 32_768)));
    assert!(!sections(&model).pfn_online(part.start()));
    model.set_online(SectionNr::new(3), true);
    assert!(sections(&model).pfn_online(part.start()));

    assert_eq!(
        model.activate(part, NodeId(2)),
        Err(ActivateError::Exists(part))
    );
    let crooked = pfns(3 * 32_768, 3 * 32_768 + 100);
    assert_eq!(
        model.activate(crooked, NodeId(2)),
        Err(ActivateError::NotWhole(crooked))
    );
    let across = pfns(4 * 32_768 - 512, 4 * 32_768 + 512);
    assert_eq!(
        model.activate(across, NodeId(2)),
        Err(ActivateError::NotWhole(across))
    );
    let empty = pfns(4 * 32_768, 4 * 32_768);
    assert_eq!(
        model.activate(empty, NodeId(2)),
        Err(ActivateError::NotWhole(empty))
    );
    let beyond = PfnRange::sized(Geometry::X86_64.end(), 512);
    assert_eq!(
        model.activate(beyond, NodeId(2)),
        Err(ActivateError::BeyondTheLast(beyond))
    );

    let more = pfns(3 * 32_768 + 512, 3 * 32_768 + 2048);
    assert_eq!(model.deactivate(more), Err(DeactivateError::NotThere(more)));
    assert_eq!(
        model.deactivate(crooked),
        Err(DeactivateError::NotWhole(crooked))
    );
    let first = pfns(3 * 32_768 + 512, 3 * 32_768 + 1024);
    let done = model.deactivate(first).unwrap();
    assert_eq!(
        (done.map_freed, done.usage_freed, done.section_gone),
        (Some(first), false, false)
    );
    let last = pfns(3 * 32_768 + 1024, 3 * 32_768 + 1536);
    let done = model.deactivate(last).unwrap();
    assert_eq!(
        (done.map_freed, done.usage_freed, done.section_gone),
        (Some(last), true, true)
    );
    assert_eq!(
        sections(&model).get(SectionNr::new(3)).unwrap().word,
        SectionWord::default()
    );
    assert_eq!(model.cost(), cost);
}

#[test]
fn a_section_from_boot_keeps_its_map_until_it_is_empty() {
    // RAM in the first half of the section.
    let mut model = vmemmap(&memory(&[(0, 0, 1 << 26)]), &SectionsSpec::X86_64);
    let cost = model.cost();
    let upper = pfns(1 << 14, 1 << 15);
    assert!(model.pfn_valid(upper.start())); // early: all of it
    model.activate(upper, NodeId(0)).unwrap();
    assert_eq!(model.cost(), cost); // the map was there already
    assert!(sections(&model).pfn_online(upper.start()));
    let done = model.deactivate(upper).unwrap();
    assert_eq!((done.map_freed, done.section_gone), (None, false));
    assert!(model.pfn_valid(upper.start()));
    let lower = pfns(0, 1 << 14);
    let done = model.deactivate(lower).unwrap();
    let whole = Some(pfns(0, 1 << 15));
    assert_eq!(
        (done.map_freed, done.usage_freed, done.section_gone),
        (whole, false, true)
    );
    assert!(!model.pfn_valid(Pfn::new(0)));
    assert_eq!(model.cost(), 0);
    // Added again it is like any section added later.
    model.activate(lower, NodeId(0)).unwrap();
    assert!(!model.pfn_valid(upper.start()));
}

#[test]
fn plain_and_undivided_sections_come_and_go_whole() {
    let mut place = one_after_another(DIRECT_MAP);
    for era in SectionEra::ALL {
        let spec = SectionsSpec {
            era,
            ..SectionsSpec::X86_64
        };
        let mut model = SparseMem::new(&memory(&[(0, 0, 1 << 27)]), &spec, &mut place).unwrap();
        let section = pfns(5 * 32_768, 6 * 32_768);
        let part = pfns(5 * 32_768, 5 * 32_768 + 512);
        let refused = model.activate(part, NodeId(0), &mut place);
        assert_eq!(refused, Err(ActivateError::NotWhole(part)));
        let refused = model.activate(section, NodeId(0), &mut |_| None);
        assert_eq!(refused, Err(ActivateError::NoPlace(2 << 20)));
        let page = model.activate(section, NodeId(0), &mut place).unwrap();
        assert_eq!(model.pfn_to_page(section.start()), Some(page));
        assert_eq!(model.page_to_pfn(page), Some(section.start()));
        assert!(model.pfn_valid(section.start()));
        let again = model.activate(section, NodeId(0), &mut place);
        assert_eq!(again, Err(ActivateError::Exists(section)));
        assert!(model.deactivate(section).unwrap().section_gone, "{era:?}");
        assert_eq!(model.pfn_to_page(section.start()), None);
        assert_eq!(model.page_to_pfn(page), None);
        assert_eq!(
            model.deactivate(section),
            Err(DeactivateError::NotThere(section))
        );

        let mut array = vmemmap(&memory(&[(0, 0, 1 << 27)]), &spec);
        assert_eq!(
            array.activate(part, NodeId(0)).is_ok(),
            era.has_subsections()
        );
    }
}
