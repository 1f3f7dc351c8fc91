//! Frames from a contiguous memory area: which, by the rules of the specification (contiguous memory
//! areas, 13.6), and what the zone counts then.

use pfnlab_mm::boot::Circumstances;
use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, Gfp, Inspect, MachineSpec, MemoryError, MemoryOp, MigrateType, NodeSpec,
    Order, PageAllocator, Pfn, PfnRange, Refusal, Request, Ticket, ZoneStat,
};

/// 16 MiB of 128 are an area.
const AREA: (u64, u64) = (0x4000, 0x5000);

/// Every generation that has areas.
fn profiles() -> impl Iterator<Item = &'static Profile> {
    let all = Profile::ALL.iter().copied();
    all.filter(|profile| profile.name() != "linux-2.6.37")
}

fn boot(profile: &'static Profile) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec!["16M..144M".parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    let area = PfnRange::new(Pfn::new(AREA.0), Pfn::new(AREA.1)).unwrap();
    let circumstances = Circumstances {
        contiguous: vec![area],
        ..Circumstances::default()
    };
    let machine = machine.build().unwrap().with_reserved(&[area]);
    Mm::boot_under(&machine, profile, &Config::X86_64_CMA, &circumstances).unwrap()
}

/// Asks the area; the answer counts from its first frame.
fn take(mm: &mut Mm, frames: u32, align: u8) -> Result<(u64, u64), MemoryError> {
    let op = MemoryOp::CmaAlloc {
        ticket: Ticket(1),
        area: 0,
        frames,
        align: Order::new(align).unwrap(),
        cpu: CpuId(0),
    };
    let range = mm.memory(&op, PfnRange::default(), &mut (), &mut ())?;
    Ok((range.start().get() - AREA.0, range.end().get() - AREA.0))
}

fn give_back(mm: &mut Mm, (start, end): (u64, u64)) -> Result<(), MemoryError> {
    let start = Pfn::new(AREA.0 + start);
    let range = PfnRange::new(start, Pfn::new(AREA.0 + end)).unwrap();
    let op = MemoryOp::CmaRelease {
        ticket: Ticket(1),
        cpu: CpuId(0),
    };
    mm.memory(&op, range, &mut (), &mut ()).map(|_| ())
}

/// Free frames on lists of areas, and what is counted as that.
fn free(mm: &Mm) -> (i64, i64) {
    let state = mm.snapshot();
    let lists = state.zones.iter().flat_map(|zone| &zone.free_lists);
    let areas = lists.filter(|list| list.mt == MigrateType::Cma);
    let frames = areas.map(|list| list.pfns.len() as u64 * list.order.frames());
    let listed = frames.sum::<u64>() as i64;
    let cached = state.zones.iter().flat_map(|zone| &zone.pcp);
    let cached: i64 = cached.map(|pcp| i64::from(pcp.count)).sum();
    let counted = state.machine_wide_exact(ZoneStat::FreeCma);
    (listed + cached, counted + cached)
}

/// The first place that is free and aligned; what is given back is free again.
#[test]
fn the_first_place_is_taken() {
    for profile in profiles() {
        let mut mm = boot(profile);
        let all = (AREA.1 - AREA.0) as i64;
        assert_eq!(free(&mm), (all, all), "{}", profile.name());
        assert_eq!(take(&mut mm, 3, 0), Ok((0, 3)));
        assert_eq!(take(&mut mm, 4, 2), Ok((4, 8)));
        assert_eq!(take(&mut mm, 1, 0), Ok((3, 4)));
        assert_eq!(take(&mut mm, 100, 9), Ok((512, 612)));
        let left = all - 3 - 4 - 1 - 100;
        assert_eq!(free(&mm), (left, left), "{}", profile.name());

        // What came back is cached: where its pageblock is isolated, it must not stay there.
        give_back(&mut mm, (4, 8)).unwrap();
        assert_eq!(take(&mut mm, 2, 0), Ok((4, 6)), "{}", profile.name());
        for range in [(0, 3), (3, 4), (4, 6), (512, 612)] {
            give_back(&mut mm, range).unwrap();
        }
        assert_eq!(take(&mut mm, 600, 0), Ok((0, 600)), "{}", profile.name());
        give_back(&mut mm, (0, 600)).unwrap();
        mm.drain(CpuId(0), &mut ());
        assert_eq!(free(&mm), (all, all), "{}", profile.name());
    }
}

/// Somebody has a frame of the area, and nothing says that it can be moved: it goes on behind the
/// start of the attempt, an alignment at a time.
#[test]
fn what_is_in_use_is_passed_over() {
    let in_use = Pfn::new(AREA.0 + 5);
    for profile in profiles() {
        for (align, expected) in [(0, (6, 14)), (1, (6, 14)), (3, (8, 16))] {
            let mut mm = boot(profile);
            let request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE);
            let mut lent: Vec<Block> = Vec::new();
            while let Ok(page) = mm.alloc(&request, &mut ()) {
                lent.push(page);
            }
            let others = lent.iter().filter(|page| page.start() != in_use);
            assert_eq!(others.clone().count() + 1, lent.len(), "{}", profile.name());
            for &page in others {
                mm.free(page, CpuId(0), &mut ()).unwrap();
            }
            assert_eq!(take(&mut mm, 8, align), Ok(expected), "{}", profile.name());
        }
    }
}

#[test]
fn a_full_area_says_so() {
    let mut mm = boot(Profile::NEWEST);
    assert_eq!(take(&mut mm, 4096, 0), Ok((0, 4096)));
    assert_eq!(take(&mut mm, 1, 0), Err(MemoryError::AreaFull(1)));
    let part = give_back(&mut mm, (0, 8));
    assert_eq!(part, Err(MemoryError::NotThere(Pfn::new(AREA.0))));
    give_back(&mut mm, (0, 4096)).unwrap();
    assert_eq!(take(&mut mm, 1, 0), Ok((0, 1)));
}

fn everything(mm: &mut Mm, gfp: Gfp) -> Vec<u64> {
    // Since 6.12 a pageblock released at boot may wait on a CPU's list of huge pages.
    mm.drain(CpuId(0), &mut ());
    let request = Request::new(gfp | Gfp::MEMALLOC);
    let pages = std::iter::from_fn(|| {
        let page = mm.alloc(&request, &mut ()).ok()?;
        // What is on lists is what is counted, at any time.
        if page.start().get().is_multiple_of(512) {
            let state = mm.snapshot();
            let lists = state.zones.iter().flat_map(|zone| &zone.free_lists);
            let areas = lists.filter(|list| list.mt == MigrateType::Cma);
            let frames = areas.map(|list| list.pfns.len() as u64 * list.order.frames());
            let listed = frames.sum::<u64>() as i64;
            assert_eq!(state.machine_wide_exact(ZoneStat::FreeCma), listed);
        }
        Some(page.start().get())
    });
    pages.collect()
}

/// The kernel's own requests never get a frame of an area; users get them all, in the end.
#[test]
fn areas_are_lent_to_users_alone() {
    let within = |page: &&u64| (AREA.0..AREA.1).contains(page);
    for profile in profiles() {
        let name = profile.name();
        let kernel = everything(&mut boot(profile), Gfp::GFP_KERNEL);
        assert_eq!(kernel.iter().find(within), None, "{name}");
        let users = everything(&mut boot(profile), Gfp::GFP_HIGHUSER_MOVABLE);
        let lent = users.iter().filter(within).count() as u64;
        assert_eq!(lent, AREA.1 - AREA.0, "{name}");
        assert_eq!(users.len() as u64, kernel.len() as u64 + lent, "{name}");
    }
}

/// Single frames go by the CPU's lists, whoever asks.
#[test]
fn lists_serve_with_areas_too() {
    for profile in profiles() {
        for gfp in [Gfp::GFP_KERNEL, Gfp::GFP_HIGHUSER_MOVABLE] {
            let mut mm = boot(profile);
            mm.alloc(&Request::new(gfp), &mut ()).unwrap();
            let state = mm.snapshot();
            let cached = state.zones.iter().flat_map(|zone| &zone.pcp);
            let cached: u32 = cached.map(|pcp| pcp.count).sum();
            assert_ne!(cached, 0, "{}", profile.name());
        }
    }
}

/// Who may have an area's blocks must find one there.
#[test]
fn a_large_block_must_be_in_the_area() {
    for profile in profiles().filter(|profile| profile.name() != "linux-3.8") {
        let mut mm = boot(profile);
        let all = everything(&mut mm, Gfp::GFP_HIGHUSER_MOVABLE);
        for &page in all.iter().filter(|&page| page.is_multiple_of(2)) {
            mm.free(Block::page(Pfn::new(page)), CpuId(0), &mut ())
                .unwrap();
        }
        mm.drain(CpuId(0), &mut ());
        let request = Request {
            order: Order::new(3).unwrap(),
            ..Request::new(Gfp::GFP_HIGHUSER_MOVABLE | Gfp::NORETRY)
        };
        let mut events: Vec<Event> = Vec::new();
        mm.alloc(&request, &mut events).unwrap_err();
        let refusals = events.iter().filter_map(|event| match event {
            Event::ZoneRefused { why, .. } => Some(*why),
            _ => None,
        });
        let expected = |why| why == Refusal::NoLargeBlock;
        assert!(
            refusals.clone().count() > 0 && refusals.clone().all(expected),
            "{}",
            profile.name()
        );
    }
}

/// Since 6.1 who may have an area's blocks gets one while more than half of what is free is there,
/// before that not while others are left.
#[test]
fn areas_come_first_while_they_are_more_than_half() {
    let area = AREA.1 - AREA.0;
    // Of an order that no CPU keeps.
    let blocks = |gfp: Gfp| Request {
        order: Order::new(4).unwrap(),
        ..Request::new(gfp)
    };
    for profile in profiles() {
        let name = profile.name();
        let mut mm = boot(profile);
        mm.drain(CpuId(0), &mut ());
        let free = |mm: &Mm| mm.snapshot().machine_wide_exact(ZoneStat::FreePages) as u64;
        while free(&mm) > 2 * area {
            mm.alloc(&blocks(Gfp::GFP_KERNEL), &mut ()).unwrap();
        }
        assert_eq!(free(&mm), 2 * area, "{name}");
        let from_area = [(); 4].map(|()| {
            let block = mm.alloc(&blocks(Gfp::GFP_HIGHUSER_MOVABLE), &mut ());
            (AREA.0..AREA.1).contains(&block.unwrap().start().get())
        });
        // Half is not more than half: the other half loses a block, then the area.
        let by_half = !["linux-3.8", "linux-4.14", "linux-5.0"].contains(&name);
        assert_eq!(from_area, [false, by_half, false, by_half], "{name}");
    }
}
