//! A recorded state becomes a [`Snapshot`]: numbers get their types, and whatever a recording says
//! twice is compared.
//!
//! What a kernel does not have is 0: on 6.1 a per-CPU list has no `high_min`, `high_max`, `flags`,
//! `alloc_factor` and `free_count`, on 6.12 no `free_factor`. The one `pageset_high` of 6.1 is
//! both the least and the most.

use pfnlab_model::{
    CpuState, GlobalState, MigrateType, NodeState, Order, SNAPSHOT_FORMAT, Snapshot, ZoneId,
    ZoneKind, ZoneStat,
};

use super::super::SnapshotProblem;
use super::super::kernel::Kernel;
use super::json;
use super::number::{cpu_id, node_id, once, pfn};

/// The version of the layout that is understood.
const FORMAT: u32 = 1;

type Result<T, E = SnapshotProblem> = std::result::Result<T, E>;
/// A problem and the part of the snapshot it is in.
pub(super) type Placed = (String, SnapshotProblem);

pub(super) fn snapshot(state: json::State) -> Result<(&'static Kernel, Snapshot), Placed> {
    let kernel = kernel(&state).map_err(at("the beginning"))?;
    let build = Build {
        kernel,
        stats: zone_stats(&state).map_err(at("zones[0].vm_stat"))?,
    };
    let mut cpus = each(state.cpus, "cpus", cpu_state)?;
    cpus.sort_by_key(|cpu| cpu.cpu);
    let mut nodes = each(state.nodes, "nodes", |node| build.node(node))?;
    nodes.sort_by_key(|node| node.node);
    let mut zones = Vec::new();
    for (position, zone) in state.zones.into_iter().enumerate() {
        zones.push(build.zone(zone, &format!("zones[{position}]"))?);
    }
    zones.sort_by_key(|zone| zone.id);
    once(&cpus, "a CPU", |cpu| cpu.cpu).map_err(at("cpus"))?;
    once(&nodes, "a node", |node| node.node).map_err(at("nodes"))?;
    once(&zones, "a zone", |zone| zone.id).map_err(at("zones"))?;
    let snapshot = Snapshot {
        format: SNAPSHOT_FORMAT,
        profile: kernel.profile.to_owned(),
        global: build.global(state.global).map_err(at("global"))?,
        cpus,
        nodes,
        zones,
    };
    Ok((kernel, snapshot))
}

/// The kernel, if it is one we know, built as we know it.
fn kernel(state: &json::State) -> Result<&'static Kernel> {
    if state.format != FORMAT {
        return Err(SnapshotProblem::Format(state.format));
    }
    let kernel = Kernel::by_name(&state.kernel)
        .ok_or_else(|| SnapshotProblem::Kernel(state.kernel.clone()))?;
    let (zones, types) = (state.global.max_nr_zones, state.global.migrate_types);
    for (name, value, known) in [
        ("max_nr_zones", zones, kernel.zones.len() as u64),
        ("migrate_types", types, kernel.migratetypes.len() as u64),
    ] {
        if value != known {
            return Err(SnapshotProblem::Build { name, value, known });
        }
    }
    Ok(kernel)
}

/// The counters, in the order of the first zone.
fn zone_stats(state: &json::State) -> Result<Vec<ZoneStat>> {
    let first = state
        .zones
        .first()
        .ok_or(SnapshotProblem::Missing { name: "every zone" })?;
    let names = first.vm_stat.0.iter().map(|(name, _)| name);
    let mut stats = Vec::new();
    for name in names {
        let known = ZoneStat::ALL.iter().find(|stat| stat.symbol() == name);
        let stat = *known.ok_or_else(|| SnapshotProblem::ZoneStat(name.clone()))?;
        if stats.contains(&stat) {
            return Err(SnapshotProblem::Twice {
                name: stat.symbol(),
            });
        }
        stats.push(stat);
    }
    match stats.contains(&ZoneStat::FreePages) {
        true => Ok(stats),
        false => Err(SnapshotProblem::Missing {
            name: ZoneStat::FreePages.symbol(),
        }),
    }
}

fn cpu_state(cpu: json::Cpu) -> Result<CpuState> {
    Ok(CpuState {
        cpu: cpu_id(cpu.cpu)?,
        online: cpu.online,
        node: node_id(cpu.node)?,
    })
}

/// How the kernel was built: what the numbers of a snapshot stand for.
pub(super) struct Build {
    pub(super) kernel: &'static Kernel,
    pub(super) stats: Vec<ZoneStat>,
}

impl Build {
    fn global(&self, global: json::Global) -> Result<GlobalState> {
        Ok(GlobalState {
            zone_kinds: self.kernel.zones.to_vec(),
            zone_stats: self.stats.clone(),
            migratetypes: self.kernel.migratetypes.to_vec(),
            top_order: Order::new(global.nr_orders.wrapping_sub(1))?,
            pageblock_order: Order::new(global.pageblock_order)?,
            section_frames: global.pages_per_section,
            possible_nodes: global.nr_node_ids,
            movable_zone: self.zone_kind(global.movable_zone)?,
            mobility_disabled: global.page_group_by_mobility_disabled != 0,
            totalreserve_pages: global.totalreserve_pages,
            totalram_pages: global.totalram_pages,
            min_free_kbytes: global.min_free_kbytes,
            // Nobody wrote: -1.
            user_min_free_kbytes: u64::try_from(global.user_min_free_kbytes).ok(),
            watermark_scale_factor: global.watermark_scale_factor,
            watermark_boost_factor: global.watermark_boost_factor,
            percpu_pagelist_high_fraction: global.percpu_pagelist_high_fraction,
            lowmem_reserve_ratio: global.lowmem_reserve_ratio,
            pcp_batch_scale_max: global.pcp_batch_scale_max,
        })
    }

    fn node(&self, node: json::Node) -> Result<NodeState> {
        let nobody_asked = self.kernel.zones.len() as u64;
        Ok(NodeState {
            node: node_id(node.nid)?,
            start: pfn(node.start_pfn)?,
            spanned: node.spanned_pages,
            present: node.present_pages,
            totalreserve_pages: node.totalreserve_pages,
            kswapd_order: Order::new(node.kswapd_order)?,
            kswapd_highest: if node.kswapd_highest_zoneidx == nobody_asked {
                None
            } else {
                Some(self.zone_kind(node.kswapd_highest_zoneidx)?)
            },
            kswapd_failures: node.kswapd_failures,
            distance: node.distance,
            zonelist: self.zonelist(&node.zonelist_fallback)?,
            zonelist_this_node: self.zonelist(&node.zonelist_nofallback)?,
        })
    }

    fn zonelist(&self, zones: &[(i64, u64)]) -> Result<Vec<ZoneId>> {
        let zones = zones.iter().map(|&(nid, index)| self.zone_id(nid, index));
        zones.collect()
    }

    pub(super) fn zone_id(&self, nid: i64, index: u64) -> Result<ZoneId> {
        Ok(ZoneId {
            node: node_id(nid)?,
            kind: self.zone_kind(index)?,
        })
    }

    fn zone_kind(&self, index: u64) -> Result<ZoneKind> {
        self.kernel.zone(index).ok_or(SnapshotProblem::Zone(index))
    }

    pub(super) fn migratetype(&self, number: u64) -> Result<MigrateType> {
        self.kernel
            .migratetype(number)
            .ok_or_else(|| SnapshotProblem::MigrateType(number.to_string()))
    }
}

fn each<T, U>(
    items: Vec<T>,
    name: &str,
    convert: impl Fn(T) -> Result<U>,
) -> Result<Vec<U>, Placed> {
    let items = items
        .into_iter()
        .enumerate()
        .map(|(position, item)| convert(item).map_err(at(&format!("{name}[{position}]"))));
    items.collect()
}

pub(super) fn at(place: &str) -> impl Fn(SnapshotProblem) -> Placed {
    let place = place.to_owned();
    move |problem| (place.clone(), problem)
}
