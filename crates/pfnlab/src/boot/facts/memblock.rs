//! What the boot allocator did: `memblock=debug`.

use pfnlab_mm::boot::Checked;

use super::Facts;
use crate::boot::log::BootedLog;

pub(super) fn facts(facts: &mut Facts, log: &BootedLog) {
    let replayed = log.replayed();
    if let Some(added) = &replayed.added {
        for (at, kernel) in added.kernel.iter().enumerate() {
            let ours = added
                .ours
                .get(at)
                .map_or(String::new(), ToString::to_string);
            facts.add(
                format!("line {}: memory {}", added.line, at + 1),
                kernel,
                ours,
            );
        }
    }
    for answer in &replayed.answers {
        let said = |at: Option<u64>| at.map_or(String::new(), |at| format!("{at:#x}"));
        let Checked { line, kernel, ours } = *answer;
        facts.add(
            format!("line {line}: request met at"),
            said(kernel),
            said(ours),
        );
    }
    for growth in &replayed.growths {
        let said = |growth: Option<pfnlab_mm::boot::memblock::Growth>| {
            growth.map_or(String::new(), |growth| {
                format!("{} {} at {}", growth.list, growth.entries, growth.at)
            })
        };
        let name = format!("line {}: list doubled", growth.line);
        facts.add(name, said(growth.kernel), said(growth.ours));
    }
    // The first says what is reserved, which is taken from it.
    for dump in replayed.dumps.iter().skip(1) {
        let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (kernel, ours) = (dump.kernel.to_string(), dump.ours.to_string());
        let name = format!("line {}: configuration", dump.line);
        facts.list(&name, &lines(kernel), &lines(ours));
    }
    for (line, error) in &replayed.refused {
        facts.add(format!("line {line}: operation"), "done", error);
    }
}
