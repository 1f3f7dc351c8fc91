//! Time that this thread ran. What else a machine does does not count.

use std::cell::Cell;
use std::time::Duration;

use cpu_time::ThreadTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};

use crate::counted::measured;

/// Criterion's stopwatch.
#[derive(Debug)]
pub struct CpuTime;

thread_local! {
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

impl CpuTime {
    /// How long this thread runs in `work`, which is called once.
    pub fn of(mut work: impl FnMut()) -> Duration {
        let work: &mut dyn FnMut() = &mut work;
        let start = ThreadTime::now();
        if COUNTED.get() {
            measured(work);
        } else {
            work();
        }
        start.elapsed()
    }

    /// From now on, what is timed on this thread happens in [`measured`], too.
    pub fn count() {
        COUNTED.set(true);
    }
}

impl Measurement for CpuTime {
    type Intermediate = ThreadTime;
    type Value = Duration;

    fn start(&self) -> ThreadTime {
        ThreadTime::now()
    }

    fn end(&self, start: ThreadTime) -> Duration {
        start.elapsed()
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}
