//! What is reserved when memory is released (`subtract_memblock_region`, 2.6.37).

use super::Facts;
use crate::boot::log::BootedLog;

/// `Subtract (22 early reservations)`, and a line for each: `  [000009d000-000009efff]`.
pub(super) fn facts(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let heading = said
        .iter()
        .position(|(_, said)| said.starts_with("Subtract ("));
    let Some(heading) = heading else { return };
    let lines = said[heading + 1..].iter().map(|(_, said)| *said);
    let kernel: Vec<String> = lines
        .take_while(|said| said.starts_with("  ["))
        .map(|said| said.trim().to_owned())
        .collect();
    let reserved = log.replayed().memblock.reserved().regions().iter();
    let ours = reserved.map(|region| {
        let (start, last) = (region.range.start, region.range.end.saturating_sub(1));
        format!("[{start:010x}-{last:010x}]")
    });
    facts.list("early reservation", &kernel, &ours.collect::<Vec<_>>());
}
