//! The books follow from events alone, and close at the first impossible one.

use pfnlab_model::*;
use pfnlab_sim::ledger::{Ledger, Place, Why};
use pfnlab_sim::{Driver, Setting, Workload, first_difference};
use pfnlab_zoo::{Bug, FirstFit, MOVABLE, NODE0};

fn boot() -> Snapshot {
    FirstFit::new(Bug::None).inspect().unwrap().snapshot()
}

fn block(start: u64, order: u8) -> Block {
    Block::new(Pfn::new(start), Order::new(order).unwrap()).unwrap()
}

#[track_caller]
fn check(events: &[Event], why: Option<Why>) {
    let mut ledger = Ledger::new(&boot());
    events.iter().for_each(|&event| ledger.event(event));
    assert_eq!(ledger.impossible().map(|impossible| impossible.why), why);
}

const TYPE: MigrateType = MigrateType::Movable;

fn linked(block: Block) -> Event {
    Event::Linked {
        zone: NODE0,
        block,
        mt: TYPE,
        end: End::Head,
    }
}

fn unlinked(block: Block) -> Event {
    Event::Unlinked {
        zone: NODE0,
        block,
        mt: TYPE,
    }
}

fn lent(block: Block) -> Event {
    Event::Lent { zone: NODE0, block }
}

fn returned(block: Block) -> Event {
    Event::Returned { zone: NODE0, block }
}

#[test]
fn blocks_are_cut_and_joined_in_hand_only() {
    let whole = block(128, 6);
    let (lower, upper) = whole.split().unwrap();
    let free = |mt| Place::Free { zone: NODE0, mt };
    check(&[unlinked(whole), linked(upper), lent(lower)], None);
    check(
        &[
            unlinked(whole),
            linked(upper),
            lent(lower),
            returned(lower),
            unlinked(upper),
            linked(whole),
        ],
        None,
    );
    let there = Some((whole, free(TYPE)));
    check(
        &[unlinked(lower)],
        Some(Why::NotThere(lower, free(TYPE), there)),
    );
    check(
        &[lent(lower)],
        Some(Why::Overlaps(lower, whole, free(TYPE))),
    );
    check(&[unlinked(whole), lent(lower), linked(whole)], {
        Some(Why::Overlaps(whole, lower, Place::Lent { zone: NODE0 }))
    });
    check(&[returned(lower)], {
        Some(Why::NotThere(lower, Place::Lent { zone: NODE0 }, there))
    });
}

#[test]
fn what_was_in_use_from_the_start_enters_no_list() {
    let mut first = boot();
    first.zones[0].free_lists.remove(0);
    let mut ledger = Ledger::new(&first);
    ledger.event(linked(block(128, 6)));
    assert_eq!(
        ledger.impossible().unwrap().why,
        Why::NotInHand(block(128, 6))
    );
}

#[test]
fn a_block_stays_inside_its_zone() {
    let whole = block(128, 6);
    let event = Event::Linked {
        zone: MOVABLE,
        block: whole,
        mt: TYPE,
        end: End::Tail,
    };
    check(
        &[unlinked(whole), event],
        Some(Why::OutsideZone(whole, MOVABLE)),
    );
}

#[test]
fn memory_is_more_exact_than_a_span() {
    let mut first = boot();
    let range = |start, frames| PfnRange::sized(Pfn::new(start), frames);
    first.zones[0].memory = vec![range(0, 160), range(160, 96), range(512, 256)];
    let mut ledger = Ledger::new(&first);
    assert_eq!(ledger.impossible(), None);
    ledger.event(unlinked(block(128, 6)));
    ledger.event(linked(block(128, 6)));
    assert_eq!(ledger.impossible(), None);
    first.zones[0].memory = vec![range(0, 160), range(192, 64), range(512, 256)];
    let why = Ledger::new(&first)
        .impossible()
        .map(|impossible| impossible.why);
    assert_eq!(why, Some(Why::OutsideZone(block(128, 6), NODE0)));
}

#[test]
fn a_snapshot_that_contradicts_itself_is_told_apart() {
    let mut first = boot();
    first.zones[0].lent.push(block(130, 0));
    let impossible = *Ledger::new(&first).impossible().unwrap();
    assert_eq!(impossible.event, None);
    assert!(matches!(impossible.why, Why::Overlaps(..)), "{impossible}");
}

#[test]
fn names_that_do_not_exist_are_found() {
    let (zone, cpu) = (NODE0, CpuId(5));
    let stat = ZoneStat::Mlock;
    check(
        &[Event::DiffSet {
            zone,
            cpu,
            stat,
            value: 0,
        }],
        Some(Why::NoStat(stat)),
    );
    let stat = ZoneStat::FreePages;
    check(
        &[Event::DiffSet {
            zone,
            cpu,
            stat,
            value: 0,
        }],
        Some(Why::NoCpu(zone, cpu)),
    );
    let pageblock = block(1 << 20, 4);
    check(
        &[Event::Retyped {
            block: pageblock,
            mt: TYPE,
        }],
        Some(Why::NoPageblock(pageblock)),
    );
    let highest = ZoneKind::Device;
    check(
        &[Event::LowmemReserveSet {
            zone,
            highest,
            frames: 1,
        }],
        Some(Why::NoKind(highest)),
    );
}

/// Three ways to the last state: the allocator's, the model's `apply`, and the books.
#[test]
fn books_end_where_the_allocator_does() {
    let setting = Setting {
        frames: 768,
        cpus: 2,
        nodes: 2,
        low: 10,
        high: 110,
    };
    let mut workload = Workload::new(3, setting);
    let mut driver = Driver::new(FirstFit::new(Bug::None));
    let mut folded = boot();
    let mut ledger = Ledger::new(&folded);
    let mut tape = Vec::new();
    for _ in 0..3000 {
        let outcome = driver
            .step(&workload.next_op(), &mut (&mut ledger, &mut tape))
            .unwrap();
        workload.observe(&outcome);
    }
    tape.into_iter().for_each(|event| folded.apply(event));
    let last = driver.allocator().snapshot();
    assert_eq!(first_difference(&folded, &last), None);
    assert_eq!(first_difference(&ledger.snapshot(), &last), None);
    assert_eq!(ledger.snapshot(), last);
}

#[test]
fn a_difference_is_named_by_its_field() {
    let left = boot();
    let check = |change: fn(&mut Snapshot), text| {
        let mut right = left.clone();
        change(&mut right);
        assert_eq!(first_difference(&left, &right).unwrap().to_string(), text);
    };
    check(
        |right| right.zones[1].pcp[1].expire = 3,
        "zones[Node 1, zone Normal].pcp[CPU 1].expire: 0 against 3",
    );
    check(
        |right| right.zones[1].free_lists[0].pfns.swap(0, 1),
        "zones[Node 1, zone Normal].free_lists[order 6 Movable].pfns: [pfn:0x100, pfn:0x140] \
         against [pfn:0x140, pfn:0x100]",
    );
    check(
        |right| right.zones[1].free_lists.clear(),
        "zones[Node 1, zone Normal].free_lists: [order 6 Movable] against []",
    );
    check(
        |right| right.global.min_free_kbytes = 9,
        "global.min_free_kbytes: 0 against 9",
    );
}

/// What compaction says of itself, on the zoo's machine.
fn compaction(event: CompactionEvent) -> Event {
    Event::Compaction(event)
}

/// One frame is in use, the zone is being compacted for a block of order 3, and these events follow.
fn while_compacting(events: &[Event]) -> Vec<Event> {
    let whole = block(128, 6);
    let (lower, upper) = whole.split().unwrap();
    let started = CompactionEvent::Started {
        zone: NODE0,
        order: Some(Order::new(3).unwrap()),
        migrate: Pfn::new(0),
        free: Pfn::new(0),
    };
    let mut all = vec![
        unlinked(whole),
        linked(upper),
        lent(lower),
        compaction(CompactionEvent::Known { zone: NODE0 }),
        compaction(started),
    ];
    all.extend(events);
    all
}

fn migrated(from: Block, to: Block) -> Event {
    Event::Memory(MemoryEvent::Migrated { from, to })
}

/// A compaction moves up, in its zone, and hands over what was waited for, which was on no list. Three
/// planted bugs: each is found by its own rule.
#[test]
fn compaction_keeps_to_its_rules() {
    let (low, high) = (block(128, 5), block(160, 5));
    let taken = [unlinked(high), lent(high)];
    let upward = [
        &taken[..],
        &[migrated(low, high), returned(low), linked(low)],
    ]
    .concat();
    check(&while_compacting(&upward), None);
    let downward = [&taken[..], &[migrated(high, low)]].concat();
    check(
        &while_compacting(&downward),
        Some(Why::MovesDown(high, low)),
    );
    let elsewhere = block(384, 5);
    let out = [
        Event::Unlinked {
            zone: MOVABLE,
            block: block(384, 6),
            mt: TYPE,
        },
        Event::Lent {
            zone: MOVABLE,
            block: elsewhere,
        },
        migrated(low, elsewhere),
    ];
    check(
        &while_compacting(&out),
        Some(Why::LeavesTheZone(low, elsewhere)),
    );
    let captured = |block| compaction(CompactionEvent::Captured { zone: NODE0, block });
    let cut = |block: Block| {
        let parts: Vec<Block> = low.parts(Order::new(3).unwrap()).collect();
        let rest = parts.into_iter().filter(move |&part| part != block);
        [returned(low)].into_iter().chain(rest.map(linked))
    };
    let wanted = block(128, 3);
    let right: Vec<Event> = cut(wanted)
        .chain([captured(wanted), lent(wanted)])
        .collect();
    check(&while_compacting(&right), None);
    let listed: Vec<Event> = cut(wanted)
        .chain([linked(wanted), captured(wanted)])
        .collect();
    check(&while_compacting(&listed), Some(Why::NotWanted(wanted)));
    let larger = [returned(low), captured(low)];
    check(&while_compacting(&larger), Some(Why::NotWanted(low)));
}

/// While nothing is compacted, things are moved wherever there is room.
#[test]
fn what_leaves_a_range_may_go_down() {
    let (low, high) = (block(128, 5), block(160, 5));
    let events = [
        unlinked(block(128, 6)),
        lent(high),
        lent(low),
        migrated(high, low),
    ];
    check(&events, None);
}
