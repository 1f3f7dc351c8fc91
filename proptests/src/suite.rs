//! Whether something holds for many cases.

use std::env;

use pfnlab_check::catch;
use pfnlab_model::Trace;
use pfnlab_sim::{DriverError, Failure, RunError, shrink};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::Case;

/// Something that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What kind of failure: a rule's id, or a word. Shrinking keeps to it.
    pub kind: String,
    /// What is wrong.
    pub what: String,
}

impl Broken {
    /// A failure of some kind.
    pub fn new(kind: &str, what: &impl ToString) -> Broken {
        Broken {
            kind: kind.to_owned(),
            what: what.to_string(),
        }
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Broken {
        let kind = match &failure {
            Failure::Breach(breach) => breach.rule.to_owned(),
            Failure::Driver { error, .. } => kind_of(error),
        };
        Broken::new(&kind, &failure)
    }
}

impl From<DriverError> for Broken {
    fn from(error: DriverError) -> Broken {
        Broken::new(&kind_of(&error), &error)
    }
}

/// The variant: a trace that is cut short may well use a live ticket again, for one.
fn kind_of(error: &DriverError) -> String {
    let name = format!("{error:?}");
    let end = name.find(|c: char| !c.is_alphanumeric());
    name[..end.unwrap_or(name.len())].to_owned()
}

impl From<RunError> for Broken {
    fn from(error: RunError) -> Broken {
        Broken::new(&kind_of(&error.error), &error)
    }
}

/// How often a failing trace is run to shrink it.
const SHRINK_RUNS: u32 = 3000;

/// Asks for `count` cases whether something holds. The answers are the same in every run.
///
/// # Panics
/// At the first for which it does not, with the shortest trace found and what is wrong with it.
pub fn hold(
    count: u32,
    cases: impl Strategy<Value = Case>,
    check: impl Fn(&Case) -> Result<(), Broken>,
) {
    // A panic is a failure like any other.
    let check = |case: &Case| {
        let result = catch(|| check(case));
        result.unwrap_or_else(|message| Err(Broken::new("panic", &message)))
    };
    let result = runner(count, 400).run(&cases, |case| {
        check(&case).map_err(|broken| TestCaseError::fail(broken.kind))
    });
    let case = match result {
        Ok(()) => return,
        Err(TestError::Abort(why)) => panic!("too few cases: {why}"),
        Err(TestError::Fail(_, case)) => case,
    };
    let broken = check(&case).expect_err("the same case fails again");
    let with = |trace: &Trace| Case {
        trace: trace.clone(),
        ..case.clone()
    };
    let short = shrink(&case.trace, SHRINK_RUNS, |trace| {
        check(&with(trace)).is_err_and(|other| other.kind == broken.kind)
    });
    let short = with(&short);
    let broken = check(&short).err().unwrap_or(broken);
    panic!("{}: {}\n{short}", broken.kind, broken.what);
}

/// Asks about `count` values whether something holds. The answers are the same in every run.
///
/// # Panics
/// At the first for which it does not, with the smallest value found and what is wrong with it.
pub fn for_all<S: Strategy>(
    count: u32,
    values: S,
    check: impl Fn(&S::Value) -> Result<(), Broken>,
) {
    let result = runner(count, 10_000).run(&values, |value| {
        check(&value)
            .map_err(|broken| TestCaseError::fail(format!("{}: {}", broken.kind, broken.what)))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Abort(why)) => panic!("too few values: {why}"),
        Err(TestError::Fail(why, value)) => panic!("{why}\n{value:#?}"),
    }
}

/// Asks in the same way in every run.
fn runner(count: u32, shrinks: u32) -> TestRunner {
    let config = Config {
        cases: number("PFNLAB_CASES").map_or(count, |cases| cases as u32),
        failure_persistence: None,
        max_shrink_iters: shrinks,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, rng(number("PFNLAB_SEED").unwrap_or(0)))
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

fn rng(seed: u64) -> TestRng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &key)
}
