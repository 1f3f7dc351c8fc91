//! Recorded work once more, with every rule asked after each operation: what the allocator tells
//! while it works is what is so afterwards. The kernel's own answers are compared in `recorded`.

use std::path::Path;

use pfnlab_linux::Recording;
use pfnlab_mm::Mm;
use pfnlab_sim::Checker;

/// Of a recording, so many operations; more would tell little more.
const OPERATIONS: usize = 1500;
/// Books and state are compared after every so many.
const EVERY: u64 = 250;

#[test]
fn no_rule_is_broken_while_recorded_work_is_done() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pfnlab/tests/recordings");
    let mut cases = Recording::find([folder]).unwrap();
    cases.retain(|case| case.join("before.json.gz").metadata().unwrap().len() < MOST_BYTES);
    assert!(cases.len() > 10);
    for case in cases {
        let recording = Recording::open(&case).unwrap();
        let checker = Checker::new(Mm::resume(&recording.before).unwrap());
        let mut checker = checker.unwrap().snapshot_every(EVERY);
        for recorded in recording.ops.iter().take(OPERATIONS) {
            if let Err(failure) = checker.step(&recorded.op, &mut ()) {
                panic!("{}:{}: {failure}", case.display(), recorded.line);
            }
        }
    }
}

/// Only small machines: their states are compared often.
const MOST_BYTES: u64 = 5000;
