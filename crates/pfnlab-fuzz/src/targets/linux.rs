//! What kernels print.

use std::path::Path;

use pfnlab::Profile;
use pfnlab::failure::diagnose;
use pfnlab::linux::kmem::{self, KmemKernel};
use pfnlab::linux::proc::read;
use pfnlab::linux::{bootlog, failure_report};

use super::text;
use crate::Reached;

pub(crate) fn boot_log(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let script = bootlog::read(&text(bytes));
    reached.result("boot log", &script);
    if let Ok(script) = script {
        reached.count("steps", script.steps.len());
    }
}

pub(crate) fn proc(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let text = text(bytes);
    reached.result("buddyinfo", &read::buddyinfo(&text));
    reached.result("pagetypeinfo", &read::pagetypeinfo(&text));
    reached.result("zoneinfo", &read::zoneinfo(&text));
}

/// Read as of every kernel.
///
/// # Panics
/// When a line that was read is printed otherwise.
pub(crate) fn kmem(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let text = text(bytes);
    for kernel in Profile::ALL
        .iter()
        .filter_map(|profile| KmemKernel::of(profile.name()))
    {
        let trace = kmem::read(&text, kernel);
        reached.result("kmem", &trace);
        if let Ok(trace) = trace {
            reached.count("kmem events", trace.lines.total() as usize);
        }
    }
}

pub(crate) fn failure_report(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let text = text(bytes);
    let reports = failure_report::read(&text);
    reached.result("report", &reports);
    if let Ok(reports) = reports {
        reached.count("reports", reports.len());
    }
    let diagnosed = diagnose("a.log", &text, None);
    reached.result("diagnosis", &diagnosed);
    for diagnosis in diagnosed.iter().flatten() {
        reached.kind(&diagnosis.verdict);
    }
}
