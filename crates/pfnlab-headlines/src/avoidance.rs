//! H4: what it helps to go to another zone rather than mix types, and to make room early.

use std::fmt;

use pfnlab_mm::Profile;
use pfnlab_model::{PageAllocator, Sysctl};

use crate::bench::{Fragmenting, boot, named};
use crate::work::{CPUS, Work};
use crate::{Size, median};

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

/// The medians of all seeds.
///
/// # Panics
/// When there is no seed.
pub fn medians(size: Size) -> Avoidance {
    of_each(|profile, boost| {
        let runs = (0..size.of(8, 3)).map(|seed| run(profile, boost, size, seed).all);
        median(&runs.collect::<Vec<_>>())
    })
}

/// The three kernels: their names and boost factors.
const KERNELS: [(&str, u64); 3] = [
    ("linux-5.0", 0),
    ("linux-5.0+nofragment", 0),
    ("linux-5.0+nofragment", 15_000),
];

/// What is measured of each of the three kernels.
pub(crate) fn each<T>(measure: impl Fn(&'static Profile, u64) -> T) -> [T; 3] {
    KERNELS.map(|(name, boost)| measure(named(name), boost))
}

/// The same as numbers of fallbacks.
pub(crate) fn of_each(measure: impl Fn(&'static Profile, u64) -> u64) -> Avoidance {
    let [none, other_zone, boost] = each(measure);
    Avoidance {
        none,
        other_zone,
        boost,
    }
}

/// One run.
pub fn run(profile: &'static Profile, boost: u64, size: Size, seed: u64) -> Fragmenting {
    let ram = size.of(["3584M..4G", "4G..4608M"], ["3968M..4G", "4G..4224M"]);
    let mut mm = boot(&ram, CPUS, profile);
    mm.sysctl(Sysctl::WatermarkBoostFactor, boost, &mut ())
        .expect("5.0 has boosts");
    let mut work = Work::new(mm, seed);
    work.run(size.of(100_000, 20_000));
    work.seen()
}
