//! Small rules that recorded work never comes across, each on a zone with nothing around it.

use pfnlab_mm::bare::{Bare, request};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    AllocError, Block, Capability, CpuId, Event, FreeError, FreeListState, Gfp, Inspect,
    MigrateType, Order, PageAllocator, Pfn, Refusal, Request, Snapshot, Sysctl, ZoneFlags,
    ZoneStat,
};

use crate::worked_counts::counter;
use MigrateType::{HighAtomic, Movable, Reserve, Unmovable};

const CPU: CpuId = CpuId(0);

fn order(order: u8) -> Order {
    Order::new(order).unwrap()
}

/// So many pageblocks of 512 frames, the largest blocks that there are.
fn zone(pageblocks: u64) -> Bare {
    Bare {
        start: Pfn::new(0),
        blocks: pageblocks,
        top: order(9),
        pageblock: order(9),
        highest_first: false,
    }
}

fn generations(names: &[&str]) -> impl Iterator<Item = &'static Profile> {
    let all = Profile::ALL.iter().copied();
    all.filter(move |profile| names.contains(&profile.name()))
}

const OLD: &[&str] = &["linux-2.6.37", "linux-3.8"];

fn types(mm: &Mm, count: u64) -> Vec<MigrateType> {
    (0..count)
        .map(|block| mm.pageblock_type(Pfn::new(block << 9)))
        .collect()
}

/// The free blocks of a type, as first frame and order.
fn free(snapshot: &Snapshot, mt: MigrateType) -> Vec<(u64, u8)> {
    let lists = snapshot.zones[0]
        .free_lists
        .iter()
        .filter(|list| list.mt == mt);
    lists
        .flat_map(|list| list.pfns.iter().map(|pfn| (pfn.get(), list.order.get())))
        .collect()
}

/// `alloc_pages_bulk` came with 5.13.
#[test]
fn many_at_once_are_unknown_before_5_13() {
    for &profile in Profile::ALL {
        let old = [OLD, &["linux-4.14", "linux-5.0"]]
            .concat()
            .contains(&profile.name());
        let mut mm = zone(2).boot(profile);
        let got = mm.bulk(
            &request(Order::ZERO, Movable),
            &mut [Pfn::default(); 4],
            &mut (),
        );
        assert_eq!(
            got,
            if old {
                Err(AllocError::Unsupported)
            } else {
                Ok(4)
            },
            "{}",
            profile.name()
        );
        assert_eq!(mm.offers(Capability::Bulk), !old);
    }
}

#[test]
fn a_block_comes_back_once_and_as_it_went() {
    for &profile in Profile::ALL {
        let mut mm = zone(2).boot(profile);
        let block = mm.alloc(&request(order(3), Unmovable), &mut ()).unwrap();
        let smaller = Block::new(block.start(), order(2)).unwrap();
        let before = mm.snapshot();
        assert_eq!(
            mm.free(smaller, CPU, &mut ()),
            Err(FreeError::NotLent(smaller))
        );
        assert_eq!(mm.snapshot(), before);
        assert_eq!(mm.free(block, CPU, &mut ()), Ok(()));
        let before = mm.snapshot();
        assert_eq!(
            mm.free(block, CPU, &mut ()),
            Err(FreeError::NotLent(block)),
            "{}",
            profile.name()
        );
        assert_eq!(mm.snapshot(), before);
    }
}

/// Since 6.12 the flag of a boosted zone stays until somebody comes who may wake the reclaimer.
#[test]
fn who_may_wake_nobody_leaves_the_boost_flag() {
    for profile in generations(&[
        "linux-5.0",
        "linux-6.1.0",
        "linux-6.1.y",
        "linux-6.12.0",
        "linux-6.12.y",
    ]) {
        let mut state = zone(2).snapshot(profile);
        state.zones[0].flags = ZoneFlags::BOOSTED;
        let mut mm = Mm::resume(&state).unwrap();
        let flag = |mm: &Mm| {
            mm.zone_flags(mm.zone_of(Pfn::new(0)).unwrap())
                .contains(ZoneFlags::BOOSTED)
        };
        // Past the per-CPU lists, and one of them.
        mm.alloc(
            &Request {
                order: order(5),
                ..Request::new(Gfp::NONE)
            },
            &mut (),
        )
        .unwrap();
        mm.alloc(&Request::new(Gfp::NONE), &mut ()).unwrap();
        let stays = profile.name().starts_with("linux-6.12");
        assert_eq!(flag(&mm), stays, "{}", profile.name());
        mm.alloc(&Request::new(Gfp::GFP_NOWAIT), &mut ()).unwrap();
        assert!(!flag(&mm), "{}", profile.name());
    }
}

/// Up to 3.8, a pageblock is kept for every pageblock's worth of the min mark begun, two at most; when the
/// mark sinks, they are given up from the last.
#[test]
fn as_many_pageblocks_are_kept_as_the_min_mark_asks_for() {
    for profile in generations(OLD) {
        let mut mm = zone(4).boot(profile);
        // All of the zone's frames share the mark alone: 4 KiB each.
        let cases = [
            (4, 1),
            (512, 1),
            (513, 2),
            (2000, 2),
            (512, 1),
            (0, 0),
            (1500, 2),
        ];
        for (frames, kept) in cases {
            mm.sysctl(Sysctl::MinFreeKbytes, frames * 4, &mut ())
                .unwrap();
            let mut expected = vec![Movable; 4];
            expected[..kept].fill(Reserve);
            assert_eq!(types(&mm, 4), expected, "{}: {frames}", profile.name());
            let snapshot = mm.snapshot();
            let listed: u64 = free(&snapshot, Reserve)
                .iter()
                .map(|(_, order)| 1 << order)
                .sum();
            assert_eq!(listed, kept as u64 * 512, "{}: {frames}", profile.name());
        }
    }
}

/// A pageblock of which a frame was in use before this allocator began is not kept by 3.8, and one whose
/// first frame was by neither.
#[test]
fn what_was_in_use_is_not_kept() {
    let with_used = |profile: &'static Profile, used: u64| {
        let mut state = zone(2).snapshot(profile);
        let counter = counter(&state, ZoneStat::FreePages);
        let zone = &mut state.zones[0];
        zone.vm_stat[counter] -= 1;
        let rest = FreeListState {
            order: order(9),
            mt: Movable,
            pfns: [Pfn::new(512)].into(),
        };
        let free = (0..9).map(|size| FreeListState {
            order: order(size),
            mt: Movable,
            pfns: [Pfn::new((used ^ (1 << size)) & !((1 << size) - 1))].into(),
        });
        zone.free_lists = free.chain([rest]).collect();
        let mut mm = Mm::resume(&state).unwrap();
        mm.sysctl(Sysctl::MinFreeKbytes, 4 * 4, &mut ()).unwrap();
        types(&mm, 2)
    };
    for profile in generations(OLD) {
        let every = profile.name() == "linux-3.8";
        let (first, second) = (vec![Reserve, Movable], vec![Movable, Reserve]);
        assert_eq!(with_used(profile, 0), second);
        assert_eq!(
            with_used(profile, 7),
            if every { second } else { first },
            "{}",
            profile.name()
        );
    }
}

/// The limit of what is kept for high orders: one percent and a pageblock up to 6.1, then one percent
/// rounded up to pageblocks, and nothing where a percent is less than one.
#[test]
fn pageblocks_are_kept_for_high_orders_up_to_a_limit() {
    let atomic = Request {
        order: order(2),
        ..Request::new(Gfp::GFP_ATOMIC)
    };
    let kept = |profile: &'static Profile, blocks: u64| {
        let mut state = zone(blocks).snapshot(profile);
        // The first walk fails, so that the request says what it may do.
        (
            state.zones[0].watermarks.low,
            state.zones[0].watermarks.high,
        ) = (1 << 20, 1 << 20);
        let mut mm = Mm::resume(&state).unwrap();
        // What is kept serves first; when it is used up, another pageblock is kept.
        while mm.alloc(&atomic, &mut ()).is_ok() {}
        let snapshot = mm.snapshot();
        let types = types(&mm, blocks);
        let kept = types.iter().filter(|&&mt| mt == HighAtomic).count() as u64;
        assert_eq!(
            snapshot.zones[0].highatomic_reserved,
            kept * 512,
            "{}",
            profile.name()
        );
        kept
    };
    // A percent of 99 pageblocks is less than one, of 100 one exactly, of 201 two and a bit.
    for (blocks, of_old, of_6_12) in [(99, 2, 0), (100, 2, 1), (101, 3, 2), (201, 4, 3)] {
        for profile in generations(&["linux-4.14", "linux-5.0", "linux-6.1.0", "linux-6.1.y"]) {
            assert_eq!(
                kept(profile, blocks),
                of_old,
                "{}: {blocks}",
                profile.name()
            );
        }
        for profile in generations(&["linux-6.12.0", "linux-6.12.y"]) {
            assert_eq!(
                kept(profile, blocks),
                of_6_12,
                "{}: {blocks}",
                profile.name()
            );
        }
    }
}

/// Who finds nothing else gets one of the pageblocks kept for high orders, and no more than one.
#[test]
fn kept_pageblocks_are_given_up_one_at_a_time() {
    // Of an order that no CPU keeps.
    let atomic = Request {
        order: order(4),
        ..Request::new(Gfp::GFP_ATOMIC)
    };
    let cases = [("linux-4.14", 4), ("linux-6.1.y", 4), ("linux-6.12.y", 101)];
    for (name, pageblocks) in cases {
        let profile = generations(&[name]).next().unwrap();
        let mut state = zone(pageblocks).snapshot(profile);
        (
            state.zones[0].watermarks.low,
            state.zones[0].watermarks.high,
        ) = (1 << 20, 1 << 20);
        let mut mm = Mm::resume(&state).unwrap();
        let reserved = |mm: &Mm| mm.snapshot().zones[0].highatomic_reserved;
        // All of the first pageblock, and a block of the second one.
        let lent: Vec<Block> = (0..33)
            .map(|_| mm.alloc(&atomic, &mut ()).unwrap())
            .collect();
        for &block in &lent[..32] {
            mm.free(block, CPU, &mut ()).unwrap();
        }
        mm.drain(CPU, &mut ());
        assert_eq!(reserved(&mm), 1024, "{name}");
        // Who heeds no mark and does not try again leaves them alone.
        let once = Request::new(Gfp::GFP_KERNEL | Gfp::NORETRY | Gfp::MEMALLOC);
        while mm.alloc(&once, &mut ()).is_ok() {}
        assert_eq!(reserved(&mm), 1024, "{name}");
        // The smaller blocks are found first.
        let page = mm.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ()).unwrap();
        assert_eq!(
            page.start().get() >> 9,
            lent[32].start().get() >> 9,
            "{name}"
        );
        assert_eq!(reserved(&mm), 512, "{name}");
        // So large a block is tried for again only by who says so.
        let large = Request {
            order: order(9),
            ..Request::new(Gfp::GFP_KERNEL | Gfp::RETRY_MAYFAIL)
        };
        let all = mm.alloc(&large, &mut ()).unwrap();
        assert_eq!(all.start().get() >> 9, lent[0].start().get() >> 9, "{name}");
        assert_eq!(reserved(&mm), 0, "{name}");
        assert!(!types(&mm, pageblocks).contains(&HighAtomic), "{name}");
    }
}

/// Where CPUs may not have said yet that they took frames, requests of 2.6.37 ask them all while the
/// reclaimer is awake.
#[test]
fn below_the_drift_mark_free_frames_are_counted_exactly() {
    for profile in generations(&["linux-2.6.37"]) {
        let served = |drift_mark: u64, waiting: i8| {
            let mut state = zone(2).snapshot(profile);
            let free = counter(&state, ZoneStat::FreePages);
            let zone = &mut state.zones[0];
            zone.percpu_drift_mark = drift_mark;
            zone.vm_stat[free] -= i64::from(waiting);
            zone.pcp[0].vm_stat_diff[free] = waiting;
            // 1024 are free, and more than 1030 are asked for.
            let marks = &mut zone.watermarks;
            (marks.min, marks.low, marks.high) = (1030, 1030, 1030);
            state.nodes[0].kswapd_awake = true;
            let mut mm = Mm::resume(&state).unwrap();
            mm.alloc(&Request::new(Gfp::GFP_KERNEL), &mut ()).is_ok()
        };
        // What was folded says 1044.
        assert!(served(0, -20), "{}", profile.name());
        assert!(served(1044, -20), "{}", profile.name());
        assert!(!served(1045, -20), "{}", profile.name());
        assert!(!served(5000, -20), "{}", profile.name());
    }
}

/// Why the first zone asked was passed over.
fn why(mm: &mut Mm, request: &Request) -> Option<Refusal> {
    let mut events: Vec<Event> = Vec::new();
    mm.alloc(request, &mut events).unwrap_err();
    events.into_iter().find_map(|event| match event {
        Event::ZoneRefused { why, .. } => Some(why),
        _ => None,
    })
}

/// Since 4.4 a block that is large enough must be on a list that is open to the request.
#[test]
fn a_large_block_must_be_on_an_open_list() {
    let large = |gfp: Gfp| Request {
        order: order(3),
        ..Request::new(gfp | Gfp::NORETRY)
    };
    for profile in Profile::ALL
        .iter()
        .filter(|profile| !OLD.contains(&profile.name()))
    {
        // Every second frame is free.
        let mut mm = zone(2).boot(profile);
        let page = Request::new(Gfp::GFP_HIGHUSER_MOVABLE | Gfp::MEMALLOC);
        let pages: Vec<Block> = (0..1024)
            .map(|_| mm.alloc(&page, &mut ()).unwrap())
            .collect();
        for &page in pages
            .iter()
            .filter(|page| page.start().get().is_multiple_of(2))
        {
            mm.free(page, CPU, &mut ()).unwrap();
        }
        for gfp in [Gfp::GFP_KERNEL, Gfp::GFP_ATOMIC] {
            let name = profile.name();
            assert_eq!(
                why(&mut mm, &large(gfp)),
                Some(Refusal::NoLargeBlock),
                "{name}, {gfp}"
            );
        }
        // A pageblock kept for high orders is open to those who cannot wait alone.
        let mut state = zone(2).snapshot(profile);
        let zone = &mut state.zones[0];
        zone.free_lists[0].mt = HighAtomic;
        zone.pageblocks
            .as_mut()
            .unwrap()
            .types
            .fill(Some(HighAtomic));
        // As if nothing was: the mark alone lets everybody pass.
        zone.highatomic_free = zone.highatomic_free.map(|_| 0);
        let mut mm = Mm::resume(&state).unwrap();
        assert_eq!(
            why(&mut mm, &large(Gfp::GFP_KERNEL)),
            Some(Refusal::NoLargeBlock)
        );
        assert!(
            mm.alloc(&large(Gfp::GFP_ATOMIC), &mut ()).is_ok(),
            "{}",
            profile.name()
        );
    }
}

/// A zone in which the first pageblock is of one type and the second of another.
fn of_two(profile: &'static Profile, first: MigrateType, second: MigrateType) -> Mm {
    let mut state = zone(2).snapshot(profile);
    let zone = &mut state.zones[0];
    let list = |mt, pfn| FreeListState {
        order: order(9),
        mt,
        pfns: [Pfn::new(pfn)].into(),
    };
    zone.free_lists = vec![list(first, 0), list(second, 512)];
    zone.pageblocks.as_mut().unwrap().types = vec![Some(first), Some(second)];
    if second == HighAtomic {
        zone.highatomic_reserved = 512;
        zone.highatomic_free = zone.highatomic_free.map(|_| 512);
    }
    // The first walk fails, so that the request says what it may do.
    (zone.watermarks.low, zone.watermarks.high) = (1 << 20, 1 << 20);
    Mm::resume(&state).unwrap()
}

#[test]
fn what_is_kept_serves_those_it_is_kept_for_first() {
    for profile in Profile::ALL
        .iter()
        .filter(|profile| !OLD.contains(&profile.name()))
    {
        let mut mm = of_two(profile, Unmovable, HighAtomic);
        let atomic = Request {
            order: order(4),
            ..Request::new(Gfp::GFP_ATOMIC)
        };
        let block = mm.alloc(&atomic, &mut ()).unwrap();
        assert_eq!(block.start().get() >> 9, 1, "{}", profile.name());
    }
}

#[test]
fn what_is_kept_back_comes_last_up_to_3_8() {
    for profile in generations(OLD) {
        let mut mm = of_two(profile, Unmovable, Reserve);
        let large = Request {
            order: order(9),
            ..Request::new(Gfp::GFP_KERNEL)
        };
        let pages = [(); 2].map(|()| mm.alloc(&large, &mut ()).unwrap().start().get());
        assert_eq!(pages, [0, 512], "{}", profile.name());
    }
}

/// A pageblock is claimed for the sake of its upper half: what is free below goes along, although the
/// zone begins there.
#[test]
fn a_zone_s_first_pageblock_is_moved_from_its_beginning() {
    for profile in Profile::ALL {
        let mut state = zone(1).snapshot(profile);
        let counter = counter(&state, ZoneStat::FreePages);
        let zone = &mut state.zones[0];
        let list = |size, pfn| FreeListState {
            order: order(size),
            mt: Movable,
            pfns: [Pfn::new(pfn)].into(),
        };
        zone.free_lists = vec![list(0, 5), list(8, 256)];
        zone.vm_stat[counter] = 257;
        let mut mm = Mm::resume(&state).unwrap();
        let page = mm.alloc(&request(Order::ZERO, Unmovable), &mut ()).unwrap();
        // Up to 3.8 from what was chosen, then the smallest of what was moved.
        let old = OLD.contains(&profile.name());
        let name = profile.name();
        assert_eq!(page.start().get(), if old { 256 } else { 5 }, "{name}");
        assert_eq!(types(&mm, 1), [Unmovable], "{name}");
        let snapshot = mm.snapshot();
        assert_eq!(free(&snapshot, Movable), [], "{name}");
        let mut rest = free(&snapshot, Unmovable);
        rest.sort();
        let halves = (0..8).map(|size| (256 + (1 << size), size));
        let expected = match old {
            true => [(5, 0)].into_iter().chain(halves).collect(),
            false => vec![(256, 8)],
        };
        assert_eq!(rest, expected, "{name}");
    }
}
