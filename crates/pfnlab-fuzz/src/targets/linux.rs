//! What kernels print.

use std::path::Path;

use pfnlab::failure::diagnose;
use pfnlab::import::{Counts, Known, state};
use pfnlab::linux::kmem::{self, KmemKernel};
use pfnlab::linux::proc::{self, read};
use pfnlab::linux::{bootlog, failure_report};
use pfnlab::{Inspect, Mm, Profile, Snapshot, kernel};
use pfnlab_check::machines;

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

/// A machine of 64 MiB after boot.
fn small() -> Snapshot {
    let config = kernel::config(None).expect("there is one");
    let profile = kernel::profile(None).expect("there is one");
    let machine = machines::machine("small", &[(1, &[(0, 64)])]);
    let machine = machine.build().expect("it is one");
    let mm = Mm::boot(&machine, profile, &config).expect("it boots");
    mm.snapshot()
}

/// What `/proc` counts of it.
pub(crate) fn counted() -> Vec<Vec<u8>> {
    let booted = small();
    let zoneinfo = proc::zoneinfo(&booted, &proc::Counters::default());
    let types = proc::pagetypeinfo(&booted);
    vec![
        zoneinfo.clone().into_bytes(),
        format!("{zoneinfo}{types}").into_bytes(),
    ]
}

/// What `/proc/kpageflags` says of it; the first 4096 frames are enough.
pub(crate) fn page_flags() -> Vec<Vec<u8>> {
    let mut flags = proc::kpageflags(&small());
    flags.truncate(8 * 4096);
    vec![flags]
}

/// `/proc/zoneinfo` becomes a state, with `/proc/pagetypeinfo` if that follows it.
///
/// # Panics
/// When a state was made that no allocator can be in.
pub(crate) fn counts(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let text = text(bytes);
    let types = text.find("Page block order");
    let (zoneinfo, types) = text.split_at(types.unwrap_or(text.len()));
    let types = (!types.is_empty()).then_some(("pagetypeinfo", types));
    let counts = Counts::read(("zoneinfo", zoneinfo), None, types);
    reached.result("counts", &counts);
    if let Ok(counts) = counts {
        resume(&counts, &Known::default(), reached);
    }
}

/// Frame by frame, in a small zone.
///
/// # Panics
/// When a state was made that no allocator can be in.
pub(crate) fn kpageflags(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let booted = small();
    let zoneinfo = proc::zoneinfo(&booted, &proc::Counters::default());
    let counts = Counts::read(("zoneinfo", &zoneinfo), None, None);
    let mut counts = counts.expect("what was printed can be read");
    let flags = counts.take_flags("kpageflags", bytes);
    reached.result("kpageflags", &flags);
    if let Ok((known, ledger)) = flags {
        reached.count("free blocks", ledger.blocks as usize);
        reached.count("movable frames", ledger.movable as usize);
        resume(&counts, &known, reached);
    }
}

fn resume(counts: &Counts, known: &Known, reached: &mut Reached) {
    let config = kernel::config(None).expect("there is one");
    let profile = kernel::profile(None).expect("there is one");
    let state = state(counts, profile, &config, known, 1);
    reached.result("state", &state);
    if let Ok(state) = state {
        assert!(Mm::resume(&state).is_ok(), "a state that was checked");
    }
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
    let read = failure_report::read(&text);
    reached.count("reports", read.reports.len());
    reached.count("unreadable reports", read.unreadable.len());
    let diagnosed = diagnose("a.log", &text, None);
    reached.result("diagnosis", &diagnosed);
    for diagnosis in diagnosed.iter().flatten() {
        reached.kind(&diagnosis.verdict);
    }
}
