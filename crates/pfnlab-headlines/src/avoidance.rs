//! H4: what it helps to go to another zone rather than mix types, and to make room early.

use std::fmt;

use pfnlab_model::Sysctl;

use crate::bench::{Fragmenting, KEPT_FREE, boot, set, two_pieces};
use crate::fio::{CPUS, Form, Work};
use crate::median;

/// Fragmenting fallbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoidance {
    /// Types are mixed as they come.
    pub none: u64,
    /// Another zone is asked first.
    pub other_zone: u64,
    /// And room is made after every mixing.
    pub boost: u64,
}

impl fmt::Display for Avoidance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} -> {}", self.none, self.other_zone, self.boost)
    }
}

/// What came of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Fallbacks, while files were written.
    pub writing: Fragmenting,
    /// And in all.
    pub fell_back: Fragmenting,
    /// Huge pages asked for, and got.
    pub huge: (u64, u64),
}

/// The most of a per-CPU list of a large zone: six batches of 63.
const PCP_HIGH: u64 = 378;

/// The three kernels: their names and boost factors.
const KERNELS: [(&str, u64); 3] = [
    ("linux-5.0", 0),
    ("linux-5.0+nofragment", 0),
    ("linux-5.0+nofragment", 15_000),
];

/// One run of each of the three kernels.
pub fn runs(form: Form, seed: u64) -> [Run; 3] {
    KERNELS.map(|(name, boost)| run(name, boost, form, seed))
}

/// The medians of some runs.
///
/// # Panics
/// When there is none.
pub fn medians(runs: &[[Run; 3]]) -> Avoidance {
    let of = |kernel: usize| {
        let all = runs.iter().map(|run| run[kernel].fell_back.all);
        median(&all.collect::<Vec<_>>())
    };
    Avoidance {
        none: of(0),
        other_zone: of(1),
        boost: of(2),
    }
}

/// One run.
///
/// # Panics
/// When there is no such profile, or it has no boosts.
pub fn run(profile: &str, boost: u64, form: Form, seed: u64) -> Run {
    let above = (form.gib - 3) * 1024;
    let ram = two_pieces(above, form.part);
    let mut mm = boot(&ram.each_ref().map(String::as_str), CPUS, profile);
    set(&mut mm, Sysctl::WatermarkBoostFactor, boost);
    if form.part > 1 {
        set(&mut mm, Sysctl::MinFreeKbytes, form.kept_free / form.part);
        let fraction = above * 256 / PCP_HIGH;
        set(&mut mm, Sysctl::PercpuPagelistFraction, fraction);
    } else if form.kept_free != KEPT_FREE {
        set(&mut mm, Sysctl::MinFreeKbytes, form.kept_free);
    }
    let mut work = Work::new(mm, form, seed, Fragmenting::default());
    work.write();
    let writing = work.machine.seen;
    work.read();
    Run {
        writing,
        fell_back: work.machine.seen,
        huge: work.machine.huge,
    }
}
