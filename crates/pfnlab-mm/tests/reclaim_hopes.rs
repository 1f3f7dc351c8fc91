//! Up to 3.8 a zone remembers that reclaim gave up, until a page comes back to its lists
//! (`zone->all_unreclaimable`, `zone->pages_scanned`).

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Gfp, Inspect, MachineSpec, NodeSpec, Order, PageAllocator, Request, Snapshot,
    ZoneState,
};

const OLD: [&str; 2] = ["linux-2.6.37", "linux-3.8"];

/// A machine on which reclaim gave up, as a kernel's `/proc/zoneinfo` would say.
fn given_up(profile: &'static Profile, scanned: u64, gave_up: bool) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["16M..64M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let machine = machine.build().unwrap();
    let mut snapshot = Mm::boot(&machine, profile, &Config::X86_64)
        .unwrap()
        .snapshot();
    for zone in snapshot.zones.iter_mut().filter(|zone| zone.present > 0) {
        zone.pages_scanned = scanned;
        zone.all_unreclaimable = gave_up;
    }
    Mm::resume(&snapshot).unwrap()
}

fn hopes(snapshot: &Snapshot) -> (u64, bool) {
    let mut zones = snapshot.zones.iter();
    let zone: &ZoneState = zones.find(|zone| zone.present > 0).unwrap();
    (zone.pages_scanned, zone.all_unreclaimable)
}

fn take(mm: &mut Mm, order: Order) -> Block {
    let request = Request {
        order,
        ..Request::new(Gfp::GFP_KERNEL)
    };
    mm.alloc(&request, &mut ()).unwrap()
}

#[test]
fn a_page_that_comes_back_gives_hope() {
    for profile in Profile::ALL
        .iter()
        .filter(|profile| OLD.contains(&profile.name()))
    {
        for (scanned, gave_up) in [(7, true), (7, false), (0, true)] {
            let mut mm = given_up(profile, scanned, gave_up);
            let block = take(&mut mm, Order::new(4).unwrap());
            let name = profile.name();
            assert_eq!(
                hopes(&mm.snapshot()),
                (scanned, gave_up),
                "{name}: taking gives none"
            );
            mm.free(block, CpuId(0), &mut ()).unwrap();
            assert_eq!(hopes(&mm.snapshot()), (0, false), "{name}");
        }
    }
}

/// A single page stays with its CPU; it is back when that CPU's lists are drained.
#[test]
fn a_page_on_a_cpus_list_is_not_back_yet() {
    for profile in Profile::ALL
        .iter()
        .filter(|profile| OLD.contains(&profile.name()))
    {
        let mut mm = given_up(profile, 7, true);
        let page = take(&mut mm, Order::ZERO);
        mm.free(page, CpuId(0), &mut ()).unwrap();
        assert_eq!(hopes(&mm.snapshot()), (7, true), "{}", profile.name());
        mm.drain(CpuId(0), &mut ());
        assert_eq!(hopes(&mm.snapshot()), (0, false), "{}", profile.name());
    }
}
