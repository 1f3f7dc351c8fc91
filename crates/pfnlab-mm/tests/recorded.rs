//! Recordings of running kernels, replayed with as little around the allocator as can be: what
//! `cargo xtask mutants` asks about every mutant. What else a replay tells is the façade's.

use std::path::{Path, PathBuf};

use pfnlab_linux::{Got, RecordedOp, Recording, Status, ZoneAfter, differences};
use pfnlab_mm::Mm;
use pfnlab_model::{Inspect, Op};
use pfnlab_sim::{Driver, Outcome};

#[test]
fn every_recorded_case_is_exact_and_identical() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pfnlab/tests/recordings");
    let mut cases = Recording::find([folder]).unwrap();
    // Small machines first: a mistake is seen sooner.
    cases.sort_by_key(|case| case.join("before.json.gz").metadata().unwrap().len());
    let cases: Vec<_> = cases.iter().map(replay).collect();
    assert_eq!(cases.len(), 44);
    assert_eq!(cases.iter().sum::<usize>(), 263_181);
}

/// How many operations there were.
fn replay(case: &PathBuf) -> usize {
    let recording = Recording::open(case).unwrap();
    let name = case.display();
    let mut driver = Driver::new(Mm::resume(&recording.before).unwrap());
    for recorded in &recording.ops {
        let outcome = driver.step(&recorded.op, &mut ()).unwrap();
        let got = got(recorded, &outcome, &driver);
        assert_eq!(got, recorded.got, "{name}:{}", recorded.line);
    }
    let mm = driver.allocator();
    let differences = differences(&recording.after, &mm.snapshot());
    assert!(differences.is_empty(), "{name}: {differences:?}");
    recording.ops.len()
}

/// What came of an operation, in the words of a recording.
fn got(recorded: &RecordedOp, outcome: &Outcome, driver: &Driver<Mm>) -> Got {
    let (status, pfns) = match *outcome {
        Outcome::Lent(block) | Outcome::Freed(block) | Outcome::Split(block) => {
            (Status::Ok, vec![block.start()])
        }
        Outcome::Exact(range) | Outcome::FreedRun(range) => (Status::Ok, vec![range.start()]),
        Outcome::Bulk { .. } => (Status::Ok, driver.pages().to_vec()),
        Outcome::Done => (Status::Ok, Vec::new()),
        Outcome::Refused(_) | Outcome::Failed(_) => (Status::Fail, Vec::new()),
        Outcome::Skipped | Outcome::Rejected | Outcome::Unsupported => (Status::Skip, Vec::new()),
        other => panic!("no recording has clients: {other:?}"),
    };
    let mm = driver.allocator();
    let (zone, mt) = match (recorded.op, pfns.first()) {
        (Op::ZoneFlags { zone, .. }, _) if status == Status::Ok => (Some(zone), None),
        (_, Some(&pfn)) => (mm.zone_of(pfn), Some(mm.pageblock_type(pfn))),
        _ => (None, None),
    };
    let after = zone.map(|zone| ZoneAfter {
        zone,
        mt,
        pcp: mm.pcp_count(zone, recorded.cpu),
        free: mm.free_pages(zone),
        flags: mm.zone_flags(zone),
        boost: mm.boost(zone),
    });
    Got {
        status,
        pfns,
        after,
        ret: recorded.got.ret,
    }
}
