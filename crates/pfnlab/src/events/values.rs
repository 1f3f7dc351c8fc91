//! What an event must lead to exactly.

use std::collections::{BTreeMap, BTreeSet};

use pfnlab_linux::Untouched;
use pfnlab_mm::{Profile, pressure_threshold};
use pfnlab_model::{CpuId, NodeState, Op, PcpState, Snapshot, ZoneState};

/// Values by path, as in a [`Difference`](pfnlab_linux::Difference).
pub type Values = BTreeMap<String, String>;

/// What follows from how much memory and how many CPUs there are: where zones and nodes are, their
/// marks and reserves, the sizes of per-CPU lists, thresholds, zonelists. A CPU that does not run
/// has nothing: no frames on its lists, no differences.
pub fn values(snapshot: &Snapshot, profile: &Profile) -> Values {
    let mut all = Collector::default();
    all.global(snapshot);
    for node in &snapshot.nodes {
        all.node(node);
    }
    for zone in &snapshot.zones {
        all.zone(zone, snapshot, profile);
    }
    all.0
}

#[derive(Default)]
struct Collector(Values);

/// Puts fields under their names.
macro_rules! put {
    ($all:ident, $at:expr, $from:expr; $($field:ident),* $(,)?) => {
        $($all.0.insert(format!("{}{}", $at, stringify!($field)), format!("{:?}", $from.$field));)*
    };
}

impl Collector {
    fn global(&mut self, snapshot: &Snapshot) {
        put!(self, "global.", snapshot.global;
            totalreserve_pages, totalram_pages, movable_zone, possible_nodes,
            min_free_kbytes, watermark_scale_factor, watermark_boost_factor,
            percpu_pagelist_high_fraction, percpu_pagelist_fraction, lowmem_reserve_ratio);
        for cpu in &snapshot.cpus {
            put!(self, format!("cpus[{}].", cpu.cpu), cpu; online, node);
        }
    }

    fn node(&mut self, node: &NodeState) {
        put!(self, format!("nodes[{}].", node.node), node;
            start, spanned, present, totalreserve_pages, distance, zonelist, zonelist_this_node);
    }

    fn zone(&mut self, zone: &ZoneState, snapshot: &Snapshot, profile: &Profile) {
        let at = path_of(zone);
        put!(self, at, zone;
            start, spanned, present, managed, pageset_high_min, pageset_high_max, pageset_batch,
            dirty_balance_reserve, percpu_drift_mark, isolated_pageblocks, lowmem_reserve);
        put!(self, format!("{at}watermarks."), zone.watermarks; min, low, high, promo);
        for (pcp, cpu) in zone.pcp.iter().zip(&snapshot.cpus) {
            let at = pcp_path(zone, pcp.cpu);
            put!(self, at, pcp; batch, high_min, high_max, stat_threshold);
            // A high mark that floats is not an event's.
            if !profile.tunes_pcp() {
                put!(self, at, pcp; high);
            }
            if !cpu.online {
                self.nothing_left(&at, pcp);
            }
        }
    }

    fn nothing_left(&mut self, at: &str, pcp: &PcpState) {
        put!(self, at, pcp; count, vm_stat_diff);
    }
}

fn path_of(zone: &ZoneState) -> String {
    format!("zones[{}.{}].", zone.id.node, zone.id.kind)
}

fn pcp_path(zone: &ZoneState, cpu: CpuId) -> String {
    format!("{}pcp[{cpu}].", path_of(zone))
}

/// The thresholds that differ because the background reclaimer awoke or fell asleep
/// (`set_pgdat_percpu_threshold`): while it is awake they follow from the watermarks, those before
/// the event or those after it. That is its work, not the event's.
pub(super) fn pressed(before: &Snapshot, after: &Snapshot) -> BTreeSet<String> {
    let online = after.cpus.iter().filter(|cpu| cpu.online).count() as u64;
    let mut paths = BTreeSet::new();
    for (zone, earlier) in after.zones.iter().zip(&before.zones) {
        let narrowed = [zone, earlier].map(|zone| pressure_threshold(online, &zone.watermarks));
        let pressed = zone.percpu_drift_mark != 0;
        for (pcp, was) in zone.pcp.iter().zip(&earlier.pcp).filter(|_| pressed) {
            let thresholds = [pcp.stat_threshold, was.stat_threshold];
            if thresholds
                .iter()
                .any(|threshold| narrowed.contains(threshold))
            {
                paths.insert(format!("{}stat_threshold", pcp_path(zone, pcp.cpu)));
            }
        }
    }
    paths
}

/// What a snapshot does not hold: memory sections, the states of nodes.
pub(super) fn add_untouched(values: &mut Values, snapshot: &Snapshot, untouched: &Untouched) {
    for (at, section) in untouched.sections().into_iter().enumerate() {
        values.insert(format!("sections[{at}]"), section);
    }
    for node in &snapshot.nodes {
        let states = untouched.node_states(node.node).join(" ");
        values.insert(format!("nodes[{}].states", node.node), states);
    }
}

/// What an operation does to the states of nodes.
pub(super) fn move_states(values: &mut Values, after: &Snapshot, profile: &Profile, op: &Op) {
    let (Op::CpuOffline { cpu } | Op::CpuOnline { cpu }) = *op else {
        return;
    };
    let Some(node) = after.cpus.get(cpu.index()).map(|state| state.node) else {
        return;
    };
    let Some(states) = values.get_mut(&format!("nodes[{node}].states")) else {
        return;
    };
    let left = after.cpus.iter().any(|cpu| cpu.online && cpu.node == node);
    let has = states.split(' ').any(|state| state == CPU);
    match *op {
        Op::CpuOnline { .. } if !has => *states = format!("{states} {CPU}"),
        Op::CpuOffline { .. } if has && !left && profile.forgets_nodes_without_cpus() => {
            *states = states.replace(&format!(" {CPU}"), "");
        }
        _ => {}
    }
}

/// The state of a node that has a CPU (`N_CPU`).
const CPU: &str = "cpu";
