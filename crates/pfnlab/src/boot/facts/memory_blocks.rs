//! Memory blocks: the sections that are there, and the zone each can be put into.

use std::collections::BTreeMap;

use pfnlab_model::{Machine, NodeId, Pfn, PfnRange, ZoneKind};

use super::{Facts, FactsFile};
use crate::boot::log::BootedLog;

/// Bytes in a page frame.
const PAGE: u64 = 4096;

pub(super) fn facts(facts: &mut Facts, log: &BootedLog, file: &FactsFile) {
    states(facts, log, file);
    let mut lines = file.section("block_size").unwrap_or("").lines();
    let size = lines
        .next()
        .and_then(|size| u64::from_str_radix(size.trim(), 16).ok());
    let Some(frames) = size.map(|size| size / PAGE).filter(|frames| *frames > 0) else {
        return;
    };
    let mut kernel: BTreeMap<u64, String> = BTreeMap::new();
    for line in lines {
        let block = line
            .strip_prefix("memory")
            .and_then(|rest| rest.split_once(' '));
        if let Some((Ok(number), state)) = block.map(|(number, state)| (number.parse(), state)) {
            kernel.insert(number, state.trim().to_owned());
        }
    }
    let ours: BTreeMap<u64, String> = present(log.machine(), frames)
        .into_iter()
        .map(|block| (block, format!("online {}", zone_of(log, block, frames))))
        .collect();
    let mut numbers: Vec<u64> = kernel.keys().chain(ours.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let said = |all: &BTreeMap<u64, String>| all.get(&number).cloned().unwrap_or_default();
        facts.add(format!("memory block {number}"), said(&kernel), said(&ours));
    }
}

/// `memory0 state=online`, where memory can be taken out with ` zones=none`: blocks of one section.
fn states(facts: &mut Facts, log: &BootedLog, file: &FactsFile) {
    let Some(text) = file.section("memblocks") else {
        return;
    };
    let kernel: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    let frames = log.machine().section_frames();
    let zones = kernel.iter().any(|line| line.contains(" zones="));
    let ours = present(log.machine(), frames).into_iter().map(|block| {
        let zones = match zones {
            true => format!(" zones={}", zone_of(log, block, frames)),
            false => String::new(),
        };
        format!("memory{block} state=online{zones}")
    });
    let mut ours: Vec<String> = ours.collect();
    // As the recorder lists them.
    ours.sort_by_key(|line| kernel.iter().position(|known| known == line));
    facts.list("memory block", &kernel, &ours);
}

/// The runs of so many frames with memory, by number, ascending.
pub(super) fn present(machine: &Machine, frames: u64) -> Vec<u64> {
    let memory = machine.memory().iter();
    let mut numbers: Vec<u64> = memory
        .flat_map(|memory| {
            let (start, end) = (memory.range.start().get(), memory.range.end().get());
            start / frames..end.div_ceil(frames)
        })
        .collect();
    numbers.dedup();
    numbers
}

/// The one zone a block is in, `none` if there are more (`early_node_zone_for_memory_block`).
fn zone_of(log: &BootedLog, block: u64, frames: u64) -> &'static str {
    let range = PfnRange::sized(Pfn::new(block * frames), frames);
    let memory = log.machine().memory().iter();
    let mut nodes: Vec<NodeId> = memory
        .filter(|memory| memory.range.overlaps(range))
        .map(|memory| memory.node)
        .collect();
    nodes.dedup();
    let [node] = nodes[..] else { return "none" };
    let zones = log.booted().layout.zones.iter();
    let kinds: Vec<ZoneKind> = zones
        .filter(|zone| zone.id.node == node && zone.present > 0 && zone.span.overlaps(range))
        .map(|zone| zone.id.kind)
        .collect();
    match kinds[..] {
        [kind] => kind.name(),
        _ => "none",
    }
}
