//! What people write: traces, machines, scenarios.

use std::path::Path;

use pfnlab::scenario::Scenario;
use pfnlab::{Mm, Trace, TraceFile, kernel, machine};
use pfnlab_check::Case;

use super::text;
use crate::Reached;

/// Larger machines take too long to boot a thousand times a second.
const MOST_FRAMES: u64 = 1 << 16;

/// # Panics
/// When what is printed of a trace is another trace.
pub(crate) fn trace(bytes: &[u8], folder: &Path, reached: &mut Reached) {
    let text = text(bytes);
    let parsed = Trace::parse(&text);
    let shown = parsed.as_ref().map(|parsed| &parsed.trace);
    reached.result("trace", &shown.map_err(|error| &error.message));
    if let Ok(trace) = shown {
        let again = Trace::parse(&trace.to_string());
        let again = again.unwrap_or_else(|error| panic!("{trace}: {}", error.message));
        assert_eq!(*trace, again.trace);
        reached.count("steps", trace.steps.len());
        for step in &trace.steps {
            reached.kind(&step.op);
        }
    }
    reached.result("case", &Case::parse(&text));
    reached.result("file", &TraceFile::parse("a.trace", &text, folder));
}

pub(crate) fn machine(bytes: &[u8], _: &Path, reached: &mut Reached) {
    let machine = machine::parse("a.toml", &text(bytes));
    reached.result("machine", &machine);
    let Ok(machine) = machine else { return };
    reached.count("frames", machine.frames() as usize);
    if machine.frames() > MOST_FRAMES {
        return;
    }
    let (profile, config) = (kernel::profile(None), kernel::config(None));
    let (Ok(profile), Ok(config)) = (profile, config) else {
        unreachable!("there are defaults");
    };
    reached.result("boot", &Mm::boot(&machine, profile, &config));
}

pub(crate) fn scenario(bytes: &[u8], folder: &Path, reached: &mut Reached) {
    let scenario = Scenario::parse("a.toml", &text(bytes), folder);
    reached.result("scenario", &scenario);
}
