//! What a booting kernel prints of its zones, zonelists and totals.

use pfnlab_linux::bootlog;
use pfnlab_mm::boot::fallback_order;
use pfnlab_model::{DumpRegion, Inspect, Pfn, PfnRange};

use super::Facts;
use crate::boot::log::BootedLog;

/// Bytes in a page frame.
const PAGE: u64 = 4096;
/// KiB in a page frame.
const KIB: u64 = 4;

pub(super) fn facts(facts: &mut Facts, log: &BootedLog) {
    let said: Vec<(u32, &str)> = bootlog::messages(log.text()).collect();
    zones(facts, log, &said);
    unavailable(facts, log, &said);
    zonelists(facts, log, &said);
    memory(facts, log, &said);
}

/// Headings say nothing.
fn is_zone_line(said: &str) -> bool {
    let range = said.contains("[mem ") || said.ends_with("empty");
    let zone = said.starts_with("  ") && range && !said.starts_with("   ");
    let node = said.starts_with("  node ") && range;
    let movable = said.starts_with("  Node ") && said.contains(": 0x");
    zone || node || movable || said.starts_with("Initmem setup node ")
}

fn zones(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let Some(start) = said.iter().position(|(_, said)| *said == "Zone ranges:") else {
        return;
    };
    let end = said[start..]
        .iter()
        .rposition(|(_, said)| said.starts_with("Initmem setup node "))
        .map_or(said.len(), |end| start + end + 1);
    let kernel = said[start..end]
        .iter()
        .filter(|(_, said)| is_zone_line(said));
    let kernel: Vec<String> = kernel.map(|(_, said)| (*said).to_owned()).collect();
    let ours = log.booted().zone_ranges();
    let ours = ours.lines().filter(|line| is_zone_line(line));
    let ours: Vec<String> = ours.map(str::to_owned).collect();
    facts.list("zone ranges", &kernel, &ours);
}

fn unavailable(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let is_one =
        |said: &&str| said.starts_with("On node ") && said.ends_with(" in unavailable ranges");
    let kernel = said.iter().map(|(_, said)| *said).filter(is_one);
    let kernel: Vec<String> = kernel.map(str::to_owned).collect();
    if kernel.is_empty() {
        return;
    }
    let holes = log.booted().layout.unavailable(log.machine(), log.config());
    let ours = holes.iter().map(|hole| {
        let (zone, frames) = (hole.zone, hole.frames);
        format!(
            "On node {}, zone {}: {frames} pages in unavailable ranges",
            zone.node, zone.kind
        )
    });
    facts.list("unavailable", &kernel, &ours.collect::<Vec<_>>());
}

fn zonelists(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    // Later lines are of hotplug.
    let built = said.iter().position(|(_, said)| said.starts_with("Built "));
    let before = &said[..built.unwrap_or(said.len())];
    let kernel = before
        .iter()
        .filter(|(_, said)| said.starts_with("Fallback order for Node "));
    let kernel: Vec<String> = kernel.map(|(_, said)| said.trim_end().to_owned()).collect();
    if !kernel.is_empty() {
        let orders = fallback_order(log.machine(), log.profile(), log.config());
        let ours = orders.iter().enumerate().map(|(node, order)| {
            let order: Vec<String> = order.iter().map(ToString::to_string).collect();
            format!("Fallback order for Node {node}: {}", order.join(" "))
                .trim_end()
                .to_owned()
        });
        facts.list("fallback order", &kernel, &ours.collect::<Vec<_>>());
    }
    let Some(built) = built.and_then(|at| said[at].1.strip_prefix("Built ")) else {
        return;
    };
    let total = total_pages(log);
    let types = log.profile().migratetypes(log.config()).len();
    let threshold = log.config().pageblock_order.frames() * types as u64;
    if let Some((count, rest)) = built.split_once(" zonelists, mobility grouping ") {
        facts.add("zonelists", count, online_nodes(log));
        let rest = rest.split_once(".  Total pages: ");
        if let Some(((grouping, pages), total)) = rest.zip(total) {
            let ours = if total < threshold { "off" } else { "on" };
            facts.add("mobility grouping", grouping, ours);
            facts.add("total pages", pages, total);
        }
    }
    let policy = said
        .iter()
        .find_map(|(_, said)| said.strip_prefix("Policy zone: "));
    if let Some(kernel) = policy {
        facts.add("policy zone", kernel, log.booted().layout.policy_zone());
    }
}

/// Nodes with memory or CPUs; the others cannot be online.
fn online_nodes(log: &BootedLog) -> usize {
    super::nodes::online(log).len()
}

/// What the kernel thinks it will manage; `None`: that depends on what was reserved, which the log
/// does not say.
fn total_pages(log: &BootedLog) -> Option<u64> {
    let total = |reserved: &[PfnRange]| -> u64 {
        let layout = &log.booted().layout;
        let zones = layout.estimate(log.profile(), log.config(), reserved);
        zones.iter().map(|(_, frames)| frames).sum()
    };
    match log.replayed().dumps.last() {
        Some(dump) => Some(total(&in_frames(&dump.ours.reserved))),
        None => {
            let all = PfnRange::new(Pfn::default(), log.machine().end())?;
            Some(total(&[])).filter(|none| *none == total(&[all]))
        }
    }
}

/// Reservations in whole frames, each frame once.
fn in_frames(reserved: &[DumpRegion]) -> Vec<PfnRange> {
    let mut end = Pfn::default();
    let frames = reserved.iter().map(|region| {
        let start = Pfn::new(region.range.start / PAGE).max(end);
        end = end.max(Pfn::new(region.range.end.div_ceil(PAGE)));
        PfnRange::new(start, end).unwrap_or_default()
    });
    frames.collect()
}

/// `Memory: 1982908K/2096632K available (16384K kernel code, …, 101472K reserved, …)`
fn memory(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let line = said
        .iter()
        .find_map(|(line, said)| Some((*line, said.strip_prefix("Memory: ")?)));
    let Some((line, said)) = line else { return };
    let amounts = said.split_once('/').map(|(_, rest)| rest);
    let Some((physical, rest)) = amounts.and_then(|rest| rest.split_once("K available")) else {
        return;
    };
    let frames = log.machine().frames();
    facts.add("physical memory in KiB", physical, frames * KIB);
    let reserved = rest
        .split(", ")
        .find_map(|part| part.strip_suffix("K reserved"));
    if let (Some(kernel), true) = (reserved, log.knows_reservations()) {
        let all = log.booted().mm.snapshot().global.totalram_pages;
        let later: u64 = log.given_back().iter().map(|given| given.frames).sum();
        let freed = log
            .script()
            .freed_late
            .iter()
            .filter(|late| late.line < line);
        let before: u64 = freed.map(|late| late.bytes / PAGE).sum();
        facts.add(
            "reserved memory in KiB",
            kernel,
            (frames - (all - later + before)) * KIB,
        );
    }
}
