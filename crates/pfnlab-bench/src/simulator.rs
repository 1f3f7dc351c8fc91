//! The simulator's loop: an operation is made, run, remembered and hashed.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_sim::{Driver, Fingerprint, Outcome, Setting, Tally, Workload};

use crate::work::{Round, Rounds};
use crate::{CpuTime, Machine, peers};

/// In a round.
const OPS: usize = 1 << 19;

/// The loop of a run with everything on: workload, allocator, tally, fingerprint, and a log of what
/// came of every operation. The operations themselves are in the seed.
#[derive(Debug)]
pub struct Loop {
    workload: Workload,
    driver: Driver<Mm>,
    tally: Tally,
    log: Vec<Outcome>,
}

impl Loop {
    /// On a machine that was just booted.
    ///
    /// # Panics
    /// When there is no such profile.
    pub fn new(machine: Machine, profile: &str) -> Loop {
        let machine = peers::booted(machine);
        let profile = Profile::by_name(profile).expect("a profile");
        let mm = Mm::boot(&machine, profile, &Config::X86_64).expect("a plain machine");
        Loop {
            workload: Workload::new(1, Setting::of(&machine)),
            driver: Driver::new(mm),
            tally: Tally::default(),
            log: Vec::new(),
        }
    }

    /// So many operations. The log of the round before is gone.
    ///
    /// # Panics
    /// When the allocator does not take back what it handed out.
    pub fn run(&mut self, ops: usize, fingerprint: &mut Fingerprint) {
        self.log.clear();
        for _ in 0..ops {
            let op = self.workload.next_op();
            let outcome = self
                .driver
                .step(&op, &mut ())
                .expect("it takes back what it gave");
            self.workload.observe(&outcome);
            self.tally.count(&outcome);
            fingerprint.outcome(&op, &outcome, self.driver.pages());
            self.log.push(outcome);
        }
    }
}

/// Rounds of the loop. Enough of them pass before the first that memory is as used as it stays.
pub fn rounds(machine: Machine, profile: &str) -> Rounds {
    let mut simulator = Loop::new(machine, profile);
    let mut fingerprint = Fingerprint::new();
    simulator.run(OPS, &mut fingerprint);
    Box::new(move || {
        let time = CpuTime::of(|| simulator.run(OPS, &mut fingerprint));
        let ops = OPS as u64;
        Round { time, ops }
    })
}
