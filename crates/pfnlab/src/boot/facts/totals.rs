//! How many frames there are, as a booting kernel reckons: on a node, in a zone, for descriptors.

use pfnlab_mm::boot::{Layout, zeroed_descriptors};
use pfnlab_model::{Inspect, ZoneKind};

use super::Facts;
use crate::boot::log::BootedLog;

pub(super) fn facts(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    nodes_and_zones(facts, log, said);
    zeroed(facts, log, said);
    hash_shift(facts, log, said);
}

/// `On node 0 totalpages: …`, and then for every zone its descriptors, what is reserved below, and
/// what is left (up to 5.0).
fn nodes_and_zones(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let is_one = |said: &&str| {
        said.starts_with("On node ") && said.contains(" totalpages: ")
            || said.starts_with("  ") && said.contains(" zone: ")
    };
    let kernel = said.iter().map(|(_, said)| *said).filter(is_one);
    let kernel: Vec<String> = kernel.map(str::to_owned).collect();
    if kernel.is_empty() || !log.knows_reservations() {
        return;
    }
    let layout = &log.booted().layout;
    let snapshot = log.booted().mm.snapshot();
    let reserved = layout.reserved_low(log.early_reserved());
    let mut ours = Vec::new();
    for node in log.machine().nodes() {
        let frames: u64 = log
            .machine()
            .memory_of(node.id)
            .map(pfnlab_model::PfnRange::frames)
            .sum();
        ours.push(format!("On node {} totalpages: {frames}", node.id));
        let zones = layout.zones.iter().zip(&snapshot.zones);
        let zones = zones.filter(|(zone, _)| zone.id.node == node.id && zone.present > 0);
        for (zone, state) in zones {
            let kind = zone.id.kind;
            let memmap = Layout::memmap_frames(zone, log.profile(), log.config());
            ours.push(format!("  {kind} zone: {memmap} pages used for memmap"));
            if kind == ZoneKind::Dma && reserved > 0 {
                ours.push(format!("  {kind} zone: {reserved} pages reserved"));
            }
            // The batch of a small zone is 0, so its lists are to hold nothing; 1 is used.
            let pcp = state.pcp.first();
            let batch = pcp.map_or(0, |pcp| if pcp.high == 0 { 0 } else { pcp.batch });
            let present = state.present;
            ours.push(format!(
                "  {kind} zone: {present} pages, LIFO batch:{batch}"
            ));
        }
    }
    facts.list("reckoned", &kernel, &ours);
}

/// Descriptors that belong to no memory are cleared (5.0).
fn zeroed(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let kernel = said.iter().find_map(|(_, said)| {
        let pages = said.strip_prefix("Zeroed struct page in unavailable ranges: ")?;
        pages.strip_suffix(" pages")
    });
    if let Some(kernel) = kernel {
        let holes = zeroed_descriptors(log.machine(), log.config());
        facts.add("descriptors of holes", kernel, holes);
    }
}

/// How the node of an address is found (2.6.37).
fn hash_shift(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let kernel = said.iter().find_map(|(_, said)| {
        let shift = said.strip_prefix("NUMA: Using ")?;
        shift.strip_suffix(" for the hash shift.")
    });
    if let Some(kernel) = kernel {
        let shift = log
            .replayed()
            .node_hash()
            .map(|hash| hash.shift().to_string());
        facts.add("hash shift", kernel, shift.unwrap_or_default());
    }
}
