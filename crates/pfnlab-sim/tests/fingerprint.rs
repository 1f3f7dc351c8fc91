//! What a fingerprint is taken over.

use crate::common::op;
use pfnlab_model::*;
use pfnlab_sim::{Driver, Fingerprint, Outcome, Setting, Workload, encode};
use pfnlab_zoo::{Bug, FirstFit};
use xxhash_rust::xxh3::xxh3_64;

fn lent(pfn: u64) -> Outcome {
    Outcome::Lent(Block::page(Pfn::new(pfn)))
}

#[test]
fn records_are_ticket_and_frame() {
    let mut fingerprint = Fingerprint::new();
    fingerprint.outcome(&op("a 7"), &lent(0x1a2b), &[]);
    fingerprint.outcome(
        &op("f 7"),
        &Outcome::Freed(Block::page(Pfn::new(0x1a2b))),
        &[],
    );
    fingerprint.outcome(&op("a 8"), &Outcome::Refused(AllocError::NoZone), &[]);
    fingerprint.outcome(&op("bulk 1 n=2"), &Outcome::Bulk { got: 1 }, &[Pfn::new(5)]);
    fingerprint.outcome(&op("drain cpu=0"), &Outcome::Done, &[]);
    let words = [7, 0x1a2b, 8, u64::MAX, 1, 5, 2, u64::MAX];
    let bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    assert_eq!(fingerprint.finish_blind(), xxh3_64(&bytes));
}

#[test]
fn the_final_snapshot_counts() {
    let snapshot = FirstFit::new(Bug::None).inspect().unwrap().snapshot();
    let mut other = snapshot.clone();
    other.zones[1].pcp[1].expire = 1;
    let fingerprint = Fingerprint::new();
    assert_eq!(fingerprint.finish(&snapshot), xxh3_64(&encode(&snapshot)));
    assert_ne!(fingerprint.finish(&snapshot), fingerprint.finish(&other));
}

#[test]
fn long_runs_are_hashed_as_one_piece() {
    let mut fingerprint = Fingerprint::new();
    let mut bytes = Vec::new();
    for ticket in 0..10_000 {
        let request = Request::new(Gfp::NONE);
        fingerprint.outcome(
            &Op::Alloc {
                ticket: Ticket(ticket),
                request,
            },
            &lent(ticket / 3),
            &[],
        );
        bytes.extend(ticket.to_le_bytes());
        bytes.extend((ticket / 3).to_le_bytes());
    }
    assert_eq!(fingerprint.finish_blind(), xxh3_64(&bytes));
}

/// The reason of a refusal is no part of a run's identity.
#[test]
fn reasons_do_not_count() {
    let of = |error| {
        let mut fingerprint = Fingerprint::new();
        fingerprint.outcome(&op("a 1"), &Outcome::Refused(error), &[]);
        fingerprint.finish_blind()
    };
    assert_eq!(
        of(AllocError::NoZone),
        of(AllocError::Watermark(Order::ZERO))
    );
}

#[test]
fn the_same_seed_gives_the_same_fingerprint() {
    let of = |seed| {
        let setting = Setting {
            frames: 768,
            cpus: 2,
            nodes: 2,
            low: 10,
            high: 110,
        };
        let mut workload = Workload::new(seed, setting);
        let mut driver = Driver::new(FirstFit::new(Bug::None));
        let mut fingerprint = Fingerprint::new();
        for _ in 0..2000 {
            let op = workload.next_op();
            let outcome = driver.step(&op, &mut ()).unwrap();
            workload.observe(&outcome);
            fingerprint.outcome(&op, &outcome, driver.pages());
        }
        fingerprint.finish(&driver.allocator().snapshot())
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}
