//! What `mminit_loglevel=4` prints: the flags word, the frames of every zone, the zonelists.

use pfnlab_mm::descriptor::{FlagNumbers, FlagOptions, FlagsLayout, LayoutReport, LayoutSpec};
use pfnlab_model::{Inspect, NodeState, ZoneId, ZoneKind};

use super::Facts;
use crate::boot::log::BootedLog;

/// Flags only some builds have; the recorded ones have none of them.
const PLAIN: FlagOptions = FlagOptions {
    uncached: false,
    memory_failure: false,
    idle_tracking: false,
    ..FlagOptions::X86_64
};

pub(super) fn facts(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    registered(facts, log, said);
    flags_word(facts, log, said);
    let ours = log.booted().layout.zones.iter().filter(|z| z.present > 0);
    let ours = ours.map(|zone| {
        let kind = log.config().zone_index(zone.id.kind).unwrap_or_default();
        let (node, start, end) = (zone.id.node, zone.span.start(), zone.span.end());
        let (start, end) = (start.get(), end.get());
        format!("Initialising map node {node} zone {kind} pfns {start} -> {end}")
    });
    all(facts, said, "memmap_init ", &ours.collect::<Vec<_>>());
    let snapshot = log.booted().mm.snapshot();
    let ours: Vec<String> = snapshot.nodes.iter().flat_map(zonelists).collect();
    all(facts, said, "zonelist ", &ours);
}

/// One fact for every line of the kernel's or ours, if the kernel printed any.
fn all(facts: &mut Facts, said: &[(u32, &str)], what: &str, ours: &[String]) {
    let kernel: Vec<String> = lines(said, what).map(str::to_owned).collect();
    if !kernel.is_empty() {
        facts.list(&format!("mminit {}", what.trim_end()), &kernel, ours);
    }
}

fn lines<'a>(said: &'a [(u32, &'a str)], what: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = said
        .iter()
        .filter_map(|(_, said)| said.strip_prefix("mminit::"));
    lines.filter_map(move |line| Some(line.strip_prefix(what)?.trim_end()))
}

/// What the list of nodes was told (2.6.37).
fn registered(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let policy = log.profile().memblock();
    // The build has 16 nodes, as the flags word shows.
    let nodes = 1 << nodes_shift(said).unwrap_or(4);
    let Some((map, told)) = log.replayed().early_node_map(policy, nodes) else {
        return;
    };
    let ours = told.iter().map(|(range, before)| {
        let (start, end) = (range.frames.start().get(), range.frames.end().get());
        let (node, capacity) = (range.node, map.capacity());
        format!(
            "Entering add_active_range({node}, {start:#x}, {end:#x}) {before} entries of \
             {capacity} used"
        )
    });
    all(facts, said, "memory_register ", &ours.collect::<Vec<_>>());
    let count = said.iter().find_map(|(_, said)| {
        said.strip_prefix("early_node_map[")?
            .strip_suffix("] active PFN ranges")
    });
    if let Some(kernel) = count {
        facts.add("entries of the node map", kernel, map.ranges().len());
    }
}

/// How the kernel was built is taken from its lines: bits of a node number. Everything else
/// follows.
fn flags_word(facts: &mut Facts, log: &BootedLog, said: &[(u32, &str)]) {
    let kernel: Vec<String> = lines(said, "pageflags_layout_")
        .map(str::to_owned)
        .collect();
    let Some(nodes_shift) = nodes_shift(said) else {
        return;
    };
    let era = log.profile().descriptor();
    let options = FlagOptions {
        arch_2: era.arch_2_on_64_bit(),
        ..PLAIN
    };
    let layout = FlagsLayout::new(LayoutSpec {
        flags: FlagNumbers::new(era, options).count(),
        zones: log.config().zones.len() as u32,
        nodes_shift,
        ..LayoutSpec::X86_64
    });
    let ours = layout.map_or(String::new(), |layout| {
        let form = era.report();
        let layout = &layout;
        LayoutReport { layout, form }.to_string()
    });
    let ours = ours
        .lines()
        .filter_map(|line| line.strip_prefix("mminit::pageflags_layout_"));
    let ours: Vec<String> = ours.map(str::to_owned).collect();
    facts.list("flags word", &kernel, &ours);
}

fn nodes_shift(said: &[(u32, &str)]) -> Option<u32> {
    let line = lines(said, "pageflags_layout_shifts ").next()?;
    let (_, rest) = line.split_once(" Node ")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// `general 0:DMA32 = 0:DMA32 0:DMA 1:DMA32`: for every zone with memory the zones that are asked
/// on its behalf.
fn zonelists(node: &NodeState) -> Vec<String> {
    let name = |zone: &ZoneId| format!("{}:{}", zone.node, zone.kind);
    let lists = [
        ("general", &node.zonelist),
        ("thisnode", &node.zonelist_this_node),
    ];
    let mut kinds: Vec<ZoneKind> = node
        .zonelist_this_node
        .iter()
        .map(|zone| zone.kind)
        .collect();
    kinds.sort_unstable();
    let line = |(which, list): (&str, &Vec<ZoneId>)| {
        let lines = kinds.iter().map(|kind| {
            let asked = list.iter().filter(|zone| zone.kind <= *kind).map(name);
            let asked: Vec<String> = asked.collect();
            format!("{which} {}:{kind} = {}", node.node, asked.join(" "))
        });
        lines.collect::<Vec<_>>()
    };
    lists.into_iter().flat_map(line).collect()
}
