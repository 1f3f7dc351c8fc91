//! Worked examples of what is counted: marks that are partly open (05 §5.3), counts that lag
//! behind (08 §8.2), and how per-CPU lists are emptied (04 §4.7).

use std::collections::VecDeque;

use MigrateType::{Movable, Unmovable};
use pfnlab_mm::bare::{Bare, request};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    Block, CpuId, Event, FreeListState, Gfp, Inspect, MigrateType, Order, PageAllocator,
    PcpListState, PcpState, Pfn, Request, Snapshot, Watermarks, ZoneStat,
};

fn zone(blocks: u64) -> Bare {
    Bare {
        start: Pfn::new(0),
        blocks,
        top: Order::new(10).unwrap(),
        pageblock: Order::new(9).unwrap(),
        highest_first: false,
    }
}

pub(crate) fn counter(snapshot: &Snapshot, stat: ZoneStat) -> usize {
    let stats = &snapshot.global.zone_stats;
    stats.iter().position(|&one| one == stat).unwrap()
}

/// Every mark is 1000, and so many of 1024 frames are free.
fn with_free(profile: &'static Profile, frames: u64) -> Mm {
    let mut snapshot = zone(1).snapshot(profile);
    let free = counter(&snapshot, ZoneStat::FreePages);
    let zone = &mut snapshot.zones[0];
    zone.watermarks = Watermarks {
        min: 1000,
        low: 1000,
        high: 1000,
        promo: 1000,
    };
    zone.vm_stat[free] = frames as i64;
    // One block for every bit of the number, the largest first: each is aligned.
    let mut start = 0;
    let mut lists = Vec::new();
    for order in (0..10).rev().filter(|order| frames & (1 << order) != 0) {
        lists.push(FreeListState {
            order: Order::new(order).unwrap(),
            mt: Movable,
            pfns: [Pfn::new(start)].into(),
        });
        start += 1 << order;
    }
    lists.reverse();
    zone.free_lists = lists;
    Mm::resume(&snapshot).unwrap()
}

/// Half of the min mark is open to a request that may use reserves, and a quarter of the rest if it
/// cannot wait: 1000 → 500 → 375. One that merely cannot wait is held to all of it, but up to 3.8
/// to three quarters.
#[test]
fn marks_are_partly_open_to_who_cannot_wait() {
    for profile in Profile::ALL {
        let name = profile.name();
        let waits_for_nothing = match name {
            "linux-2.6.37" | "linux-3.8" => 750,
            _ => 1000,
        };
        for (gfp, mark) in [(Gfp::GFP_ATOMIC, 375), (Gfp::GFP_NOWAIT, waits_for_nothing)] {
            for (free, served) in [(mark, false), (mark + 1, true)] {
                let mut mm = with_free(profile, free);
                let got = mm.alloc(&Request::new(gfp), &mut ());
                assert_eq!(got.is_ok(), served, "{name}, {gfp}, {free} free");
            }
        }
    }
}

/// One refill of 63 frames with a threshold of 24. As one change it is folded at once; as 63 changes
/// it is folded at −25 and at −50, and 13 wait. So the free count a mark sees differs by 13.
#[test]
fn a_refill_is_counted_at_once_or_frame_by_frame() {
    for profile in Profile::ALL {
        let name = profile.name();
        let mut snapshot = zone(1).snapshot(profile);
        let free = counter(&snapshot, ZoneStat::FreePages);
        for pcp in &mut snapshot.zones[0].pcp {
            (pcp.batch, pcp.high, pcp.stat_threshold) = (63, 378, 24);
            if profile.tunes_pcp() {
                (pcp.high_min, pcp.high_max) = (378, 378);
            }
        }
        let mut mm = Mm::resume(&snapshot).unwrap();
        mm.alloc(&request(Order::ZERO, Movable), &mut ()).unwrap();
        let after = mm.snapshot();
        let zone = &after.zones[0];
        let (count, folded, waiting) = (
            zone.pcp[0].count,
            zone.vm_stat[free],
            zone.pcp[0].vm_stat_diff[free],
        );
        let expected = match name {
            "linux-6.12.0" | "linux-6.12.y" => (62, 1024 - 50, -13),
            _ => (62, 1024 - 63, 0),
        };
        assert_eq!((count, folded, waiting), expected, "{name}");
    }
}

/// Nine events with a threshold of 8: the ninth is over it, and half as many again are folded with
/// it. Up to 3.8 what was served from the nearest node is such a count.
#[test]
fn single_events_overstep() {
    for profile in &Profile::ALL[..2] {
        let mut snapshot = zone(1).snapshot(profile);
        let hits = counter(&snapshot, ZoneStat::NumaHit);
        snapshot.zones[0].pcp[0].stat_threshold = 8;
        let mut mm = Mm::resume(&snapshot).unwrap();
        for served in 1..=9 {
            mm.alloc(&request(Order::ZERO, Movable), &mut ()).unwrap();
            let after = mm.snapshot();
            let zone = &after.zones[0];
            let got = (zone.vm_stat[hits], zone.pcp[0].vm_stat_diff[hits]);
            let expected = if served < 9 { (0, served) } else { (13, -4) };
            assert_eq!(got, expected, "{}", profile.name());
        }
    }
}

/// From 6.1 on a CPU keeps blocks of several frames too.
fn has_large_lists(profile: &Profile) -> bool {
    let others = ["linux-2.6.37", "linux-3.8", "linux-4.14", "linux-5.0"];
    !others.contains(&profile.name())
}

/// A frame of the list `at` comes back to lists of 5, 2 and 4, it included, and eight must go; they
/// are named by list and by their distance from the tail.
fn drained(profile: &'static Profile, at: usize) -> String {
    let mut snapshot = zone(2).snapshot(profile);
    let types: Vec<MigrateType> = snapshot.global.migratetypes[..3].to_vec();
    let free = counter(&snapshot, ZoneStat::FreePages);
    let zone = &mut snapshot.zones[0];
    // All is in use; a pageblock of each type. Frames so far apart that none merge.
    zone.free_lists.clear();
    zone.vm_stat[free] = 0;
    let blocks = zone.pageblocks.as_mut().unwrap();
    blocks.types = types.iter().copied().chain([Unmovable]).map(Some).collect();
    let frame = |list: usize, number: u64| Pfn::new(list as u64 * 512 + 4 * number);
    let sizes = [5, 2, 4];
    let pcp = &mut zone.pcp[0];
    for (list, &size) in sizes.iter().enumerate() {
        let cached = size - u64::from(list == at);
        // From the head: the last one is number 1.
        let pfns: VecDeque<Pfn> = (1..=cached)
            .rev()
            .map(|number| frame(list, number))
            .collect();
        let noted = pfns.iter().map(|_| types[list]);
        pcp.lists.push(PcpListState {
            index: list as u8,
            order: Order::ZERO,
            noted: noted.filter(|_| !profile.tunes_pcp()).collect(),
            pfns,
        });
    }
    (pcp.count, pcp.high, pcp.batch) = (10, 11, 8);
    // From 6.1 on the number grows with what came back lately; here it is bounded by eight.
    if profile.tunes_pcp() {
        (pcp.batch, pcp.free_count) = (3, 8);
        (pcp.high_min, pcp.high_max) = (11, 11);
    } else if has_large_lists(profile) {
        (pcp.batch, pcp.free_factor) = (3, 2);
    }
    let last = Block::new(frame(at, sizes[at]), Order::ZERO).unwrap();
    zone.lent = vec![last];
    let mut mm = Mm::resume(&snapshot).unwrap();
    let mut events: Vec<Event> = Vec::new();
    mm.free(last, CpuId(0), &mut events).unwrap();
    let gone = events.iter().filter_map(|event| match event {
        Event::PcpUnlinked { list, block, .. } => {
            let letter = ["a", "b", "c"][usize::from(*list)];
            Some(format!("{letter}{}", block.start().get() % 512 / 4))
        }
        _ => None,
    });
    gone.collect::<Vec<_>>().join(" ")
}

/// Up to 5.0 lists take turns, from the second on, and one that is found late gives more. From 6.1
/// on the list of the frame that came back is emptied first.
#[test]
fn lists_are_emptied_in_turns_or_one_after_the_other() {
    for profile in Profile::ALL {
        let (at, expected) = if has_large_lists(profile) {
            (2, "c1 c2 c3 c4 a1 a2 a3 a4")
        } else {
            (0, "b1 c1 a1 b2 c2 a2 c3 c4")
        };
        assert_eq!(drained(profile, at), expected, "{}", profile.name());
    }
}

/// A zone whose per-CPU lists are of this size, and so many of its frames to be given back.
fn with_lists(
    profile: &'static Profile,
    batch: u32,
    (high_min, high): (u32, u32),
    frames: usize,
) -> (Mm, Vec<Block>) {
    let mut snapshot = zone(1).snapshot(profile);
    for pcp in &mut snapshot.zones[0].pcp {
        (pcp.batch, pcp.high) = (batch, high);
        if profile.tunes_pcp() {
            (pcp.high_min, pcp.high_max) = (high_min, high);
        }
    }
    let mut mm = Mm::resume(&snapshot).unwrap();
    let request = request(Order::ZERO, Movable);
    let pages = std::iter::repeat_with(|| mm.alloc(&request, &mut ()).unwrap());
    let pages = pages.take(frames).collect();
    mm.drain(CpuId(0), &mut ());
    (mm, pages)
}

/// The per-CPU lists.
fn lists(mm: &Mm) -> PcpState {
    mm.snapshot().zones.swap_remove(0).pcp.swap_remove(0)
}

/// The frame that fills a list to its high mark is the one that has it drained.
#[test]
fn a_list_is_drained_when_it_is_full() {
    for profile in Profile::ALL {
        let (mut mm, pages) = with_lists(profile, 4, (10, 10), 12);
        let counts = pages.iter().map(|&page| {
            mm.free(page, CpuId(0), &mut ()).unwrap();
            lists(&mm).count
        });
        let counts: Vec<u32> = counts.take(10).collect();
        let name = profile.name();
        assert_eq!(counts[..9], [1, 2, 3, 4, 5, 6, 7, 8, 9], "{name}");
        assert!(counts[9] < 10, "{name}");
    }
}

/// Since 6.1 at most the high mark less a batch is drained: nothing where both are the same, so that the list
/// grows on. One frame where the mark is less than a batch (04 §4.6).
#[test]
fn a_high_mark_of_one_batch_drains_nothing() {
    for profile in Profile::ALL
        .iter()
        .filter(|profile| profile.name().starts_with("linux-6"))
    {
        for (high, expected) in [(4, [1, 2, 3, 4, 5, 6]), (3, [1, 2, 2, 2, 2, 2])] {
            let (mut mm, pages) = with_lists(profile, 4, (high, high), 8);
            let counts = pages.iter().map(|&page| {
                mm.free(page, CpuId(0), &mut ()).unwrap();
                lists(&mm).count
            });
            assert_eq!(
                counts.take(6).collect::<Vec<u32>>(),
                expected,
                "{}, {high}",
                profile.name()
            );
        }
    }
}

/// On 6.1 the next drain is twice as large if this one was smaller than the most that could be drained.
#[test]
fn drains_double_below_the_most() {
    for profile in Profile::ALL
        .iter()
        .filter(|profile| profile.name().starts_with("linux-6.1."))
    {
        for (high, expected) in [(8, 0), (9, 1)] {
            let (mut mm, pages) = with_lists(profile, 4, (high, high), 12);
            for &page in &pages[..high as usize] {
                mm.free(page, CpuId(0), &mut ()).unwrap();
            }
            let lists = lists(&mm);
            assert_eq!(lists.count, high - 4, "{}", profile.name());
            assert_eq!(lists.free_factor, expected, "{}, {high}", profile.name());
        }
    }
}

/// Since 6.12 a high mark sinks by an eighth with every second, not by more than what 32 batches below the count
/// are, and what is above it is drained.
#[test]
fn a_high_mark_sinks_and_the_list_with_it() {
    for profile in Profile::ALL.iter().filter(|profile| profile.tunes_pcp()) {
        let (mut mm, pages) = with_lists(profile, 1, (4, 50), 45);
        for &page in &pages {
            mm.free(page, CpuId(0), &mut ()).unwrap();
        }
        let (mut high, mut count) = (lists(&mm).high, lists(&mm).count);
        for _ in 0..12 {
            high = (high - high / 8).max(count.saturating_sub(32)).max(4);
            count = count.min(high);
            mm.vmstat_tick(CpuId(0), &mut ());
            let lists = lists(&mm);
            assert_eq!(
                (lists.high, lists.count),
                (high, count),
                "{}",
                profile.name()
            );
        }
        assert!(count < 20, "{count}");
    }
}
