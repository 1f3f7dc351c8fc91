//! The simulator's loop: an operation is made, run, remembered and hashed.

use pfnlab_mm::{Config, Mm, Profile};
use pfnlab_model::{Gfp, Op};
use pfnlab_sim::phase::{Ask, Churn, Kind, Program};
use pfnlab_sim::{Driver, Fingerprint, Log, Outcome, Setting, Tally, Workload};

use crate::work::{Round, Rounds};
use crate::{CpuTime, Machine, peers};

/// In a round.
const OPS: usize = 1 << 19;

/// What a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// The tour: every kind of operation and request, all orders, refusals, from nearly empty to
    /// overfull.
    Tour,
    /// Single frames of users, at random, half of memory held.
    Churn,
}

enum Source {
    Tour(Box<Workload>),
    Churn(Program),
}

impl Source {
    fn new(load: Load, machine: &pfnlab_model::Machine) -> Source {
        match load {
            Load::Tour => Source::Tour(Box::new(Workload::new(1, Setting::of(machine)))),
            Load::Churn => {
                let gfp = vec![Gfp::GFP_HIGHUSER_MOVABLE];
                let ask = Ask {
                    gfp,
                    ..Ask::default()
                };
                let ops = u32::MAX;
                let churn = Kind::Churn(Churn {
                    ops,
                    ask,
                    ..Churn::default()
                });
                Source::Churn(Program::new(1, machine.frames(), 1, &[churn]))
            }
        }
    }

    #[inline]
    fn next_op(&mut self) -> Op {
        match self {
            Source::Tour(workload) => workload.next_op(),
            Source::Churn(program) => program.next_op().expect("it is long enough"),
        }
    }

    #[inline]
    fn observe(&mut self, outcome: &Outcome) {
        match self {
            Source::Tour(workload) => workload.observe(outcome),
            Source::Churn(program) => program.observe(outcome),
        }
    }
}

/// The loop of a run with everything on: workload, allocator, tally, fingerprint, and a log of what
/// came of every operation. The operations themselves are in the seed.
pub struct Loop {
    source: Source,
    driver: Driver<Mm>,
    tally: Tally,
    log: Log,
}

impl Loop {
    /// On a machine that was just booted.
    ///
    /// # Panics
    /// When there is no such profile.
    pub fn new(machine: Machine, load: Load, profile: &str) -> Loop {
        let machine = peers::booted(machine);
        let profile = Profile::by_name(profile).expect("a profile");
        let mm = Mm::boot(&machine, profile, &Config::X86_64).expect("a plain machine");
        Loop {
            source: Source::new(load, &machine),
            driver: Driver::new(mm),
            tally: Tally::default(),
            log: Log::default(),
        }
    }

    /// So many operations. The log of the round before is gone.
    ///
    /// # Panics
    /// When the allocator does not take back what it handed out.
    pub fn run(&mut self, ops: usize, fingerprint: &mut Fingerprint) {
        self.log.clear();
        for _ in 0..ops {
            let op = self.source.next_op();
            let outcome = self
                .driver
                .step(&op, &mut ())
                .expect("it takes back what it gave");
            self.source.observe(&outcome);
            self.tally.count(&outcome);
            fingerprint.outcome(&op, &outcome, self.driver.pages());
            self.log.push(&outcome);
        }
    }
}

/// Rounds of the loop. Enough of them pass before the first that memory is as used as it stays.
pub fn rounds(machine: Machine, load: Load, profile: &str) -> Rounds {
    let mut simulator = Loop::new(machine, load, profile);
    let mut fingerprint = Fingerprint::new();
    simulator.run(OPS, &mut fingerprint);
    Box::new(move || {
        let time = CpuTime::of(|| simulator.run(OPS, &mut fingerprint));
        let ops = OPS as u64;
        Round { time, ops }
    })
}
