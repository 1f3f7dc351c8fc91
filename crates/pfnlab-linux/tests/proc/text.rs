//! Reads a kernel's `/proc` text back into a snapshot.

use pfnlab_linux::read_snapshot;
use pfnlab_model::{
    CpuId, CpuState, FreeListState, MigrateType, NodeId, Order, PageblockState, PcpState, Pfn,
    Snapshot, ZoneId, ZoneKind, ZoneStat, ZoneState,
};

/// `/proc/zoneinfo` without what a snapshot does not hold: the statistics of nodes, and who
/// allocated on which node.
pub(crate) fn zone_part(zoneinfo: &str) -> String {
    let mut of_node = false;
    let mut ours = String::new();
    for line in zoneinfo.lines() {
        of_node = line == "  per-node stats" || of_node && !line.starts_with("  pages free");
        if !of_node && !line.starts_with("      numa_") {
            ours.push_str(line);
            ours.push('\n');
        }
    }
    ours
}

/// A snapshot with the numbers of `zoneinfo` and `pagetypeinfo`.
pub(crate) fn snapshot(profile: &str, zoneinfo: &str, pagetypeinfo: &str) -> Snapshot {
    let mut snapshot = read_snapshot(super::fixture("6.12-m9", "state.json.gz")).unwrap();
    snapshot.profile = profile.to_owned();
    snapshot.global.zone_stats.clear();
    snapshot.cpus.clear();
    let node = snapshot.nodes[0].clone();
    snapshot.nodes.clear();
    let empty = snapshot.zones.pop().unwrap();
    snapshot.zones.clear();
    for part in zoneinfo.split("Node ").skip(1) {
        let zone = zone(part, &empty, &mut snapshot);
        if snapshot.nodes.iter().all(|node| node.node != zone.id.node) {
            let mut node = node.clone();
            node.node = zone.id.node;
            snapshot.nodes.push(node);
        }
        snapshot.zones.push(zone);
    }
    for line in pagetypeinfo
        .lines()
        .filter(|line| line.starts_with("Node "))
    {
        add_blocks(line, &mut snapshot);
    }
    snapshot
}

/// One zone of `/proc/zoneinfo`, from behind its `Node`.
fn zone(part: &str, empty: &ZoneState, snapshot: &mut Snapshot) -> ZoneState {
    let (name, part) = part.split_once('\n').unwrap();
    let mut zone = ZoneState {
        id: zone_id(name),
        ..empty.clone()
    };
    for line in part.lines() {
        let mut words = line.split_whitespace();
        let (key, last) = (words.next().unwrap(), words.next_back());
        let number = || last.unwrap().parse::<u64>().unwrap();
        let small = || number() as u32;
        match key {
            "pages" | "cma" | "node_unreclaimable:" => {}
            "pagesets" => zone.pageblocks = Some(no_blocks()),
            "boost" => zone.boost = number(),
            "min" => zone.watermarks.min = number(),
            "low" => zone.watermarks.low = number(),
            "high" => zone.watermarks.high = number(),
            "promo" => zone.watermarks.promo = number(),
            "spanned" => zone.spanned = number(),
            "present" => zone.present = number(),
            "managed" => zone.managed = number(),
            "start_pfn:" => zone.start = Pfn::new(number()),
            "protection:" => {
                let list = line.split(['(', ')']).nth(1).unwrap();
                let frames = list.split(", ").map(|frames| frames.parse().unwrap());
                zone.lowmem_reserve = frames.collect();
            }
            "cpu:" => {
                let cpu = CpuId(number() as u16);
                zone.pcp.push(no_pages(cpu));
                if snapshot.cpus.iter().all(|known| known.cpu != cpu) {
                    snapshot.cpus.push(CpuState {
                        cpu,
                        online: true,
                        node: NodeId(0),
                    });
                }
            }
            "count:" => zone.pcp.last_mut().unwrap().count = small(),
            "high:" => zone.pcp.last_mut().unwrap().high = small(),
            "batch:" => zone.pcp.last_mut().unwrap().batch = small(),
            "vm" => zone.pcp.last_mut().unwrap().stat_threshold = number() as u8,
            counter => {
                let mut known = ZoneStat::ALL.iter();
                let stat = *known.find(|stat| stat.name() == counter).unwrap();
                let stats = &mut snapshot.global.zone_stats;
                let at = stats.iter().position(|known| *known == stat);
                let at = at.unwrap_or_else(|| {
                    stats.push(stat);
                    stats.len() - 1
                });
                let length = zone.vm_stat.len().max(at + 1);
                zone.vm_stat.resize(length, 0);
                zone.vm_stat[at] = number() as i64;
            }
        }
    }
    zone
}

/// One line of `/proc/pagetypeinfo`: free blocks of a type, or the pageblocks of a zone.
fn add_blocks(line: &str, snapshot: &mut Snapshot) {
    let id = zone_id(line.strip_prefix("Node").unwrap());
    let types = snapshot.global.migratetypes.clone();
    let zone = snapshot
        .zones
        .iter_mut()
        .find(|zone| zone.id == id)
        .unwrap();
    let numbers = |words: &str| -> Vec<u64> {
        let words = words.split_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    };
    if let Some((_, blocks)) = line.split_once(", type ") {
        let name = blocks.split_whitespace().next().unwrap();
        let mt = MigrateType::ALL.into_iter().find(|mt| mt.name() == name);
        for (order, count) in Order::all().zip(numbers(blocks)) {
            zone.free_lists.push(FreeListState {
                order,
                mt: mt.unwrap(),
                pfns: (0..count).map(Pfn::new).collect(),
            });
        }
    } else {
        // Which pageblock has which type is not said; how many have is.
        let counts = numbers(line.split_once(", zone ").unwrap().1);
        let types = types.into_iter().zip(counts);
        let all = types.flat_map(|(mt, count)| (0..count).map(move |_| Some(mt)));
        zone.pageblocks.as_mut().unwrap().types = all.collect();
    }
}

/// `0, zone    DMA32` and whatever follows.
fn zone_id(text: &str) -> ZoneId {
    let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let node = NodeId(words.next().unwrap().parse().unwrap());
    let kind = ZoneKind::from_name(words.nth(1).unwrap()).unwrap();
    ZoneId { node, kind }
}

fn no_blocks() -> PageblockState {
    PageblockState {
        first: Pfn::new(0),
        types: Vec::new(),
        movable: Vec::new(),
        listed: Vec::new(),
    }
}

fn no_pages(cpu: CpuId) -> PcpState {
    PcpState {
        cpu,
        count: 0,
        high: 0,
        batch: 0,
        high_min: 0,
        high_max: 0,
        flags: 0,
        alloc_factor: 0,
        free_factor: 0,
        free_count: 0,
        expire: 0,
        stat_threshold: 0,
        vm_stat_diff: Vec::new(),
        lists: Vec::new(),
    }
}
