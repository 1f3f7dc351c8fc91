//! Memory that comes and goes, with clients that keep something for every frame.

use pfnlab::mm::{Config, Mm, Profile};
use pfnlab::model::{
    Inspect, LruList, MachineSpec, MemoryError, NodeId, NodeSpec, PageExtEvent, Ticket,
};
use pfnlab::{Driver, Event, Outcome, Trace};

const HEADER: &str = "#pfnlab-trace 1\nmachine none\n";

fn driver(profile: &'static Profile) -> Driver<Mm> {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["4K..256M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let mm = Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64).unwrap();
    Driver::new(mm)
}

fn step(driver: &mut Driver<Mm>, line: &str, tape: &mut Vec<Event>) -> Outcome {
    let trace = Trace::parse(&format!("{HEADER}{line}\n")).unwrap().trace;
    driver.step(&trace.steps[0].op, tape).unwrap()
}

/// The tables beside the page descriptors are made when memory is about to come, and given up when
/// it is gone.
#[test]
fn tables_follow_the_memory() {
    for profile in Profile::ALL {
        let (mut driver, mut tape) = (driver(profile), Vec::new());
        step(&mut driver, "page-ext clients=owner", &mut tape);
        // The oldest two keep nothing for every frame.
        if !tape.iter().any(|event| matches!(event, Event::PageExt(_))) {
            assert!(["linux-2.6.37", "linux-3.8"].contains(&profile.name()));
            continue;
        }
        step(&mut driver, "mem-add 0x10000..0x18000", &mut tape);
        tape.clear();
        let online = step(&mut driver, "mem-online 0x10000..0x18000", &mut tape);
        assert_eq!(online, Outcome::Done, "{}", profile.name());
        let offline = step(&mut driver, "mem-offline 0x10000..0x18000", &mut tape);
        assert_eq!(offline, Outcome::Done, "{}", profile.name());
        let tables = tape.iter().filter_map(|event| match event {
            Event::PageExt(PageExtEvent::TableMade { section, .. }) => Some((*section, true)),
            Event::PageExt(PageExtEvent::TableGone { section }) => Some((*section, false)),
            _ => None,
        });
        let tables: Vec<_> = tables.collect();
        assert_eq!(tables, [(2, true), (2, false)], "{}", profile.name());
    }
}

/// Without memory for its table, memory does not come: the client objects, and everything is as it
/// was.
#[test]
fn memory_without_room_for_its_table_does_not_come() {
    let (mut driver, mut tape) = (driver(Profile::NEWEST), Vec::new());
    step(&mut driver, "page-ext clients=owner", &mut tape);
    step(&mut driver, "mem-add 0x10000..0x18000", &mut tape);
    for ticket in 0.. {
        let line = format!("a {ticket} order=0 gfp=GFP_ATOMIC|__GFP_MEMALLOC");
        if let Outcome::Refused(_) = step(&mut driver, &line, &mut tape) {
            break;
        }
    }
    let before = driver.allocator().snapshot();
    let online = step(&mut driver, "mem-online 0x10000..0x18000", &mut tape);
    let vetoed = matches!(online, Outcome::Failed(MemoryError::Vetoed(_)));
    assert!(vetoed, "{online:?}");
    let after = driver.allocator().snapshot();
    assert_eq!(after.offline, before.offline);
    let sizes = |snapshot: &pfnlab::Snapshot| {
        let zones = snapshot.zones.iter();
        let sizes = zones.map(|zone| {
            (
                zone.id,
                zone.start,
                zone.spanned,
                zone.present,
                zone.managed,
            )
        });
        sizes.collect::<Vec<_>>()
    };
    assert_eq!(sizes(&after), sizes(&before));
}

/// Pages on LRU lists are moved out of memory that goes and of ranges that are asked for, whatever
/// they were asked for as; pages that wait in a batch hold up the generations that look before they
/// empty the batches.
#[test]
fn pages_on_lru_lists_are_moved() {
    for profile in Profile::ALL {
        let name = profile.name();
        let (mut driver, mut tape) = (driver(profile), Vec::new());
        let Outcome::Lent(page) = step(&mut driver, "a 1 order=0 gfp=GFP_KERNEL", &mut tape) else {
            panic!("{name}: there is memory");
        };
        let start = page.start().get();
        let contig = format!(
            "contig-alloc 2 range={:#x}..{:#x}",
            start & !7,
            (start & !7) + 8
        );
        if name == "linux-2.6.37" {
            let asked = step(&mut driver, &contig, &mut tape);
            assert_eq!(asked, Outcome::Failed(MemoryError::Unsupported));
            continue;
        }
        let busy = |outcome| matches!(outcome, Outcome::Failed(MemoryError::Busy(_)));
        assert!(busy(step(&mut driver, &contig, &mut tape)), "{name}");
        step(&mut driver, "lru-add 1 list=inactive_file", &mut tape);
        // It waits in a batch, and is on no list yet.
        assert!(busy(step(&mut driver, &contig, &mut tape)), "{name}");
        step(&mut driver, "lru-drain cpu=0", &mut tape);
        let got = step(&mut driver, &contig, &mut tape);
        assert!(matches!(got, Outcome::Exact(_)), "{name}: {got:?}");
        let held = driver.held(Ticket(1)).unwrap().range();
        assert_ne!(held, page.range(), "{name}");
        let lru = driver.around().unwrap().lru();
        let listed: Vec<_> = lru.list(NodeId(0), LruList::InactiveFile).collect();
        assert_eq!(listed.len(), 1, "{name}");
        assert_eq!(listed[0].range(), held, "{name}");
        let freed = step(&mut driver, "f 1", &mut tape);
        assert_eq!(freed, Outcome::Freed(listed[0]), "{name}");
    }
}

/// A block that several hold is freed by the last; until then it is neither moved nor split.
#[test]
fn the_last_holder_frees() {
    for profile in Profile::ALL {
        let name = profile.name();
        let (mut driver, mut tape) = (driver(profile), Vec::new());
        let lent = step(
            &mut driver,
            "a 1 order=2 gfp=GFP_HIGHUSER_MOVABLE",
            &mut tape,
        );
        let Outcome::Lent(block) = lent else {
            panic!("{name}: {lent:?}");
        };
        for _ in 0..2 {
            assert_eq!(step(&mut driver, "get 1", &mut tape), Outcome::Done);
        }
        let start = block.start().get();
        let contig = format!("contig-alloc 2 range={start:#x}..{:#x}", start + 4);
        for _ in 0..2 {
            let moved = step(&mut driver, &contig, &mut tape);
            assert!(matches!(moved, Outcome::Failed(_)), "{name}");
            assert_eq!(
                step(&mut driver, "split 1 base=10", &mut tape),
                Outcome::Skipped
            );
            let given_up = step(&mut driver, "f 1", &mut tape);
            assert_eq!(given_up, Outcome::Kept(block), "{name}");
        }
        assert_eq!(driver.held(Ticket(1)).unwrap().range(), block.range());
        assert_eq!(
            step(&mut driver, "f 1", &mut tape),
            Outcome::Freed(block),
            "{name}"
        );
        assert_eq!(
            step(&mut driver, "f 1", &mut tape),
            Outcome::Skipped,
            "{name}"
        );
    }
}
