//! What a booting kernel prints of its zones, zonelists and totals.

use pfnlab_linux::bootlog;
use pfnlab_mm::boot::fallback_order;
use pfnlab_model::{Inspect, NodeId, Pfn, PfnRange};

use super::{Facts, memory_line, mminit, reservations, totals};
use crate::boot::log::BootedLog;

pub(super) fn facts(facts: &mut Facts, log: &BootedLog) {
    let said: Vec<(u32, &str)> = bootlog::messages(log.text()).collect();
    zones(facts, log, &said);
    set_up(facts, log, &said);
    unavailable(facts, log, &said);
    zonelists(facts, log, &said);
    mminit::facts(facts, log, &said);
    totals::facts(facts, log, &said);
    reservations::facts(facts, log, &said);
    memory_line::facts(facts, log, &said);
}

/// Headings say nothing.
fn is_zone_line(said: &str) -> bool {
    // Without brackets they are frames (2.6.37).
    let frames = said.starts_with("  ") && said.contains(" -> 0x");
    if frames {
        return true;
    }
    let range = said.contains("[mem ") || said.ends_with("empty");
    let zone = said.starts_with("  ") && range && !said.starts_with("   ");
    let node = said.starts_with("  node ") && range;
    let movable = said.starts_with("  Node ") && said.contains(": 0x");
    zone || node || movable || said.starts_with("Initmem setup node ")
}

fn zones(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let is_heading = |said: &str| said == "Zone ranges:" || said == "Zone PFN ranges:";
    let Some(start) = said.iter().position(|(_, said)| is_heading(said)) else {
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

/// `Initmem setup node …` before there are zones: all of a node, holes included (up to 3.8).
fn set_up(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let zones = said.iter().position(|(_, said)| said.starts_with("Zone "));
    let before = said[..zones.unwrap_or(0)].iter();
    let kernel = before.filter_map(|(_, said)| said.strip_prefix("Initmem setup node "));
    let kernel: Vec<String> = kernel.map(str::to_owned).collect();
    let bare = kernel.iter().any(|line| !line.contains("[mem"));
    let spans = log.replayed().node_spans();
    let ours = spans.iter().map(|(node, bytes)| match bare {
        true => format!("{node} {:016x}-{:016x}", bytes.start, bytes.end),
        false => format!("{node} [mem {:#010x}-{:#010x}]", bytes.start, bytes.end - 1),
    });
    if !kernel.is_empty() {
        facts.list("node set up", &kernel, &ours.collect::<Vec<_>>());
    }
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
    if let Some((count, rest)) = built.split_once(" mobility grouping ") {
        let (count, order) = count.split_once(" zonelists").unwrap_or((count, ""));
        facts.add("zonelists", count, online_nodes(log));
        // ` in Node order,` up to 3.8.
        let order = order.trim_end_matches(',');
        if !order.is_empty() {
            facts.add(
                "zonelist order",
                order,
                format!(" in {} order", list_order(log)),
            );
        }
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

/// `Zone` when a list comes back to a node it had left.
fn list_order(log: &BootedLog) -> &'static str {
    let snapshot = log.booted().mm.snapshot();
    let returns = snapshot.nodes.iter().any(|node| {
        let mut nodes: Vec<NodeId> = node.zonelist.iter().map(|zone| zone.node).collect();
        nodes.dedup();
        let visits = nodes.len();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.len() < visits
    });
    if returns { "Zone" } else { "Node" }
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
    match log.knows_reservations() {
        true => Some(total(log.early_reserved())),
        false => {
            let all = PfnRange::new(Pfn::default(), log.machine().end())?;
            Some(total(&[])).filter(|none| *none == total(&[all]))
        }
    }
}
