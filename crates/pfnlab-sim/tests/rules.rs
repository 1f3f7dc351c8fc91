//! Every rule is broken by some broken allocator, and none by a sound one.

mod common;

use common::first_fit::{Bug, FirstFit};
use pfnlab_model::{AllocError, Block, CpuId, FreeError, Observer, PageAllocator, Pfn, Request};
use pfnlab_sim::{Breach, Checker, Failure, Setting, Workload, rules};

const SETTING: Setting = Setting {
    frames: 768,
    cpus: 2,
    nodes: 2,
    low: 10,
    high: 110,
};

/// Rules about what the driver's own caches and batches do with blocks: no allocator can break them
/// before it breaks one of its own rules.
const OF_CLIENTS: [&str; 5] = ["SLAB-01", "SLAB-02", "SLAB-03", "LRU-01", "LRU-02"];

/// The first rule a seeded run breaks.
fn first_breach(allocator: impl PageAllocator, seed: u64, ops: u32) -> Option<Breach> {
    let run = || -> Result<(), Failure> {
        let mut checker = Checker::new(allocator)?;
        let mut workload = Workload::new(seed, SETTING);
        for _ in 0..ops {
            let outcome = checker.step(&workload.next_op(), &mut ())?;
            workload.observe(&outcome);
        }
        checker.finish()
    };
    match run() {
        Ok(()) => None,
        Err(Failure::Breach(breach)) => Some(*breach),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_sound_allocator_breaks_no_rule() {
    for seed in 0..2 {
        assert_eq!(first_breach(FirstFit::new(Bug::None), seed, 3000), None);
    }
}

#[test]
fn every_rule_is_broken_by_somebody() {
    let table = [
        (Bug::LendsTooMuch, "LEND-01"),
        (Bug::LendsTwice, "LEND-02"),
        (Bug::LinksTwice, "STATE-01"),
        (Bug::UnlinksFromTheWrongList, "STATE-02"),
        (Bug::DropsWhatIsFreed, "STATE-03"),
        (Bug::ListsMisaligned, "ALIGN-01"),
        (Bug::MergesAboveTheTop, "ORDER-01"),
        (Bug::FreesOutsideTheMemory, "CONTAIN-01"),
        (Bug::SpeaksOfAnotherZone, "EVENT-01"),
        (Bug::FreesIntoAnotherZone, "BALANCE-01"),
        (Bug::MiscountsBlocks, "COUNT-01"),
        (Bug::LendsToNobody, "LEND-03"),
        (Bug::ForgetsTheMask, "ZONE-01"),
        (Bug::ForgetsTheZoneLimit, "ZONE-01"),
        (Bug::CachesOnTheWrongList, "PCP-01"),
        (Bug::MiscountsTheCache, "PCP-02"),
        (Bug::CachesIsolated, "PCP-03"),
        (Bug::FreesToTheWrongType, "TYPE-01"),
        (Bug::IsolatesByList, "TYPE-02"),
        (Bug::ForgetsToMerge, "MERGE-01"),
        (Bug::ForgetsToCount, "FREE-01"),
        (Bug::CountsAreas, "FREE-02"),
        (Bug::MiscountsHighAtomic, "HIGHATOMIC-01"),
        (Bug::ReservesTwice, "HIGHATOMIC-02"),
        (Bug::NeverFolds, "DIFF-01"),
        (Bug::ManagesTooMuch, "SIZE-01"),
        (Bug::HasTooFewOnTheNode, "SIZE-02"),
        (Bug::LowersAWatermark, "MARK-01"),
        (Bug::ForgetsADeadCpu, "CPU-01"),
        (Bug::TunesInSilence, "EVENT-02"),
    ];
    for (bug, rule) in table {
        let breach = first_breach(FirstFit::new(bug), 1, 3000);
        assert_eq!(
            breach.as_ref().map(|breach| breach.rule),
            Some(rule),
            "{bug:?}: {breach:?}"
        );
    }
    for rule in rules::ALL {
        assert!(
            table.iter().any(|(_, id)| *id == rule.id) || OF_CLIENTS.contains(&rule.id),
            "nobody breaks {}",
            rule.id
        );
    }
}

#[test]
fn ids_are_unique_and_found() {
    for (at, rule) in rules::ALL.iter().enumerate() {
        assert_eq!(
            rules::ALL.iter().position(|other| other.id == rule.id),
            Some(at)
        );
        assert_eq!(
            rules::by_id(rule.id).map(|found| found.title),
            Some(rule.title)
        );
    }
}

/// Hands out the same few frames again and again, and cannot be looked into.
struct Careless(u64);

impl PageAllocator for Careless {
    fn alloc(&mut self, request: &Request, _: &mut impl Observer) -> Result<Block, AllocError> {
        self.0 = (self.0 + 1) % 16;
        Ok(Block::containing(Pfn::new(self.0 * 1024), request.order))
    }

    fn free(&mut self, _: Block, _: CpuId, _: &mut impl Observer) -> Result<(), FreeError> {
        Ok(())
    }
}

#[test]
fn an_allocator_that_shows_nothing_is_held_to_what_clients_see() {
    let breach = first_breach(Careless(0), 1, 1000).unwrap();
    assert_eq!(breach.rule, "LEND-02");
}
