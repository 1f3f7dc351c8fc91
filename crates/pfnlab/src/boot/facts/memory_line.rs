//! The line in which a booting kernel says how much memory it has.

use pfnlab_model::Inspect;

use super::Facts;
use crate::boot::log::BootedLog;

/// Bytes in a page frame.
const PAGE: u64 = 4096;
/// KiB in a page frame.
const KIB: u64 = 4;

/// Generations that print the line before any request was met, as those up to 3.8 do.
const PRINTED_FIRST: [&str; 2] = ["linux-4.14", "linux-5.0"];

/// `Memory: 1982908K/2096632K available (16384K kernel code, …, 101472K reserved, 0K cma-reserved)`;
/// up to 3.8 `Memory: 2061624k/2097024k available (1486k kernel code, 452k absent, 34948k reserved, …)`.
pub(super) fn facts(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let line = said
        .iter()
        .find_map(|(line, said)| Some((*line, said.strip_prefix("Memory: ")?)));
    let Some((line, said)) = line else { return };
    let Some((available, rest)) = said.split_once('/') else {
        return;
    };
    let frames = log.machine().frames();
    let spanned = log.machine().end().get();
    let old = rest.split_once("k available");
    let Some((physical, parts)) = old.or_else(|| rest.split_once("K available")) else {
        return;
    };
    // Up to 3.8 the first amount is the end of memory, and holes are told apart.
    let all = if old.is_some() { spanned } else { frames };
    facts.add("physical memory in KiB", physical, all * KIB);
    let part = |name: &str| {
        let mut parts = parts.split(", ");
        let with_unit = parts.find_map(|part| part.trim_end_matches(')').strip_suffix(name));
        with_unit.map(|part| {
            part.trim_start_matches(" (")
                .trim_end_matches(['k', 'K', ' '])
        })
    };
    if let Some(kernel) = part(" absent") {
        facts.add("absent memory in KiB", kernel, (spanned - frames) * KIB);
    }
    if !log.knows_reservations() {
        return;
    }
    let total = log.booted().mm.snapshot().global.totalram_pages;
    let contiguous: u64 = log.contiguous().iter().map(|area| area.frames()).sum();
    let later: u64 = log.given_back().iter().map(|given| given.frames).sum();
    let late = log
        .script()
        .freed_late
        .iter()
        .filter(|late| late.line < line);
    let before: u64 = late.map(|late| late.bytes / PAGE).sum();
    let free = total - contiguous - later + before;
    if let Some(kernel) = part(" reserved") {
        let ours = (frames - free - contiguous) * KIB;
        facts.add("reserved memory in KiB", kernel, ours);
    }
    if let Some(kernel) = part(" cma-reserved") {
        facts.add("contiguous memory in KiB", kernel, contiguous * KIB);
    }
    if old.is_some() || PRINTED_FIRST.contains(&log.profile().generation().name()) {
        let available = available.trim_end_matches(['k', 'K']);
        facts.add("available memory in KiB", available, free * KIB);
    }
}
