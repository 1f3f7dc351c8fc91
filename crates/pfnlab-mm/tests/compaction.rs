//! Compaction: what is moved, in which order and where to.

use std::collections::BTreeMap;

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{
    Block, CompactGoal, CompactResult, CompactionEvent, CpuId, Event, Gfp, Inspect, MachineSpec,
    MemoryError, MemoryOp, NodeId, NodeSpec, Observer, Order, PageAllocator, Pfn, PfnRange,
    Reclaim, Request, Sysctl, Tenants,
};

/// Everything can be moved but what is named; it is noted from where to where.
#[derive(Default)]
struct Everybody {
    pinned: Vec<Pfn>,
    moved: Vec<(u64, u64)>,
}

impl Tenants for Everybody {
    fn can_move(&self, block: Block) -> bool {
        !self.pinned.contains(&block.start())
    }

    fn moved(&mut self, from: Block, to: Block, _: CpuId, _: &mut impl Observer) {
        assert_eq!(from.order(), to.order());
        self.moved.push((from.start().get(), to.start().get()));
    }
}

impl Reclaim for Everybody {}

/// One node with this memory.
pub(crate) fn boot(profile: &'static Profile, ram: &str) -> Mm {
    let node = NodeSpec {
        cpus: vec![0],
        ram: vec![ram.parse().unwrap()],
        ..NodeSpec::default()
    };
    let machine = MachineSpec {
        nodes: vec![node],
        ..MachineSpec::default()
    };
    Mm::boot(&machine.build().unwrap(), profile, &Config::X86_64_NO_THP).unwrap()
}

/// All that can be had, frame by frame, and back but what stays.
pub(crate) fn keep(mm: &mut Mm, stays: impl Fn(Pfn) -> bool) -> Vec<Block> {
    // Without any watermark.
    let request = Request::new(Gfp::GFP_HIGHUSER_MOVABLE | Gfp::MEMALLOC | Gfp::NORETRY);
    let mut all = Vec::new();
    while let Ok(block) = mm.alloc(&request, &mut ()) {
        all.push(block);
    }
    let (kept, freed): (Vec<Block>, _) = all.into_iter().partition(|block| stays(block.start()));
    for block in freed {
        mm.free(block, CpuId(0), &mut ()).unwrap();
    }
    mm.drain(CpuId(0), &mut ());
    kept
}

fn compact(
    mm: &mut Mm,
    goal: CompactGoal,
    tenants: &mut Everybody,
) -> (Result<(), MemoryError>, Vec<Event>) {
    let op = MemoryOp::Compact {
        node: NodeId(0),
        goal,
        cpu: CpuId(0),
    };
    let mut tape = Vec::new();
    let done = mm.memory(&op, PfnRange::default(), tenants, &mut tape);
    (done.map(|_| ()), tape)
}

fn results(tape: &[Event]) -> Vec<CompactResult> {
    let ended = tape.iter().filter_map(|event| match event {
        Event::Compaction(CompactionEvent::Ended { result, .. }) => Some(*result),
        _ => None,
    });
    ended.collect()
}

/// 128 MiB from 16 MiB on: the pageblocks of 0x1000 to 0x8fff, all of one zone.
const FIRST: u64 = 0x1000;
const LAST: u64 = 0x8e00;

/// Two frames of the first pageblock are in use, and the last frame of the last one, whose other frames
/// are free blocks of order 8, 7, … 0, ascending. Two frames are needed: the first block, of 256
/// frames, is taken. What is found last is moved first. Up to 6.1 the block is taken apart into
/// frames, each put at the head of a list; in 6.12 it is halved, the lower half used first.
#[test]
fn the_last_found_is_moved_first() {
    for &profile in Profile::ALL {
        let mut mm = boot(profile, "16M..144M");
        let used = [FIRST + 1, FIRST + 3, LAST + 511];
        let kept = keep(&mut mm, |pfn| used.contains(&pfn.get()));
        assert_eq!(kept.len(), used.len(), "{}", profile.name());
        let mut tenants = Everybody::default();
        let (done, tape) = compact(&mut mm, CompactGoal::All, &mut tenants);
        assert_eq!(done, Ok(()));
        let expected = match profile.name() {
            "linux-6.12.0" | "linux-6.12.y" => [(FIRST + 3, LAST), (FIRST + 1, LAST + 1)],
            _ => [(FIRST + 3, LAST + 255), (FIRST + 1, LAST + 254)],
        };
        assert_eq!(tenants.moved, expected, "{}", profile.name());
        assert_eq!(
            results(&tape),
            [CompactResult::Complete],
            "{}",
            profile.name()
        );
    }
}

/// Nothing is moved into a pageblock that is free as a whole, nor out of one that is all there is.
#[test]
fn whole_blocks_are_left_alone() {
    for &profile in Profile::ALL {
        let mut mm = boot(profile, "16M..144M");
        keep(&mut mm, |pfn| pfn.get() == FIRST + 1);
        let mut tenants = Everybody::default();
        compact(&mut mm, CompactGoal::All, &mut tenants).0.unwrap();
        assert_eq!(tenants.moved, [], "{}", profile.name());
    }
}

/// Half of all frames are in use, every second one. Afterwards, nothing is in use below where the two
/// scanners met, and what clients have they have still, elsewhere.
#[test]
fn every_second_frame_is_moved_up() {
    for &profile in Profile::ALL {
        let mut mm = boot(profile, "16M..144M");
        let kept = keep(&mut mm, |pfn| pfn.get() % 2 == 0);
        let before = mm.snapshot();
        let whole = |mm: &Mm| {
            let zone = mm.zone_of(Pfn::new(FIRST)).unwrap();
            let orders = Order::new(9).unwrap().through(Order::MAX);
            orders
                .map(|order| mm.free_blocks(zone, order) << (order.get() - 9))
                .sum::<u64>()
        };
        assert_eq!(whole(&mm), 0);
        let mut tenants = Everybody::default();
        let (_, tape) = compact(&mut mm, CompactGoal::All, &mut tenants);
        mm.drain(CpuId(0), &mut ());
        // 64 pageblocks, half of their frames in use: 32 could be free, and some are not because the
        // zone keeps a reserve while blocks are taken.
        assert!(
            (28..=32).contains(&whole(&mm)),
            "{}: {}",
            profile.name(),
            whole(&mm)
        );
        let mut owners: BTreeMap<u64, u64> = kept
            .iter()
            .map(|block| (block.start().get(), block.start().get()))
            .collect();
        for (from, to) in &tenants.moved {
            let owner = owners.remove(from).expect("what is moved was in use");
            assert!(
                owners.insert(*to, owner).is_none(),
                "nothing is moved onto another"
            );
        }
        let lent: Vec<u64> = mm
            .snapshot()
            .zones
            .iter()
            .flat_map(|zone| {
                zone.lent
                    .iter()
                    .map(|block| block.start().get())
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut lent = lent;
        lent.sort_unstable();
        assert_eq!(owners.keys().copied().collect::<Vec<_>>(), lent);
        if profile.name() != Profile::NEWEST.name() {
            continue;
        }
        // The events alone lead from the one state to the other.
        let mut folded = before;
        tape.into_iter().for_each(|event| folded.apply(event));
        let resumed = Mm::resume(&folded).unwrap();
        assert_eq!(resumed.snapshot(), folded, "{}", profile.name());
    }
}

/// One frame of every pageblock stays where it is: no whole pageblock gets free, and the background
/// compactor tries it the less often the more often it fails (`defer_compaction`).
#[test]
fn what_fails_is_put_off() {
    let mut mm = boot(Profile::NEWEST, "16M..144M");
    keep(&mut mm, |pfn| pfn.get() % 2 == 0);
    let mut tenants = Everybody {
        pinned: (0..64).map(|at| Pfn::new(FIRST + 512 * at)).collect(),
        ..Everybody::default()
    };
    let goal = CompactGoal::Order(Order::new(9).unwrap());
    let tries: Vec<usize> = (0..12)
        .map(|_| results(&compact(&mut mm, goal, &mut tenants).1).len())
        .collect();
    // After n failures it runs at every 2^n-th call.
    assert_eq!(tries, [1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
}

/// A generation that knows no background compactor, or compacts nothing ahead of need, says so.
#[test]
fn what_a_generation_does_not_do() {
    for &profile in Profile::ALL {
        let mut mm = boot(profile, "16M..144M");
        let mut ask = |goal| compact(&mut mm, goal, &mut Everybody::default()).0.is_ok();
        let at = Profile::ALL
            .iter()
            .position(|other| other.name() == profile.name())
            .unwrap();
        assert!(ask(CompactGoal::All));
        assert_eq!(
            ask(CompactGoal::Order(Order::MAX)),
            at >= 2,
            "{}",
            profile.name()
        );
        assert_eq!(ask(CompactGoal::Proactive), at >= 4, "{}", profile.name());
    }
}

/// 16 pageblocks are free as a whole, of 32 every second frame is from the first on (in a pageblock after empty
/// ones only every 32nd is looked at), and 16 are full: half of the free memory is in small blocks. A zone of 32,768 frames has a score of 50, and its node 32,768 × 50 / 32,769 = 49.
/// With a proactiveness of p compaction begins above 110 − p, but not above 15 or less, and goes on until the
/// zone's score is 100 − p, or 5.
#[test]
fn how_eagerly_it_compacts_ahead_can_be_written() {
    let sysctl = Sysctl::CompactionProactiveness;
    for &profile in Profile::ALL {
        let name = profile.name();
        let start = {
            let mut mm = boot(profile, "16M..144M");
            let stays = |pfn: Pfn| match (pfn.get() - FIRST) / 512 {
                0..32 => pfn.get() % 2 == 1,
                32..48 => true,
                _ => false,
            };
            keep(&mut mm, stays);
            mm
        };
        if !profile.has_tunable(sysctl) {
            let refused = start.clone().sysctl(sysctl, 50, &mut ());
            assert_eq!(refused, Err((sysctl, 50)), "{name}");
            continue;
        }
        for (written, goal) in [
            (None, None),
            (Some(0), None),
            (Some(61), None),
            (Some(62), Some(38)),
            (Some(80), Some(20)),
            (Some(100), Some(5)),
        ] {
            let mut mm = start.clone();
            let refused = mm.sysctl(sysctl, 101, &mut ());
            assert_eq!(refused, Err((sysctl, 101)), "{name}");
            if let Some(value) = written {
                mm.sysctl(sysctl, value, &mut ()).unwrap();
            }
            let state = mm.snapshot();
            assert_eq!(state.global.compaction_proactiveness, written, "{name}");
            assert_eq!(Mm::resume(&state).unwrap().snapshot(), state, "{name}");
            let mut tenants = Everybody::default();
            let (done, _) = compact(&mut mm, CompactGoal::Proactive, &mut tenants);
            assert_eq!(done, Ok(()), "{name}");
            assert_eq!(
                !tenants.moved.is_empty(),
                goal.is_some(),
                "{name}, {written:?}"
            );
            let Some(goal) = goal else { continue };
            mm.drain(CpuId(0), &mut ());
            let zone = mm.zone_of(Pfn::new(FIRST)).unwrap();
            let in_order = |order: Order| mm.free_blocks(zone, order) << order.get();
            let free: u64 = Order::all().map(in_order).sum();
            let small: u64 = Order::all().take(9).map(in_order).sum();
            assert!(
                100 * small / free <= goal,
                "{name}, {written:?}: {small} of {free}"
            );
            // It does not go on for ever: what a pageblock more or less would make is the limit, and what
            // was freed and waits on the CPU's list.
            let least = free * goal / 100;
            assert!(
                small + 1024 + 512 > least,
                "{name}, {written:?}: {small} of {free}"
            );
        }
    }
}

/// The same, and somebody waits: whoever asks has memory moved for him.
#[derive(Default)]
struct Patient(Everybody);

impl Tenants for Patient {
    fn can_move(&self, block: Block) -> bool {
        self.0.can_move(block)
    }

    fn moved(&mut self, from: Block, to: Block, cpu: CpuId, observer: &mut impl Observer) {
        self.0.moved(from, to, cpu, observer);
    }
}

impl Reclaim for Patient {
    fn is_there(&self) -> bool {
        true
    }
}

/// Every second frame is in use. Who waits for 16 frames gets them, and from 6.1 on some are his as soon as they
/// have grown: a whole pageblock for anybody, in 6.12 a part of a movable one for movable memory, too. What is
/// captured is what he gets; it was never on a list.
#[test]
fn what_grows_goes_to_who_waits() {
    for &profile in Profile::ALL {
        for order in [4, 10] {
            let mut mm = boot(profile, "16M..144M");
            keep(&mut mm, |pfn| pfn.get() % 2 == 1);
            let request = Request {
                order: Order::new(order).unwrap(),
                ..Request::new(Gfp::GFP_HIGHUSER_MOVABLE | Gfp::NORETRY)
            };
            let mut tape = Vec::new();
            let served = mm.alloc_blocking(&request, &mut Patient::default(), &mut tape);
            let name = profile.name();
            let old = matches!(name, "linux-2.6.37" | "linux-3.8");
            let captured: Vec<(usize, Block)> = tape
                .iter()
                .enumerate()
                .filter_map(|(at, event)| match event {
                    Event::Compaction(CompactionEvent::Captured { block, .. }) => {
                        Some((at, *block))
                    }
                    _ => None,
                })
                .collect();
            let captures = match name {
                "linux-6.12.0" | "linux-6.12.y" => true,
                "linux-6.1.0" | "linux-6.1.y" => order == 10,
                _ => false,
            };
            assert_eq!(
                captured.len(),
                usize::from(captures),
                "{name}, order {order}"
            );
            let Ok(block) = served else {
                // Up to 3.8 the low mark must be free besides, and as much again as is wanted.
                assert!(old && order == 10, "{name}, order {order}: {served:?}");
                continue;
            };
            for (at, captured) in captured {
                assert_eq!(captured, block, "{name}, order {order}");
                let listed = |event: &Event| match event {
                    Event::Linked { block: linked, .. } => *linked == block,
                    _ => false,
                };
                assert!(!tape[at..].iter().any(listed), "{name}, order {order}");
            }
            let after = mm.snapshot();
            assert_eq!(
                Mm::resume(&after).unwrap().snapshot(),
                after,
                "{name}, order {order}"
            );
        }
    }
}
