//! The extension of page descriptors: the walk number for number, sizes, addresses, and what happens
//! when memory runs out, comes, or goes.

use crate::common::{Scribe, frames};
use pfnlab_clients::page_ext::{
    BootReport, ClientKind, EarlyMemory, Entry, Flag, FlatTable, HoleRule, Needs, PageExt,
    SectionMap, Sections, TableSource, VMALLOC_START, VisitOutcome,
};
use pfnlab_clients::{Generation, MemoryNotifier};
use pfnlab_model::{
    CpuId, Event, MachineSpec, MemRange, MemoryNotice, MemoryStep, NodeId, NodeSpec, Order,
    PageExtEvent, Pfn,
};

const CPU: CpuId = CpuId(0);
/// 128 MiB in frames.
const SECTION: u64 = 32_768;

fn generation(name: &str) -> &'static Generation {
    Generation::by_name(name).unwrap()
}

fn ram(node: u16, start: u64, end: u64) -> MemRange {
    MemRange {
        range: frames(start, end),
        node: NodeId(node),
    }
}

fn boot(
    name: &str,
    clients: &[ClientKind],
    sections: SectionMap,
    memory: &mut Scribe,
) -> (PageExt<SectionMap>, BootReport) {
    let needs = Needs::of(clients);
    let booted = PageExt::boot(generation(name), &needs, sections, CPU, memory, &mut ());
    booted.unwrap().unwrap()
}

/// The machine of the worked example: two nodes, 6 GiB, holes.
fn worked_example() -> SectionMap {
    let memory = [
        ram(0, 1, 159),
        ram(0, 256, 786_400),
        ram(0, 1_048_576, 1_179_648),
        ram(1, 1_179_648, 1_359_872),
        ram(1, 1_376_256, 1_835_008),
    ];
    SectionMap::new(SECTION, &memory)
}

/// The table of sizes: entry, bytes for a section, frames used of the block they are cut from.
#[test]
fn entries_and_tables_have_the_kernels_sizes() {
    use ClientKind::{GuardPage, PageOwner};
    let cases = [
        ("linux-4.14", GuardPage, 8, 262_144, 64),
        ("linux-4.14", PageOwner, 24, 786_432, 192),
        ("linux-5.0", PageOwner, 20, 655_360, 160),
        ("linux-6.1.y", PageOwner, 64, 2_097_152, 512),
        ("linux-6.12.y", PageOwner, 72, 2_359_296, 576),
    ];
    for (name, client, entry, bytes, run) in cases {
        let mut memory = Scribe::default();
        let sections = SectionMap::new(SECTION, &[ram(0, 0, SECTION)]);
        let (page_ext, report) = boot(name, &[client], sections, &mut memory);
        assert_eq!(page_ext.entry().size(), entry, "{name}");
        assert_eq!(report.bytes, bytes, "{name}");
        let order = Order::covering(run).unwrap();
        assert_eq!(memory.asked[0].order, order, "{name}");
        assert_eq!(
            memory.asked[0].gfp.to_string(),
            "GFP_KERNEL|__GFP_ZERO|__GFP_NOWARN"
        );
        assert_eq!(
            memory.lent.len() as u64,
            run,
            "the rest of the block went back"
        );
    }
}

#[test]
fn clients_lie_one_behind_the_other() {
    use ClientKind::{AllocTag, GuardPage, PageIdle, PageOwner, PageTableCheck};
    let entry = |name, needs: &[ClientKind]| {
        Entry::new(generation(name).page_ext().unwrap(), &Needs::of(needs))
    };
    let old = entry("linux-4.14", &[PageOwner, GuardPage]).unwrap();
    assert_eq!(
        (old.offset(GuardPage), old.offset(PageOwner)),
        (Some(8), Some(8))
    );
    // 6.12: the word is there only if a client that keeps something uses it.
    let tags = entry("linux-6.12.y", &[AllocTag, PageTableCheck]).unwrap();
    assert_eq!(
        (tags.has_flags(), tags.offset(AllocTag), tags.size()),
        (false, Some(0), 16)
    );
    let idle = entry("linux-6.12.y", &[AllocTag, PageIdle]).unwrap();
    assert_eq!(
        (idle.has_flags(), idle.offset(AllocTag), idle.size()),
        (true, Some(8), 16)
    );
    assert_eq!(entry("linux-6.12.y", &[]), None, "nobody keeps anything");
    assert_eq!(
        entry("linux-6.12.y", &[GuardPage]),
        None,
        "it has a page type of its own"
    );
    for name in ["linux-2.6.37", "linux-3.8"] {
        assert!(generation(name).page_ext().is_none(), "before 3.19");
    }
}

#[test]
fn bits_of_the_shared_word() {
    let bit = |name, flag| generation(name).page_ext().unwrap().bit(flag);
    assert_eq!(bit("linux-4.14", Flag::DebugGuard), Some(1));
    assert_eq!(bit("linux-4.14", Flag::Owner), Some(2));
    assert_eq!(bit("linux-5.0", Flag::DebugGuard), Some(0));
    assert_eq!(bit("linux-5.0", Flag::OwnerAllocated), None);
    assert_eq!(bit("linux-6.1.y", Flag::Owner), Some(0));
    assert_eq!(bit("linux-6.12.y", Flag::Idle), Some(3));
}

/// The worked example, 6.12 with page_owner: every stop, and the line of the boot log.
#[test]
fn the_walk_over_the_worked_example() {
    let mut memory = Scribe::default();
    let (page_ext, report) = boot(
        "linux-6.12.y",
        &[ClientKind::PageOwner],
        worked_example(),
        &mut memory,
    );
    assert_eq!(report.line(), "allocated 113246208 bytes of page_ext");
    let stops = |node| {
        let visits = report
            .visits
            .iter()
            .filter(move |visit| visit.node == NodeId(node));
        visits
            .map(|visit| (visit.pfn.get(), visit.outcome))
            .collect::<Vec<_>>()
    };
    let stepped = |first: u64, end: u64| (first..end).step_by(SECTION as usize);
    let mut node_0 = vec![(1, VisitOutcome::Made)];
    node_0.extend(stepped(SECTION, 786_432).map(|pfn| (pfn, VisitOutcome::Made)));
    node_0.extend(stepped(786_432, 1_048_576).map(|pfn| (pfn, VisitOutcome::Invalid)));
    node_0.extend(stepped(1_048_576, 1_179_648).map(|pfn| (pfn, VisitOutcome::Made)));
    assert_eq!(stops(0), node_0);
    let node_1: Vec<_> = stepped(1_179_648, 1_835_008)
        .map(|pfn| (pfn, VisitOutcome::Made))
        .collect();
    assert_eq!(stops(1), node_1);
    assert_eq!(node_1.last().unwrap().0, 1_802_240);
    // Tables lie on the node they are for.
    assert!(
        matches!(page_ext.source(36), Some(TableSource::Run(run)) if run.start().get() >= crate::common::NODE_1)
    );
    let asked: Vec<_> = memory
        .asked
        .iter()
        .map(|request| request.node.unwrap().0)
        .collect();
    assert_eq!(
        (asked.iter().filter(|&&node| node == 0).count(), asked.len()),
        (28, 48)
    );
}

#[test]
fn the_worked_example_with_4_14() {
    let needs = [ClientKind::PageOwner];
    let (_, report) = boot(
        "linux-4.14",
        &needs,
        worked_example(),
        &mut Scribe::default(),
    );
    assert_eq!(report.bytes, 37_748_736);
}

/// N0, N1, N2, N0 again, in whole sections: each is visited by every node whose span holds it, and
/// made once, by its owner.
#[test]
fn interleaved_nodes_make_each_table_once() {
    let at = |section: u64| section * SECTION;
    let memory = [
        ram(0, at(0), at(2)),
        ram(1, at(2), at(4)),
        ram(2, at(4), at(5)),
        ram(0, at(5), at(6)),
        ram(1, at(6), at(7)),
    ];
    let sections = SectionMap::new(SECTION, &memory);
    let (_, report) = boot(
        "linux-6.1.y",
        &[ClientKind::PageOwner],
        sections,
        &mut Scribe::default(),
    );
    let stops: Vec<_> = report
        .visits
        .iter()
        .map(|visit| (visit.node.0, visit.pfn.get() / SECTION, visit.outcome))
        .collect();
    let foreign = |node| VisitOutcome::Foreign(NodeId(node));
    let made = VisitOutcome::Made;
    assert_eq!(
        stops,
        [
            (0, 0, made),
            (0, 1, made),
            (0, 2, foreign(1)),
            (0, 3, foreign(1)),
            (0, 4, foreign(2)),
            (0, 5, made),
            (1, 2, made),
            (1, 3, made),
            (1, 4, foreign(2)),
            (1, 5, foreign(0)),
            (1, 6, made),
            (2, 4, made),
        ]
    );
}

/// Nodes that meet inside a section: only the first frame of a step is asked, so node 0 makes the
/// table for both, and node 1's unaligned first step finds it there. Where node 1 begins a section
/// whose second half is node 0's, node 1 makes it.
#[test]
fn a_section_of_two_nodes_belongs_to_the_first_frame() {
    let half = SECTION / 2;
    let memory = [
        ram(0, 5, SECTION + half),
        ram(1, SECTION + half, 2 * SECTION + half),
        ram(0, 2 * SECTION + half, 3 * SECTION),
    ];
    let sections = SectionMap::new(SECTION, &memory);
    let (page_ext, report) = boot(
        "linux-5.0",
        &[ClientKind::PageOwner],
        sections,
        &mut Scribe::default(),
    );
    let stops: Vec<_> = report
        .visits
        .iter()
        .map(|visit| (visit.node.0, visit.pfn.get(), visit.outcome))
        .collect();
    assert_eq!(
        stops,
        [
            (0, 5, VisitOutcome::Made),
            (0, SECTION, VisitOutcome::Made),
            (0, 2 * SECTION, VisitOutcome::Foreign(NodeId(1))),
            (1, SECTION + half, VisitOutcome::There),
            (1, 2 * SECTION, VisitOutcome::Made),
        ]
    );
    assert!(page_ext.address(Pfn::new(3 * SECTION - 1)).is_some());
}

/// A section that begins with a hole: what its descriptor says, against 4.14.0, which takes the
/// first node for every hole. There the section is passed over by both nodes.
#[test]
fn a_hole_at_the_start_of_a_section() {
    let memory = [ram(0, 0, SECTION), ram(1, SECTION + 64, 2 * SECTION)];
    let visit = |holes| {
        let sections = SectionMap::new(SECTION, &memory).holes(holes);
        let (page_ext, _) = boot(
            "linux-4.14",
            &[ClientKind::PageOwner],
            sections,
            &mut Scribe::default(),
        );
        page_ext.address(Pfn::new(SECTION + 64)).is_some()
    };
    assert!(visit(HoleRule::Descriptor));
    assert!(
        visit(HoleRule::FirstNode),
        "the walk begins at the node's first frame"
    );
    let memory = [
        ram(0, 0, SECTION),
        ram(1, SECTION, 2 * SECTION),
        ram(1, 2 * SECTION + 64, 3 * SECTION),
    ];
    let visit = |holes| {
        let sections = SectionMap::new(SECTION, &memory).holes(holes);
        let (page_ext, _) = boot(
            "linux-4.14",
            &[ClientKind::PageOwner],
            sections,
            &mut Scribe::default(),
        );
        page_ext.address(Pfn::new(2 * SECTION + 64)).is_some()
    };
    assert!(visit(HoleRule::Descriptor));
    assert!(
        !visit(HoleRule::FirstNode),
        "whoever keeps something does nothing there"
    );
}

#[test]
fn a_frames_entry_is_the_sections_word_plus_number_times_size() {
    let (page_ext, _) = boot(
        "linux-6.12.y",
        &[ClientKind::PageOwner],
        worked_example(),
        &mut Scribe::default(),
    );
    let size = u64::from(page_ext.entry().size());
    for section in [0, 1, 23, 32, 47, 55] {
        let Some(TableSource::Run(run)) = page_ext.source(section) else {
            panic!("a run for section {section}");
        };
        let base = run.start().get() * 4096;
        for frame in [0, 1, SECTION - 1] {
            let pfn = section * SECTION + frame;
            assert_eq!(page_ext.address(Pfn::new(pfn)), Some(base + frame * size));
            let word = page_ext.biased_base(section).unwrap();
            assert_eq!(word.wrapping_add(pfn * size), base + frame * size);
        }
    }
    assert_eq!(
        page_ext.address(Pfn::new(786_432)),
        None,
        "an absent section"
    );
}

/// A section of 1 GiB has a table of 18 MiB: no block is that large, so single frames are mapped.
#[test]
fn a_table_larger_than_any_block_is_made_of_single_frames() {
    let section = 262_144;
    let sections = SectionMap::new(section, &[ram(0, 0, 2 * section)]);
    let mut memory = Scribe::default();
    let (page_ext, report) = boot(
        "linux-6.12.y",
        &[ClientKind::PageOwner],
        sections,
        &mut memory,
    );
    let bytes = 72 * section;
    assert_eq!(report.bytes, 2 * bytes);
    assert!(
        memory
            .asked
            .iter()
            .all(|request| request.order == Order::ZERO)
    );
    assert_eq!(memory.lent.len() as u64, 2 * bytes / 4096);
    assert_eq!(page_ext.address(Pfn::new(0)), Some(VMALLOC_START));
    let second = VMALLOC_START + bytes + 4096;
    assert_eq!(page_ext.address(Pfn::new(section)), Some(second));
}

/// The same when a run is too much to ask for, though frames are free.
#[test]
fn single_frames_serve_when_no_run_is_free() {
    let mut memory = Scribe {
        largest: Some(Order::new(3).unwrap()),
        ..Scribe::default()
    };
    let sections = SectionMap::new(SECTION, &[ram(0, 0, SECTION)]);
    let (page_ext, _) = boot(
        "linux-6.12.y",
        &[ClientKind::PageOwner],
        sections,
        &mut memory,
    );
    assert_eq!(memory.asked.len(), 1 + 576);
    assert!(
        matches!(page_ext.source(0), Some(TableSource::Scattered(pages)) if pages.len() == 576)
    );
}

#[test]
fn out_of_memory_is_an_error_and_everything_is_given_back() {
    // A run of 576 cut from 1024, a table of single frames, and too few for the third.
    let mut memory = Scribe {
        left: Some(1500),
        ..Scribe::default()
    };
    let sections = SectionMap::new(SECTION, &[ram(0, 0, 4 * SECTION)]);
    let needs = Needs::of(&[ClientKind::PageOwner]);
    let mut events: Vec<Event> = Vec::new();
    let newest = generation("linux-6.12.y");
    let booted = PageExt::boot(newest, &needs, sections, CPU, &mut memory, &mut events);
    let error = booted.unwrap_err().to_string();
    assert!(error.starts_with("no page_ext for section "), "{error}");
    assert!(memory.lent.is_empty());
    assert_eq!(memory.left, Some(1500));
    let gone = |event: &Event| matches!(event, Event::PageExt(PageExtEvent::TableGone { .. }));
    let made = |event: &Event| matches!(event, Event::PageExt(PageExtEvent::TableMade { .. }));
    let count = |of: &dyn Fn(&Event) -> bool| events.iter().filter(|event| of(event)).count();
    assert!(count(&made) >= 2);
    assert_eq!(count(&gone), count(&made));
}

#[test]
fn every_client_that_can_be_is_told() {
    let sections = SectionMap::new(SECTION, &[ram(0, 0, SECTION)]);
    let (_, report) = boot(
        "linux-4.14",
        &[ClientKind::PageIdle],
        sections,
        &mut Scribe::default(),
    );
    assert_eq!(report.told, [ClientKind::GuardPage, ClientKind::PageOwner]);
}

fn online(start: u64, end: u64, step: MemoryStep) -> MemoryNotice {
    MemoryNotice {
        step,
        range: frames(start, end),
        status_change: None,
    }
}

#[test]
fn tables_come_and_go_with_memory() {
    let mut memory = Scribe::default();
    let first = ram(0, 0, SECTION);
    let sections = SectionMap::new(SECTION, &[first]);
    let (mut page_ext, _) = boot(
        "linux-6.12.y",
        &[ClientKind::PageOwner],
        sections,
        &mut memory,
    );
    let two = (SECTION, 3 * SECTION);
    let step = |page_ext: &mut PageExt<_>, step, memory: &mut Scribe| {
        page_ext.memory_event(online(two.0, two.1, step), CPU, memory, &mut ())
    };
    step(&mut page_ext, MemoryStep::GoingOnline, &mut memory).unwrap();
    assert!(page_ext.address(Pfn::new(SECTION)).is_some());
    assert_eq!(
        page_ext.set_flag(Pfn::new(SECTION), Flag::Owner, true),
        Some(())
    );
    assert_eq!(page_ext.flag(Pfn::new(SECTION), Flag::Owner), Some(true));
    step(&mut page_ext, MemoryStep::Online, &mut memory).unwrap();
    step(&mut page_ext, MemoryStep::GoingOffline, &mut memory).unwrap();
    assert_eq!(memory.lent.len(), 3 * 576);
    step(&mut page_ext, MemoryStep::Offline, &mut memory).unwrap();
    assert_eq!(page_ext.flag(Pfn::new(SECTION), Flag::Owner), None);
    assert_eq!(memory.lent.len(), 576);
    assert_eq!(
        page_ext.total(),
        3 * 2_359_296,
        "giving back lowers nothing"
    );
}

/// A table that cannot be made keeps the memory away. 6.1 and newer give back the tables before it,
/// 5.0 and older those of the whole range, even what was there before.
#[test]
fn memory_without_a_table_does_not_come() {
    for (name, all_gone) in [("linux-5.0", true), ("linux-6.12.y", false)] {
        let mut memory = Scribe::default();
        let map = [ram(0, 0, 4 * SECTION)];
        let sections = SectionMap::new(SECTION, &map);
        let (mut page_ext, _) = boot(name, &[ClientKind::PageOwner], sections, &mut memory);
        page_ext
            .memory_event(
                online(0, 3 * SECTION, MemoryStep::Offline),
                CPU,
                &mut memory,
                &mut (),
            )
            .unwrap();
        // Sections 0 to 3 again, of which 3 has its table; memory for one more, in single frames.
        let frames_of_table = page_ext.table_bytes() / 4096;
        memory.left = Some(frames_of_table + 10);
        memory.largest = Some(Order::ZERO);
        let going = online(0, 4 * SECTION, MemoryStep::GoingOnline);
        let refused = page_ext.memory_event(going, CPU, &mut memory, &mut ());
        assert!(refused.is_err(), "{name}");
        assert_eq!(page_ext.source(0), None);
        assert_eq!(page_ext.source(3).is_none(), all_gone, "{name}");
    }
}

struct Firmware(Vec<(u64, u64, u64)>);

impl EarlyMemory for Firmware {
    fn take(&mut self, bytes: u64, align: u64, min: u64, _: NodeId) -> Option<u64> {
        self.0.push((bytes, align, min));
        Some(0x0200_0000)
    }
}

#[test]
fn without_sections_a_node_has_one_table() {
    let entry = Entry::new(
        generation("linux-6.1.y").page_ext().unwrap(),
        &Needs::of(&[ClientKind::PageOwner]),
    )
    .unwrap();
    let mut firmware = Firmware(Vec::new());
    let mut make = |start, spanned| {
        FlatTable::make(&entry, NodeId(0), Pfn::new(start), spanned, &mut firmware)
    };
    let aligned = make(2048, 4096).unwrap();
    assert_eq!(aligned.bytes, 64 * 4096);
    let skew = make(2049, 4095).unwrap();
    assert_eq!(skew.bytes, 64 * (4095 + 1024));
    assert_eq!(skew.address(Pfn::new(2049)), 0x0200_0000 + 64);
    assert_eq!(make(0, 0), None);
    assert_eq!(firmware.0[0], (64 * 4096, 4096, 16 << 20));
}

/// On the real allocator: the frames are taken from it, and when a machine is too small for its own
/// tables nothing is lost.
#[test]
fn tables_of_a_booted_machine() {
    use pfnlab_mm::{Config, Mm, Profile};
    use pfnlab_model::Inspect;
    let boot = |ram: &str| {
        let node = NodeSpec {
            cpus: vec![0],
            ram: vec![ram.parse().unwrap()],
            ..NodeSpec::default()
        };
        let spec = MachineSpec {
            nodes: vec![node],
            ..MachineSpec::default()
        };
        let machine = spec.build().unwrap();
        let mm = Mm::boot(&machine, Profile::NEWEST, &Config::X86_64).unwrap();
        (mm, SectionMap::from(&machine))
    };
    let needs = Needs::of(&[ClientKind::PageOwner]);
    let (mut mm, sections) = boot("0..512M");
    let booted = PageExt::boot(Generation::NEWEST, &needs, sections, CPU, &mut mm, &mut ());
    let (_, report) = booted.unwrap().unwrap();
    assert_eq!(report.bytes, 4 * 2_359_296);
    let lent: u64 = mm
        .snapshot()
        .zones
        .iter()
        .flat_map(|zone| &zone.lent)
        .map(|block| block.frames())
        .sum();
    assert_eq!(lent, 4 * 576);

    let (mut mm, sections) = boot("0..2M");
    let before = mm.snapshot();
    let spread = SectionMap::new(sections.section_frames(), &[ram(0, 0, 512)]);
    let booted = PageExt::boot(Generation::NEWEST, &needs, spread, CPU, &mut mm, &mut ());
    assert!(booted.is_err());
    mm_drained(&mut mm);
    let held = |snapshot: &pfnlab_model::Snapshot| {
        snapshot
            .zones
            .iter()
            .map(|zone| zone.lent.len())
            .sum::<usize>()
    };
    assert_eq!((held(&before), held(&mm.snapshot())), (0, 0));
}

fn mm_drained(mm: &mut pfnlab_mm::Mm) {
    use pfnlab_model::PageAllocator;
    mm.drain(CPU, &mut ());
}
