//! Worked examples: small states in which it was computed, without our allocator, what every
//! generation does.

use pfnlab_mm::bare::{Bare, request};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, FreeListState, Inspect, MigrateType, Op, Order, PageAllocator, PcpState,
    Pfn, Snapshot, Ticket, ZoneStat,
};
use pfnlab_sim::Driver;

use MigrateType::{Movable, Unmovable};

/// Every generation from one on, to another.
fn generations(first: &str, last: &str) -> Vec<&'static Profile> {
    let at = |name: &str| {
        Profile::ALL
            .iter()
            .position(|one| one.name() == name)
            .unwrap()
    };
    Profile::ALL[at(first)..=at(last)].to_vec()
}

fn order(order: u8) -> Order {
    Order::new(order).unwrap()
}

fn zone(blocks: u64) -> Bare {
    Bare {
        start: Pfn::new(0),
        blocks,
        top: order(10),
        pageblock: order(9),
        highest_first: false,
    }
}

fn alloc(mm: &mut Mm, size: u8, mt: MigrateType, events: &mut Vec<Event>) -> u64 {
    let block = mm.alloc(&request(order(size), mt), events).unwrap();
    block.start().get()
}

fn free(mm: &mut Mm, pfn: u64, size: u8) {
    let block = Block::new(Pfn::new(pfn), order(size)).unwrap();
    mm.free(block, CpuId(0), &mut ()).unwrap();
}

/// The free lists that hold something, as `o0M[8 0] o1M[2]`; of a type, if it is given.
fn lists(mm: &Mm, only: Option<MigrateType>) -> String {
    let snapshot = mm.snapshot();
    let lists = snapshot.zones[0].free_lists.iter();
    let mut lists: Vec<&FreeListState> = lists
        .filter(|list| !list.pfns.is_empty() && only.is_none_or(|mt| list.mt == mt))
        .collect();
    lists.sort_by_key(|list| (list.mt, list.order));
    let words = lists.into_iter().map(|list| {
        let pfns: Vec<_> = list.pfns.iter().map(|pfn| pfn.get().to_string()).collect();
        format!("o{}{}[{}]", list.order, list.mt.letter(), pfns.join(" "))
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn ten_frames_are_cut_from_one_block_and_come_back() {
    for profile in Profile::ALL {
        let ten = || {
            let mut mm = zone(1).boot(profile);
            let got: Vec<_> = (0..10)
                .map(|_| alloc(&mut mm, 0, Movable, &mut Vec::new()))
                .collect();
            assert_eq!(got, (0..10).collect::<Vec<_>>(), "{}", profile.name());
            mm
        };
        let mut mm = ten();
        let left = "o1M[10] o2M[12] o4M[16] o5M[32] o6M[64] o7M[128] o8M[256] o9M[512]";
        assert_eq!(lists(&mm, None), left, "{}", profile.name());
        let next = [3, 1, 2].map(|size| alloc(&mut mm, size, Movable, &mut Vec::new()));
        assert_eq!(next, [16, 10, 12], "{}", profile.name());
        let left = "o3M[24] o5M[32] o6M[64] o7M[128] o8M[256] o9M[512]";
        assert_eq!(lists(&mm, None), left, "{}", profile.name());

        // Where each goes, merged with what is free beside it: its list afterwards, and at which
        // end it is.
        let mut mm = ten();
        for (pfn, start, size, at_tail) in [
            (0, 0, 0, false),
            (4, 4, 0, false),
            (1, 0, 1, false),
            (5, 4, 1, false),
            (2, 2, 0, true),
            (3, 0, 2, false),
            (6, 6, 0, true),
            (7, 0, 3, true),
            (8, 8, 0, true),
            (9, 0, 10, false),
        ] {
            free(&mut mm, pfn, 0);
            let snapshot = mm.snapshot();
            let mut lists = snapshot.zones[0].free_lists.iter();
            let list = lists
                .find(|list| list.order.get() == size && list.mt == Movable)
                .unwrap();
            let end = if at_tail {
                list.pfns.back()
            } else {
                list.pfns.front()
            };
            assert_eq!(end, Some(&Pfn::new(start)), "{}: {pfn}", profile.name());
        }
    }
}

#[test]
fn a_frame_about_to_merge_twice_goes_to_the_tail() {
    for profile in Profile::ALL {
        let mut mm = zone(1).boot(profile);
        for _ in 0..16 {
            alloc(&mut mm, 0, Movable, &mut Vec::new());
        }
        for pfn in [2, 3, 8, 0] {
            free(&mut mm, pfn, 0);
        }
        let small = lists(&mm, None);
        assert!(
            small.starts_with("o0M[8 0] o1M[2] o4M[16]"),
            "{}: {small}",
            profile.name()
        );
    }
}

/// What is left of an exact run goes straight back from 6.1 on.
#[test]
fn five_frames_leave_three() {
    for profile in generations("linux-6.1.0", "linux-6.12.y") {
        let mut mm = zone(1).boot(profile);
        for _ in 0..4 {
            alloc(&mut mm, 4, Movable, &mut Vec::new());
        }
        let mut driver = Driver::new(mm);
        let exact = Op::Exact {
            ticket: Ticket(1),
            frames: 5,
            request: request(Order::ZERO, Movable),
        };
        driver.step(&exact, &mut ()).unwrap();
        let mm = driver.into_allocator();
        let left = lists(&mm, None);
        assert!(
            left.starts_with("o0M[69] o1M[70] o3M[72]"),
            "{}: {left}",
            profile.name()
        );
    }
}

/// Four pageblocks that are in use, but for a few blocks. What is in use is on the LRU, except for
/// `stuck` frames of a pageblock.
fn in_use(
    profile: &'static Profile,
    types: MigrateType,
    free: &[(u64, u8)],
    stuck: Option<(usize, u32)>,
) -> Mm {
    let mut snapshot: Snapshot = zone(2).snapshot(profile);
    let stats = &snapshot.global.zone_stats;
    let counter = stats
        .iter()
        .position(|&stat| stat == ZoneStat::FreePages)
        .unwrap();
    let zone = &mut snapshot.zones[0];
    let frames: i64 = free.iter().map(|(_, size)| 1 << size).sum();
    zone.vm_stat[counter] = frames;
    let list = |&(pfn, size): &(u64, u8)| FreeListState {
        order: order(size),
        mt: types,
        pfns: [Pfn::new(pfn)].into(),
    };
    zone.free_lists = free.iter().map(list).collect();
    let pageblocks = zone.pageblocks.as_mut().unwrap();
    pageblocks.types = vec![Some(types); 4];
    let movable = |at: usize| {
        let own = free.iter().filter(|(pfn, _)| (pfn >> 9) as usize == at);
        let free: u32 = own.map(|(_, size)| 1 << size).sum();
        let stuck = stuck
            .filter(|(stuck, _)| *stuck == at)
            .map_or(0, |(_, frames)| frames);
        (at as u32, 512 - free - stuck)
    };
    pageblocks.movable = (0..4).map(movable).collect();
    Mm::resume(&snapshot).unwrap()
}

/// Three requests; what they get, where they fell back (the block found, and its order), and what
/// is left.
#[track_caller]
fn check(
    profile: &Profile,
    mut mm: Mm,
    mt: MigrateType,
    pages: [u64; 3],
    fell_back: &[(u64, u8)],
    left: &str,
) {
    let mut events = Vec::new();
    let got = [(); 3].map(|()| alloc(&mut mm, 0, mt, &mut events));
    assert_eq!(got, pages, "{}", profile.name());
    let found = events.iter().filter_map(|event| match event {
        Event::FellBack { block, .. } => Some((block.start().get(), block.order().get())),
        _ => None,
    });
    assert_eq!(found.collect::<Vec<_>>(), fell_back, "{}", profile.name());
    assert_eq!(lists(&mm, None), left, "{}", profile.name());
}

/// The kernel finds a small block, and a larger one that is not worth a pageblock.
#[test]
fn the_kernel_robs_the_users() {
    let start = |profile| in_use(profile, Movable, &[(100, 2), (544, 5)], None);
    for profile in generations("linux-2.6.37", "linux-6.1.y") {
        let left = "o0U[547] o2U[548] o3U[552] o4U[560] o2M[100]";
        check(
            profile,
            start(profile),
            Unmovable,
            [544, 545, 546],
            &[(544, 5)],
            left,
        );
    }
    let own = generations("linux-6.12.0", "linux-6.12.0")[0];
    let left = "o0M[569 561 545] o1M[570 562 546] o2M[572 564 548 100] o3M[552]";
    let fell_back = [(544, 5), (560, 4), (568, 3)];
    check(
        own,
        start(own),
        Unmovable,
        [544, 560, 568],
        &fell_back,
        left,
    );
    let newest = Profile::NEWEST;
    let fell_back = [(100, 2), (101, 0), (102, 1)];
    let left = "o0M[103] o5M[544]";
    check(
        newest,
        start(newest),
        Unmovable,
        [100, 101, 102],
        &fell_back,
        left,
    );
}

/// Up to 3.8 the kernel takes a small block alone; only what can be reclaimed takes the rest of the pageblock
/// along (03 e).
#[test]
fn a_small_block_is_taken_alone_by_the_kernel() {
    for profile in generations("linux-2.6.37", "linux-3.8") {
        for (mt, along) in [(Unmovable, false), (MigrateType::Reclaimable, true)] {
            let mut mm = in_use(profile, Movable, &[(100, 2), (104, 1)], None);
            assert_eq!(alloc(&mut mm, 0, mt, &mut Vec::new()), 100);
            let users = lists(&mm, Some(Movable));
            assert_eq!(
                users.contains("104"),
                !along,
                "{}, {mt}: {users}",
                profile.name()
            );
        }
    }
}

/// Users find two small blocks of the kernel, and take the smaller one, as it does little harm;
/// but not before 4.14.
#[test]
fn the_users_rob_the_kernel() {
    let start = |profile| in_use(profile, Unmovable, &[(16, 1), (576, 3)], None);
    let first = generations("linux-2.6.37", "linux-2.6.37")[0];
    let left = "o0U[583 581 577] o1U[578 16]";
    let fell_back = [(576, 3), (580, 2), (582, 1)];
    check(
        first,
        start(first),
        Movable,
        [576, 580, 582],
        &fell_back,
        left,
    );
    let second = generations("linux-3.8", "linux-3.8")[0];
    let left = "o1U[16] o0M[579] o2M[580]";
    check(
        second,
        start(second),
        Movable,
        [576, 577, 578],
        &[(576, 3)],
        left,
    );
    for profile in generations("linux-4.14", "linux-6.1.y") {
        let fell_back = [(16, 1), (576, 3)];
        let left = "o0M[577] o1M[578] o2M[580]";
        check(
            profile,
            start(profile),
            Movable,
            [16, 17, 576],
            &fell_back,
            left,
        );
    }
    for profile in generations("linux-6.12.0", "linux-6.12.y") {
        let fell_back = [(16, 1), (17, 0), (576, 3)];
        let left = "o0U[577] o1U[578] o2U[580]";
        check(
            profile,
            start(profile),
            Movable,
            [16, 17, 576],
            &fell_back,
            left,
        );
    }
}

/// A block of half a pageblock, the rest of which cannot be moved for the most part: whoever may
/// claim pageblocks claims this one.
#[test]
fn a_pageblock_worth_having_is_claimed() {
    for profile in Profile::ALL {
        let free = [(16, 3), (576, 5), (1024, 8)];
        let mut mm = in_use(profile, Movable, &free, Some((2, 200)));
        let got = [(); 3].map(|()| alloc(&mut mm, 0, Unmovable, &mut Vec::new()));
        assert_eq!(got, [1024, 1025, 1026], "{}", profile.name());
        assert_eq!(
            mm.pageblock_type(Pfn::new(1024)),
            Unmovable,
            "{}",
            profile.name()
        );
        assert_eq!(
            mm.pageblock_type(Pfn::new(512)),
            Movable,
            "{}",
            profile.name()
        );
    }
}

/// What the per-CPU lists of a generation do in one long example.
struct Cached {
    generations: [&'static str; 2],
    /// The fixed high mark, or the least.
    high: u32,
    /// The largest.
    most: u32,
    highest_first: bool,
    first: u64,
    refills: &'static [u32],
    /// The count and the high mark once 120 frames are handed out.
    then: (u32, u32),
    order_2: [u64; 3],
    /// What sizes the lists: after the first allocations, how far refills were scaled up; then the
    /// high mark; once the frames came back, refills again, frames freed in a row, and how far
    /// drains were.
    tuned: [u32; 5],
    /// What is drained while they come back, and the count then.
    back: (&'static [&'static str], u32),
    /// What is drained while the three larger blocks come back.
    order_2_back: [&'static str; 3],
    last: [u64; 5],
}

const CACHED: &[Cached] = &[
    Cached {
        generations: ["linux-5.0", "linux-5.0"],
        high: 90,
        most: 90,
        highest_first: true,
        first: 64512,
        refills: &[15; 8],
        then: (0, 90),
        order_2: [64632, 64636, 64640],
        tuned: [0, 90, 0, 0, 0],
        back: (&["64512..64526", "64527..64541", "64542..64556"], 75),
        // They go to the buddy straight away.
        order_2_back: [""; 3],
        last: [64631, 64630, 64629, 64628, 64627],
    },
    Cached {
        generations: ["linux-6.1.0", "linux-6.1.y"],
        high: 100,
        most: 100,
        highest_first: false,
        first: 0,
        refills: &[15; 8],
        then: (0, 100),
        order_2: [120, 124, 128],
        tuned: [0, 100, 0, 0, 2],
        back: (&["0..14", "15..44"], 75),
        order_2_back: ["120 45..119", "124", "128"],
        last: [0, 1, 2, 3, 4],
    },
    Cached {
        generations: ["linux-6.12.0", "linux-6.12.y"],
        high: 100,
        most: 8192,
        highest_first: false,
        first: 0,
        refills: &[15, 30, 60, 120],
        then: (105, 325),
        order_2: [228, 232, 236],
        tuned: [4, 340, 0, 120, 0],
        back: (&[], 225),
        // The CPU frees larger blocks in a row: all goes.
        order_2_back: ["", "228 232 224..120 0..119", "236"],
        last: [0, 1, 2, 3, 4],
    },
];

#[test]
fn a_hundred_and_twenty_frames_pass_through_the_per_cpu_lists() {
    for cached in CACHED {
        let [first, last] = cached.generations;
        for profile in generations(first, last) {
            pass_through(profile, cached);
        }
    }
}

/// Frees a block; which went from a per-CPU list to the buddy for it, in their order, as runs:
/// `120 45..119`.
fn drained(mm: &mut Mm, pfn: u64, size: u8) -> String {
    let block = Block::new(Pfn::new(pfn), order(size)).unwrap();
    let mut events: Vec<Event> = Vec::new();
    mm.free(block, CpuId(0), &mut events).unwrap();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for event in events {
        let Event::PcpUnlinked { block, .. } = event else {
            continue;
        };
        let pfn = block.start().get();
        let step = |last: u64| pfn.abs_diff(last) == 1;
        match runs.last_mut() {
            // A run goes one way.
            Some((first, last)) if step(*last) && pfn.abs_diff(*first) > first.abs_diff(*last) => {
                *last = pfn;
            }
            _ => runs.push((pfn, pfn)),
        }
    }
    let words = runs.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}..{last}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn pass_through(profile: &'static Profile, cached: &Cached) {
    let name = profile.name();
    let zone = Bare {
        highest_first: cached.highest_first,
        ..zone(64)
    };
    let mut snapshot = zone.snapshot(profile);
    for pcp in &mut snapshot.zones[0].pcp {
        pcp.batch = 15;
        pcp.high = cached.high;
        // The CPU has a small cache: it does not wait for a batch (`PCPF_FREE_HIGH_BATCH`).
        pcp.flags = 0;
        if profile.tunes_pcp() {
            (pcp.high_min, pcp.high_max) = (cached.high, cached.most);
        }
    }
    let mut mm = Mm::resume(&snapshot).unwrap();
    let state = |mm: &Mm| mm.snapshot().zones[0].pcp[0].clone();
    let pcp = |mm: &Mm| (state(mm).count, state(mm).high);
    let mut events = Vec::new();
    let pages: Vec<_> = (0..120)
        .map(|_| alloc(&mut mm, 0, Movable, &mut events))
        .collect();
    assert_eq!(
        pages,
        (cached.first..cached.first + 120).collect::<Vec<_>>(),
        "{name}"
    );
    let refills = events.iter().filter_map(|event| match event {
        Event::PcpRefilled { blocks, .. } => Some(*blocks),
        _ => None,
    });
    assert_eq!(refills.collect::<Vec<_>>(), cached.refills, "{name}");
    assert_eq!(pcp(&mm), cached.then, "{name}");
    let scaled = state(&mm).alloc_factor;
    let large = [(); 3].map(|()| alloc(&mut mm, 2, Movable, &mut events));
    assert_eq!(large, cached.order_2, "{name}");
    let high = pcp(&mm).1;
    let drains = pages.into_iter().map(|page| drained(&mut mm, page, 0));
    let drains: Vec<_> = drains.filter(|drain| !drain.is_empty()).collect();
    assert_eq!(drains, cached.back.0, "{name}");
    assert_eq!(pcp(&mm).0, cached.back.1, "{name}");
    let PcpState {
        alloc_factor,
        free_count,
        free_factor,
        ..
    } = state(&mm);
    let tuned = [scaled, high, alloc_factor, free_count, free_factor];
    assert_eq!(tuned, cached.tuned, "{name}");
    let back = large.map(|block| drained(&mut mm, block, 2));
    assert_eq!(back, cached.order_2_back, "{name}");
    if profile.tunes_pcp() {
        assert_eq!(pcp(&mm).1, cached.high, "{name}: lowered again");
    }
    let last = [(); 5].map(|()| alloc(&mut mm, 0, Movable, &mut events));
    assert_eq!(last, cached.last, "{name}");
}
