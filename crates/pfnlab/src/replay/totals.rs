//! How much of what was replayed came to what it should.

use std::fmt;

use serde::Serialize;

use super::{CaseReplay, TraceReplay};

/// How much of a set of recorded cases was replayed exactly. Printed as the closing line of a
/// replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Operations.
    pub ops: u64,
    /// Those that came to exactly what was recorded.
    pub exact_ops: u64,
    /// Cases.
    pub cases: u64,
    /// Those of which every operation did.
    pub exact_cases: u64,
    /// Those whose final state is the recorded one.
    pub identical_cases: u64,
}

impl Totals {
    /// Adds a case.
    pub fn add(&mut self, case: &CaseReplay) {
        self.ops += case.ops;
        self.exact_ops += case.exact;
        self.cases += 1;
        self.exact_cases += u64::from(case.is_exact());
        self.identical_cases += u64::from(case.is_identical());
    }

    /// Whether everything was as recorded.
    pub fn all_well(&self) -> bool {
        self.exact_cases == self.cases && self.identical_cases == self.cases
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals {
            ops,
            exact_ops,
            cases,
            exact_cases,
            identical_cases,
        } = self;
        write!(
            f,
            "exact {exact_ops}/{ops} ops in {exact_cases}/{cases} cases, \
             after identical in {identical_cases}/{cases}"
        )
    }
}

/// How many expectations of a set of traces were met. Printed as the closing line of a replay of
/// more than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TraceTotals {
    /// Expectations.
    pub expected: u64,
    /// Those that were met.
    pub met: u64,
    /// Traces.
    pub traces: u64,
    /// Those of which every expectation was met.
    pub well: u64,
}

impl TraceTotals {
    /// Adds a trace.
    pub fn add(&mut self, trace: &TraceReplay) {
        self.expected += trace.report.expected;
        self.met += trace.report.expected - trace.report.diverged;
        self.traces += 1;
        self.well += u64::from(trace.report.diverged == 0);
    }

    /// Whether everything was as expected.
    pub fn all_well(&self) -> bool {
        self.well == self.traces
    }
}

impl fmt::Display for TraceTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TraceTotals {
            expected,
            met,
            traces,
            well,
        } = self;
        write!(f, "as expected {met}/{expected} in {well}/{traces} traces")
    }
}
