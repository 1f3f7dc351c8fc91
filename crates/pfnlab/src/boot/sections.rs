//! Memory sections, as a table.

use std::fmt::Write;

use pfnlab_mm::boot::Layout;
use pfnlab_model::{Machine, Pfn, PfnRange};

/// A line for every run of sections that are in the same zones.
pub(super) fn table(machine: &Machine, layout: &Layout) -> String {
    let frames = machine.section_frames();
    let mut text = format!("sections of {} MiB\n", frames * 4 / 1024);
    let mut runs: Vec<(u64, u64, String)> = Vec::new();
    for number in 0..machine.end().get().div_ceil(frames) {
        let here = zones(layout, PfnRange::sized(Pfn::new(number * frames), frames));
        match runs.last_mut() {
            Some((_, last, same)) if *same == here => *last = number,
            _ => runs.push((number, number, here)),
        }
    }
    for (first, last, zones) in runs {
        let _ = writeln!(text, "{first:>6}..={last:<6} {zones}");
    }
    text
}

/// The zones a section is in.
fn zones(layout: &Layout, section: PfnRange) -> String {
    let zones = layout.zones.iter();
    let touched = zones.filter(|zone| zone.memory.iter().any(|memory| memory.overlaps(section)));
    let names: Vec<String> = touched
        .map(|zone| format!("node {} {}", zone.id.node, zone.id.kind))
        .collect();
    if names.is_empty() {
        "absent".to_owned()
    } else {
        names.join(", ")
    }
}
