//! What must hold between kernel generations, and of the buddy of each.

use std::collections::BTreeMap;

use pfnlab_mm::bare::{Bare, free_blocks, request};
use pfnlab_mm::{Mm, Profile};
use pfnlab_model::{
    Block, CpuId, FreeListState, Gfp, Inspect, MigrateType, Order, PageAllocator, Pfn, ZoneStat,
};
use pfnlab_proptests::{Broken, for_all};
use proptest::collection::vec;
use proptest::prelude::*;

const MOVABLE: &[MigrateType] = &[MigrateType::Movable];
const EVERY: &[MigrateType] = &[
    MigrateType::Unmovable,
    MigrateType::Movable,
    MigrateType::Reclaimable,
];

/// Allocates under a name, or frees what that names.
#[derive(Clone, Copy, Debug)]
struct Turn {
    name: u8,
    order: u8,
    mt: MigrateType,
}

fn turns(
    types: &'static [MigrateType],
    most: u8,
    count: usize,
) -> impl Strategy<Value = Vec<Turn>> {
    // Small blocks as often as all others together.
    let orders = prop_oneof![Just(0), 0..=most];
    let turn = (0..40u8, orders, prop::sample::select(types));
    vec(
        turn.prop_map(|(name, order, mt)| Turn { name, order, mt }),
        1..count,
    )
}

fn order(order: u8) -> Order {
    Order::new(order).unwrap()
}

fn zone() -> Bare {
    Bare {
        start: Pfn::new(0),
        blocks: 4,
        top: order(10),
        pageblock: order(9),
        highest_first: false,
    }
}

/// Takes the turns; what every one of them got, and what is held at the end.
fn play(mm: &mut Mm, turns: &[Turn], by: u8) -> (Vec<Option<Pfn>>, Vec<Block>) {
    let mut held: BTreeMap<u8, Block> = BTreeMap::new();
    let mut got = Vec::new();
    for turn in turns {
        if let Some(block) = held.remove(&turn.name) {
            mm.free(block, CpuId(0), &mut ()).unwrap();
            continue;
        }
        let block = mm
            .alloc(&request(order(turn.order - by), turn.mt), &mut ())
            .ok();
        got.push(block.map(Block::start));
        held.extend(block.map(|block| (turn.name, block)));
    }
    (got, held.into_values().collect())
}

fn equal<T: PartialEq + std::fmt::Debug>(kind: &str, one: &T, other: &T) -> Result<(), Broken> {
    if one == other {
        return Ok(());
    }
    Err(Broken::new(kind, &format!("{one:?}, then {other:?}")))
}

/// With one migratetype there is nothing to rob, and without per-CPU lists nothing is kept back:
/// what is left is the buddy, which has not changed.
#[test]
fn with_one_type_and_no_caches_all_generations_agree() {
    let cases = (turns(MOVABLE, 10, 200), any::<bool>());
    for_all(40, cases, |(turns, highest_first)| {
        let zone = Bare {
            highest_first: *highest_first,
            ..zone()
        };
        let run = |profile: &&'static Profile| {
            let mut mm = zone.boot(profile);
            let (got, _) = play(&mut mm, turns, 0);
            (got, free_blocks(&mm))
        };
        let mut runs = Profile::ALL.iter().map(run);
        let first = runs.next().unwrap();
        for (profile, other) in Profile::ALL[1..].iter().zip(runs) {
            equal(profile.name(), &first, &other)?;
        }
        Ok(())
    });
}

/// With two types they part: the kernel's frames come out of holes between the users', and whom to
/// rob was decided anew again and again.
#[test]
fn with_two_types_they_part() {
    let robbed = |profile: &&'static Profile| {
        let mut mm = zone().boot(profile);
        let user = request(Order::ZERO, MigrateType::Movable);
        let mut users = Vec::new();
        while let Ok(page) = mm.alloc(&user, &mut ()) {
            users.push(page);
        }
        users.sort_unstable_by_key(|page| page.start());
        for page in users.iter().filter(|page| page.start().get() % 7 < 2) {
            mm.free(*page, CpuId(0), &mut ()).unwrap();
        }
        let kernel = request(Order::ZERO, MigrateType::Unmovable);
        let mut pages = Vec::new();
        for _ in 0..200 {
            pages.push(mm.alloc(&kernel, &mut ()).map(Block::start).ok());
        }
        pages
    };
    let mut ways: Vec<_> = Profile::ALL.iter().map(robbed).collect();
    let [oldest, .., newest] = &ways[..] else {
        panic!("there are generations");
    };
    assert_ne!(oldest, newest);
    ways.sort_unstable();
    ways.dedup();
    assert_eq!(ways.len(), 4, "2.6.37, 3.8, from 4.14 on, from 6.12 on");
}

/// A zone that lies elsewhere gives the same frames, as far from its start.
#[test]
fn frames_move_with_their_zone() {
    let cases = (turns(EVERY, 10, 150), 1..1000u64);
    for_all(40, cases, |(turns, blocks)| {
        for profile in Profile::ALL {
            let shift = blocks << 10;
            let there = Bare {
                start: Pfn::new(shift),
                ..zone()
            };
            let (here, _) = play(&mut zone().boot(profile), turns, 0);
            let (there, _) = play(&mut there.boot(profile), turns, 0);
            let back = |pfn: &Option<Pfn>| pfn.map(|pfn| Pfn::new(pfn.get() - shift));
            let there: Vec<_> = there.iter().map(back).collect();
            equal(profile.name(), &here, &there)?;
        }
        Ok(())
    });
}

/// A zone of blocks an eighth the size is the same zone, seen from farther away.
#[test]
fn frames_shrink_with_their_zone() {
    const BY: u8 = 3;
    let large = (0..40u8, BY..=10).prop_map(|(name, order)| Turn {
        name,
        order,
        mt: MigrateType::Movable,
    });
    for_all(40, vec(large, 1..150), |turns| {
        let small = Bare {
            top: order(10 - BY),
            pageblock: order(9 - BY),
            ..zone()
        };
        for profile in Profile::ALL {
            let (full, _) = play(&mut zone().boot(profile), turns, 0);
            let (small, _) = play(&mut small.boot(profile), turns, BY);
            let scaled = |pfn: &Option<Pfn>| pfn.map(|pfn| Pfn::new(pfn.get() >> BY));
            let full: Vec<_> = full.iter().map(scaled).collect();
            equal(profile.name(), &full, &small)?;
        }
        Ok(())
    });
}

/// In whatever order blocks are freed, the same blocks are free afterwards.
#[test]
fn the_order_of_frees_does_not_matter() {
    let cases = turns(MOVABLE, 6, 150).prop_flat_map(|turns| {
        (
            Just(turns),
            Just((0..40usize).collect::<Vec<_>>()).prop_shuffle(),
        )
    });
    for_all(40, cases, |(turns, shuffled)| {
        for profile in Profile::ALL {
            let (mut one, mut other) = (zone().boot(profile), zone().boot(profile));
            let (_, held) = play(&mut one, turns, 0);
            play(&mut other, turns, 0);
            // Half of what is held, by place.
            let half = |at: &usize| at.is_multiple_of(2) && *at < held.len();
            for at in (0..held.len()).filter(half) {
                one.free(held[at], CpuId(0), &mut ()).unwrap();
            }
            for &at in shuffled.iter().filter(|at| half(at)) {
                other.free(held[at], CpuId(0), &mut ()).unwrap();
            }
            equal(profile.name(), &free_blocks(&one), &free_blocks(&other))?;
        }
        Ok(())
    });
}

/// What was taken and given back leaves the same blocks free, and as many frames counted.
#[test]
fn a_block_that_comes_back_was_never_away() {
    let cases = (turns(MOVABLE, 10, 100), 0..=10u8);
    for_all(40, cases, |(turns, size)| {
        for profile in Profile::ALL {
            let mut mm = zone().boot(profile);
            play(&mut mm, turns, 0);
            let before = (free_blocks(&mm), counted(&mm));
            let Ok(block) = mm.alloc(&request(order(*size), MigrateType::Movable), &mut ()) else {
                continue;
            };
            mm.free(block, CpuId(0), &mut ()).unwrap();
            equal(profile.name(), &before, &(free_blocks(&mm), counted(&mm)))?;
        }
        Ok(())
    });
}

/// The free frames a zone counts, and those it keeps for atomic requests.
fn counted(mm: &Mm) -> (i64, Option<u64>) {
    let snapshot = mm.snapshot();
    let stats = &snapshot.global.zone_stats;
    let free = stats.iter().position(|&stat| stat == ZoneStat::FreePages);
    let zone = &snapshot.zones[0];
    (zone.vm_stat[free.unwrap()], zone.highatomic_free)
}

/// Where nothing is withheld, a request fails when no block is large enough, and only then.
#[test]
fn a_request_fails_for_want_of_a_block_alone() {
    for_all(40, turns(EVERY, 10, 200), |turns| {
        for profile in Profile::ALL {
            let mut mm = zone().boot(profile);
            play(&mut mm, turns, 0);
            let largest = free_blocks(&mm).iter().map(|block| block.order()).max();
            for (size, mt) in (0..=10).flat_map(|size| EVERY.iter().map(move |mt| (size, *mt))) {
                let asked = order(size);
                // Each from the same state.
                let mut mm = Mm::resume(&mm.snapshot()).unwrap();
                let served = mm.alloc(&request(asked, mt), &mut ()).is_ok();
                equal(
                    profile.name(),
                    &served,
                    &largest.is_some_and(|most| asked <= most),
                )?;
            }
        }
        Ok(())
    });
}

/// With per-CPU lists, emptied or not: whoever takes all there is gets the same frames, in another
/// order. No watermark may hold for it: that of an empty zone keeps from everybody what its CPUs
/// have, and 2.6.37 has no request without one.
#[test]
fn drained_lists_lose_no_frame() {
    for_all(20, turns(EVERY, 9, 200), |turns| {
        for profile in &Profile::ALL[1..] {
            let mut snapshot = zone().snapshot(profile);
            for pcp in &mut snapshot.zones[0].pcp {
                (pcp.batch, pcp.high) = (15, 90);
                if profile.tunes_pcp() {
                    (pcp.high_min, pcp.high_max) = (90, 90);
                }
            }
            let mut mm = Mm::resume(&snapshot).unwrap();
            play(&mut mm, turns, 0);
            let mut drained = Mm::resume(&mm.snapshot()).unwrap();
            drained.drain(CpuId(0), &mut ());
            equal(profile.name(), &everything(mm), &everything(drained))?;
        }
        Ok(())
    });
}

/// Every frame there is to have, ascending.
fn everything(mut mm: Mm) -> Vec<Pfn> {
    let mut frames = Vec::new();
    // The lists of large blocks first: what stays on them serves no smaller request.
    for size in [9, 3, 2, 1, 0] {
        for &mt in EVERY {
            let mut all = request(order(size), mt);
            all.gfp = (all.gfp | Gfp::MEMALLOC).without(Gfp::DIRECT_RECLAIM);
            while let Ok(block) = mm.alloc(&all, &mut ()) {
                frames.extend((0..block.frames()).map(|at| block.start().offset(at)));
            }
        }
    }
    frames.sort_unstable();
    frames
}

/// Two free blocks of the users, of which only the second is in a pageblock worth having.
fn a_poor_and_a_rich_pageblock(profile: &'static Profile, batch: u32) -> Mm {
    let mut snapshot = zone().snapshot(profile);
    let stats = &snapshot.global.zone_stats;
    let free = stats.iter().position(|&stat| stat == ZoneStat::FreePages);
    let zone = &mut snapshot.zones[0];
    zone.vm_stat[free.unwrap()] = 64;
    zone.free_lists = vec![FreeListState {
        order: order(5),
        mt: MigrateType::Movable,
        pfns: [Pfn::new(32), Pfn::new(512)].into(),
    }];
    let pageblocks = zone.pageblocks.as_mut().unwrap();
    // All users of the first can be moved, and so would come back; none of the second.
    pageblocks.movable = vec![(0, 480)];
    for pcp in &mut zone.pcp {
        (pcp.batch, pcp.high) = (batch, 6 * batch);
        if profile.tunes_pcp() {
            (pcp.high_min, pcp.high_max) = (6 * batch, 6 * batch);
        }
    }
    Mm::resume(&snapshot).unwrap()
}

/// A refill of many is many refills of one; but in 6.12.y a refill that stole goes on stealing, and
/// looks for no pageblock to claim any more.
#[test]
fn a_refill_is_many_single_ones_until_it_steals() {
    let three = |profile, batch| {
        let mut mm = a_poor_and_a_rich_pageblock(profile, batch);
        let request = request(Order::ZERO, MigrateType::Unmovable);
        [(); 3].map(|()| mm.alloc(&request, &mut ()).unwrap().start().get())
    };
    for profile in Profile::ALL {
        let (single, many) = (three(profile, 1), three(profile, 3));
        if profile.name() == "linux-6.12.y" {
            assert_eq!((single, many), ([32, 512, 513], [32, 33, 34]));
        } else {
            assert_eq!(single, many, "{}", profile.name());
        }
    }
    // Not so many that the mark of an empty zone keeps from them what the CPU has.
    for_all(40, turns(MOVABLE, 0, 45), |turns| {
        for profile in Profile::ALL {
            let play = |batch| {
                let mut mm = a_poor_and_a_rich_pageblock(profile, batch);
                let takes = turns.iter().map(|turn| request(order(turn.order), turn.mt));
                let mut got = Vec::new();
                for take in takes {
                    got.push(mm.alloc(&take, &mut ()).ok());
                }
                got
            };
            equal(profile.name(), &play(1), &play(15))?;
        }
        Ok(())
    });
}
